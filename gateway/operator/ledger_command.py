"""`kaleyra-gateway ledger`: the options that an operator types."""
# ruff: noqa: PLC0415 - a command pays only for what it uses

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.operator.exit_status import IN_WORDS
from gateway.operator.options import AsJson, Config, LedgerUrl, Source

ledger_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@ledger_app.callback()
def ledger_group() -> None:
    """Look the ledger over, make the first one, back it up, give room back."""


@ledger_app.command("info", epilog=IN_WORDS)
def ledger_info(*, as_json: AsJson = False, config: Config = None, ledger: LedgerUrl = None) -> None:
    """Show its calls by kind, its size, and a pause.

    Reads the whole ledger, which may take a moment; servers go on.
    """
    from gateway.operator.failures import told
    from gateway.operator.looking_after import info, show_info

    with told("ledger info"):
        show_info(asyncio.run(info(Source(config, ledger))), as_json=as_json)


@ledger_app.command("create", epilog=IN_WORDS)
def ledger_create(*, config: Config = None, ledger: LedgerUrl = None) -> None:
    """Make the first ledger, where `ledger.create` is false.

    Where there is one already, nothing changes. Unless one is named, it is `ledger.db` in the current folder. A
    PostgreSQL database must exist, and hold a ledger or nothing.
    """
    from gateway.operator.creating import create, show_created
    from gateway.operator.failures import told

    with told("ledger create"):
        show_created(asyncio.run(create(Source(config, ledger))))


@ledger_app.command("backup", epilog=IN_WORDS)
def ledger_backup(
    file: Annotated[Path, typer.Argument(help="The copy; nothing is overwritten.", metavar="FILE", show_default=False)],
    *,
    config: Config = None,
    ledger: LedgerUrl = None,
) -> None:
    """Copy a SQLite ledger to a new file, while a server serves from it.

    The copy is one moment of the ledger, checked and on the disk. It holds phone numbers. A PostgreSQL ledger is backed
    up by its own tools.
    """
    from gateway.operator.failures import told
    from gateway.operator.looking_after import backup, show_backup

    with told("ledger backup"):
        asyncio.run(backup(Source(config, ledger), file))
        show_backup(file)


@ledger_app.command("vacuum", epilog=IN_WORDS)
def ledger_vacuum(*, config: Config = None, ledger: LedgerUrl = None) -> None:
    """Give back room that erased calls left, in small steps.

    Servers go on meanwhile. Nothing is vacuumed by itself.
    """
    from gateway.operator.failures import told
    from gateway.operator.looking_after import show_vacuum, vacuum

    with told("ledger vacuum"):
        show_vacuum(*asyncio.run(vacuum(Source(config, ledger))))
