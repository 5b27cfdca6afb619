"""`ledger info`, `ledger backup` and `ledger vacuum`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.ledger.record import Stage, timestamp
from gateway.ledger.store import Info
from gateway.operator.opening import opened
from gateway.operator.options import Source
from gateway.operator.sheet import Sheet
from gateway.operator.words import DISPATCH_BY_WORD, WORDS_BY_STAGE, name_of, paused, size_of, time_of
from voicegateway.v1.outbound_call_pb2 import DISPATCH_OUTCOME_UNKNOWN, Dispatch


async def info(source: Source) -> Info:
    """Looks a ledger over.

    Raises:
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        return await store.info()


async def backup(source: Source, target: Path) -> None:
    """Copies a ledger to a new file.

    Raises:
        MaintenanceError: It cannot be done.
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        await store.backup(target)


async def vacuum(source: Source) -> tuple[Info, Info]:
    """Gives free room back; returns how the ledger was before, and is.

    Raises:
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        before = await store.info()
        await store.vacuum()
        return before, await store.info()


def show_info(found: Info, *, as_json: bool) -> None:
    """Prints how a ledger is."""
    if as_json:
        print(json.dumps(_document(found), indent=2))  # noqa: T201
        return
    sheet = Sheet()
    sheet.heading("The ledger")
    sheet.pairs(_facts(found))
    sheet.heading(f"Calls: {sum(found.by_dispatch.values())}")
    sheet.pairs((name_of(each), str(found.by_dispatch.get(each, 0))) for each in DISPATCH_BY_WORD.values())
    sheet.heading("What is kept of them")
    sheet.pairs((words, str(found.by_stage.get(stage, 0))) for stage, words in WORDS_BY_STAGE.items())
    _warn(sheet, found)


def show_backup(target: Path) -> None:
    """Prints where the copy is."""
    sheet = Sheet()
    sheet.heading(f"The ledger was copied to {target} ({size_of(target.stat().st_size)}).")
    sheet.words(
        "A gateway on this copy has forgotten every call that came later, and would dial it again: restore it only "
        "when the ledger itself is lost."
    )


def show_vacuum(before: Info, after: Info) -> None:
    """Prints what was given back."""
    sheet = Sheet()
    if after.size < before.size:
        sheet.heading(f"{size_of(before.size - after.size)} were given back: the ledger has {size_of(after.size)} now.")
    elif after.free is None:
        sheet.heading(f"The ledger was vacuumed: it has {size_of(after.size)}.")
        sheet.words("PostgreSQL uses the freed room again; it passes over tables whose owner is another role.")
    else:
        sheet.heading(f"There was nothing to give back: the ledger has {size_of(after.size)}.")


def _facts(found: Info) -> Iterator[tuple[str, str]]:
    yield "place", found.place
    yield "schema", str(found.schema)
    if found.is_served is not None:
        yield "served", "by a server that runs" if found.is_served else "by no server now"
    yield "size", size_of(found.size)
    yield "free", "" if not found.free else f"{size_of(found.free)}, which `ledger vacuum` gives back"
    yield "oldest call", "" if found.oldest is None else time_of(found.oldest)
    yield "newest call", "" if found.newest is None else time_of(found.newest)


def _warn(sheet: Sheet, found: Info) -> None:
    unknown = found.by_dispatch.get(DISPATCH_OUTCOME_UNKNOWN, 0)
    if unknown or found.overdue or found.pause:
        sheet.heading("What wants attention")
    if found.pause is not None:
        sheet.words(f"{paused(found.pause)}", "yellow")
    if unknown:
        outcome = "outcome is" if unknown == 1 else "outcomes are"
        sheet.words(f"{unknown} {outcome} unknown: `kaleyra-gateway calls list --dispatch unknown` lists them.", "red")
    if found.overdue:
        sheet.words(
            f"{found.overdue} SENDING beyond their time: no server sweeps this ledger, or it cannot write to it.", "red"
        )


def _document(found: Info) -> dict[str, Any]:
    return {
        "place": found.place,
        "schema": found.schema,
        "is_served": found.is_served,
        "size": found.size,
        "free": found.free,
        "calls": {Dispatch.Name(each): found.by_dispatch.get(each, 0) for each in DISPATCH_BY_WORD.values()},
        "stages": {stage.name: found.by_stage.get(stage, 0) for stage in Stage},
        "oldest": _time(found.oldest),
        "newest": _time(found.newest),
        "overdue": found.overdue,
        "pause": found.pause and {"reason": found.pause.reason, "since": _time(found.pause.since)},
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment).ToJsonString()
