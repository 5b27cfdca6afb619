"""`kaleyra-gateway pause` and `resume`: the options that an operator types."""
# ruff: noqa: PLC0415 - a command pays only for what it uses

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from gateway.operator.options import Config, LedgerUrl, Source, one_line


def pause(
    reason: Annotated[str, typer.Option(help="Why, for those who look; kept in the ledger.", metavar="TEXT")],
    *,
    config: Config = None,
    ledger: LedgerUrl = None,
) -> None:
    """Stop dialing, on every replica.

    Within a second every gateway on this ledger refuses new calls with PAUSED, and does so until `resume`, also after
    a restart. Requests that are already recorded are still answered. Where it is paused already, the reason changes.
    """
    from gateway.operator.failures import told
    from gateway.operator.pausing import pause, show

    with told("pause", writes=True):
        source = Source(config, ledger)
        show(asyncio.run(pause(source, one_line("--reason", reason))), source)


def resume(*, config: Config = None, ledger: LedgerUrl = None) -> None:
    """Allow dialing again after a pause, on every replica."""
    from gateway.operator.failures import told
    from gateway.operator.pausing import resume, show

    with told("resume", writes=True):
        source = Source(config, ledger)
        show(asyncio.run(resume(source)), source)
