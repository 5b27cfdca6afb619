"""`kaleyra-gateway calls`: the options that an operator types."""
# ruff: noqa: PLC0415 - a command pays only for what it uses

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer

from gateway.operator.exit_status import IN_WORDS
from gateway.operator.options import (
    Account,
    AsJson,
    Config,
    DispatchWord,
    Finding,
    LedgerUrl,
    Source,
    account_from,
    custom_from,
    id_from,
    moment_from,
    number_from,
    one_line,
)

MOST: Final = 100_000

_WORDS: Final = "|".join(DispatchWord)

EitherId = Annotated[str, typer.Argument(help="The call's id, or its request's.", metavar="ID", show_default=False)]
AccountOfAnId = Annotated[
    str | None, typer.Option(help="The account; by default any, or `default` for a request id.", metavar="NAME")
]

calls_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@calls_app.callback()
def calls() -> None:
    """List and show calls, and settle unknown outcomes."""


@calls_app.command("list", epilog=IN_WORDS)
def list_calls(
    account: Account = None,
    dispatch: Annotated[
        list[DispatchWord] | None, typer.Option(help="What happened to the phones; again for more.", metavar=_WORDS)
    ] = None,
    number: Annotated[str | None, typer.Option(help="Calls to this number.", metavar="NUMBER")] = None,
    custom: Annotated[str | None, typer.Option(help="Calls that were sent with this `custom`.", metavar="TEXT")] = None,
    since: Annotated[
        str | None, typer.Option(help="Recorded then or later: a time, or how long ago, such as 2h.", metavar="TIME")
    ] = None,
    before: Annotated[str | None, typer.Option(help="Recorded earlier than that.", metavar="TIME")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=MOST, metavar="N")] = 50,
    *,
    as_json: AsJson = False,
    config: Config = None,
    ledger: LedgerUrl = None,
) -> None:
    """List the calls of an account, the newest first.

    Tells no phone numbers and no texts: only how many recipients a call has.
    """
    from gateway.accounts import name_of
    from gateway.clock import utc_now
    from gateway.ledger.store import Filter
    from gateway.operator.failures import told
    from gateway.operator.listing import listed, show
    from gateway.operator.words import DISPATCH_BY_WORD

    with told("calls list"):
        wanted = Filter(
            account=name_of(account_from(account) or ""),
            dispatches=[DISPATCH_BY_WORD[word] for word in dispatch or ()],
            number=number_from(number),
            custom=custom_from(custom),
            after=moment_from("--since", since, utc_now()),
            before=moment_from("--before", before, utc_now()),
        )
        show(asyncio.run(listed(Source(config, ledger), wanted, limit)), wanted.account, as_json=as_json)


@calls_app.command("show", epilog=IN_WORDS)
def show_call(
    either_id: EitherId,
    account: AccountOfAnId = None,
    *,
    numbers: Annotated[bool, typer.Option("--numbers", help="Show phone numbers and texts in full.")] = False,
    as_json: AsJson = False,
    config: Config = None,
    ledger: LedgerUrl = None,
) -> None:
    """Show everything about one call: what happened, and what to do.

    Phone numbers are masked except their last two digits, and texts are hidden, unless --numbers is given.
    """
    from gateway.operator.failures import told
    from gateway.operator.showing import found, show

    with told("calls show"):
        source = Source(config, ledger)
        record = asyncio.run(found(source, id_from(either_id), account_from(account)))
        show(record, source, openly=numbers, as_json=as_json)


@calls_app.command("resolve", epilog=IN_WORDS)
def resolve_call(
    either_id: EitherId,
    finding: Annotated[Finding, typer.Option("--as", help="What the provider did.")],
    note: Annotated[str, typer.Option(help="Who found what, and where; callers can read it.", metavar="TEXT")],
    account: AccountOfAnId = None,
    *,
    config: Config = None,
    ledger: LedgerUrl = None,
) -> None:
    """Record what you found out about an unknown outcome.

    Sends nothing. From then on a repeat of the request is answered with the finding; a late answer or a report of the
    provider still wins over it. `calls show` tells how to find out.
    """
    from gateway.operator.failures import told
    from gateway.operator.resolving import resolved, show

    with told("calls resolve", writes=True):
        words = one_line("--note", note)
        show(asyncio.run(resolved(Source(config, ledger), id_from(either_id), account_from(account), finding, words)))
