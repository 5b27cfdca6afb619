"""`kaleyra-gateway watch`: the options that a person types."""
# ruff: noqa: PLC0415 - a command pays only for what it uses

from __future__ import annotations

from typing import Annotated, Final

import typer

from gateway.caller.exit_status import (
    ANSWERED,
    INTERRUPTED,
    INVALID,
    NO_NEWS,
    NOT_ANSWERED,
    NOT_SENT,
    REFUSED,
    UNKNOWN,
    WRONG_COMMAND,
)
from gateway.caller.options import Subject, UsageError, server_from
from gateway.caller.server import LOCAL, Address, Authority, Tls
from gateway.caller.typed import typed

MOST: Final = 2**63 - 1

WATCH_EPILOG: Final = f"""\b
Examples:
  kaleyra-gateway watch 01M886X7Z2BZS71WBSBQMZMWQ6
  kaleyra-gateway watch --request-id reminder-8812 --json
  kaleyra-gateway watch --after 0

\b
Exit status: {ANSWERED} everybody answered, {WRONG_COMMAND} a wrong command line, {REFUSED} refused by the provider,
{NOT_SENT} not sent, {INVALID} no such call or account, or its events are not kept, {UNKNOWN} unknown: phones may ring,
{NOT_ANSWERED} not everybody answered, {NO_NEWS} not told how it ended, {INTERRUPTED} interrupted.
"""


def watch(
    context: typer.Context,
    call_id: Annotated[
        str | None, typer.Argument(help="The call; without one, all calls of the account.", metavar="CALL_ID")
    ] = None,
    request_id: Annotated[str | None, typer.Option(help="The call, by its request's id.", metavar="ID")] = None,
    account: Annotated[str | None, typer.Option(help="The account; by default `default`.", metavar="NAME")] = None,
    after: Annotated[
        int | None,
        typer.Option(help="Go on after this event; 0 is before the first.", metavar="SEQUENCE", min=0, max=MOST),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line, for programs.")] = False,
    server: Address = LOCAL,
    tls: Tls = False,
    ca: Authority = None,
) -> None:
    """Follow a call to its end, or all calls until Ctrl-C.

    A call is told from its beginning, all calls from now on. A connection that breaks is made again, and no event is
    missed or told twice.
    """
    from gateway.caller.watching import follow

    line = typed(context)
    try:
        subject = Subject(
            call_id=call_id or "",
            request_id=request_id or "",
            account=account or "",
            after=after,
            is_empty="" in (call_id, request_id),
        )
        status = follow(subject, server_from(server, tls=tls, authority=ca), line, as_json=as_json)
    except UsageError as error:
        typer.echo(f"kaleyra-gateway watch: {error}", err=True)
        raise typer.Exit(WRONG_COMMAND) from None
    raise typer.Exit(status)
