"""`kaleyra-gateway call`: the options that a person types."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from gateway.caller.exit_status import (
    ACCEPTED,
    INTERRUPTED,
    INVALID,
    NO_NEWS,
    NOT_ANSWERED,
    NOT_SENT,
    REFUSED,
    UNKNOWN,
    WRONG_COMMAND,
)
from gateway.caller.options import PLAYED, Options, Sending, UsageError, server_from, time_from
from gateway.caller.server import LOCAL, Address, Authority, Tls
from gateway.caller.typed import typed

EPILOG: Final = f"""\b
Examples:
  kaleyra-gateway call --to +13236550107 --say "Your appointment is tomorrow." --language en-US
  kaleyra-gateway call --to +13236550107 --to +13236550108 --flow SG_night-duty --retry 2 --interval 20
  kaleyra-gateway call --to +13236550107 --sound 13 --say "Press 1 to confirm." --sound 14 --dry-run
  kaleyra-gateway call --to +13236550107 --say "Are you there?" --retry 2 --wait
  kaleyra-gateway call --file request.json --json

\b
Exit status: {ACCEPTED} accepted (or a good dry run), {WRONG_COMMAND} a wrong command line, {REFUSED} refused by the
provider, {NOT_SENT} not sent, {INVALID} invalid, or of a request_id that another request has, {UNKNOWN} unknown: phones
may ring. With --wait: {ACCEPTED} everybody answered, {NOT_ANSWERED} not everybody, {NO_NEWS} not told how it ended,
{INTERRUPTED} interrupted.
"""

Text = str | None
Number = int | None


def call(
    context: typer.Context,
    to: Annotated[list[str] | None, typer.Option(help="Whom to call; again for more.", metavar="NUMBER")] = None,
    flow: Annotated[Text, typer.Option(help="Connect to this flow.", metavar="ID")] = None,
    _say: Annotated[
        list[str] | None, typer.Option("--say", help="Speak a text; again for more.", metavar="TEXT")
    ] = None,
    _language: Annotated[
        list[str] | None, typer.Option("--language", help="Of the --say before it, such as en-US.", metavar="TAG")
    ] = None,
    _speed: Annotated[
        list[str] | None, typer.Option("--speed", help="Of the --say before it, such as medium.", metavar="RATE")
    ] = None,
    _sound: Annotated[
        list[str] | None, typer.Option("--sound", help="Play a sound; again for more.", metavar="ID")
    ] = None,
    bridge: Annotated[Text, typer.Option(help="The number to call from.", metavar="NUMBER")] = None,
    prefix: Annotated[Text, typer.Option(help="The country code of numbers without +.", metavar="DIGITS")] = None,
    delay: Annotated[Number, typer.Option(help="Start this many seconds later.", metavar="SECONDS")] = None,
    at: Annotated[Text, typer.Option(help="Start then, such as 2026-12-01T09:00:00+01:00.", metavar="TIME")] = None,
    retry: Annotated[Number, typer.Option(help="Redial at most this often.", metavar="COUNT")] = None,
    interval: Annotated[Number, typer.Option(help="Seconds between redials.", metavar="SECONDS")] = None,
    timeout: Annotated[Number, typer.Option(help="The provider's timeout.", metavar="SECONDS")] = None,
    custom: Annotated[Text, typer.Option(help="Your reference at the provider.", metavar="TEXT")] = None,
    dial_before: Annotated[Text, typer.Option(help="Never send later than this.", metavar="TIME")] = None,
    account: Annotated[Text, typer.Option(help="The gateway's account to call with.", metavar="NAME")] = None,
    request_id: Annotated[
        Text, typer.Option(help="Names this wish to call; made up if not given.", metavar="ID")
    ] = None,
    file: Annotated[Text, typer.Option(help="A PlaceCallRequest as JSON; - is standard input.", metavar="FILE")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it and show the form; send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the call to its end. Without effect in a dry run.")
    ] = False,
    server: Address = LOCAL,
    tls: Tls = False,
    ca: Authority = None,
) -> None:
    """Place a call, or show what would be sent."""
    from gateway.caller.placing import place

    line = typed(context)
    try:
        described = Options(
            to=to or (),
            flow=flow,
            played=line.in_order(PLAYED),
            prefix=prefix,
            bridge=bridge,
            delay=delay,
            at=time_from("--at", at),
            retry=retry,
            interval=interval,
            timeout=timeout,
            custom=custom,
        )
        sending = Sending(
            file=file,
            request_id=request_id,
            account=account,
            dial_before=time_from("--dial-before", dial_before),
            dry_run=dry_run,
            as_json=as_json,
            wait=wait,
            server=server_from(server, tls=tls, authority=ca),
        )
        status = place(described, sending, line)
    except UsageError as error:
        typer.echo(f"kaleyra-gateway call: {error}", err=True)
        raise typer.Exit(WRONG_COMMAND) from None
    raise typer.Exit(status)
