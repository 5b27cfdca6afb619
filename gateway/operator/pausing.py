"""`pause` and `resume`: whether anything may be dialed, on every replica and over every restart."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from gateway.ledger.store import Pause
from gateway.operator.opening import opened
from gateway.operator.options import Source
from gateway.operator.sheet import Sheet
from gateway.operator.words import paused, time_of


@dataclass(frozen=True, slots=True)
class Change:
    """A pause before a command, and after it."""

    before: Pause | None
    after: Pause | None


async def pause(source: Source, reason: str) -> Change:
    """Pauses dialing, or changes the reason why it is paused.

    Raises:
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        before = await store.paused()
        await store.pause(reason)
        return Change(before, await store.paused())


async def resume(source: Source) -> Change:
    """Allows dialing.

    Raises:
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        before = await store.paused()
        await store.resume()
        return Change(before, await store.paused())


def show(change: Change, source: Source) -> None:
    """Prints what is now so."""
    sheet = Sheet()
    if change.after is not None:
        _show_pause(sheet, change.before, change.after, source)
    elif change.before is None:
        sheet.heading("Dialing was not paused; nothing changed.")
    else:
        sheet.heading("Dialing is allowed again, on every replica within a second.", "bold green")
        sheet.words(f"It was paused since {time_of(change.before.since)}: {change.before.reason}")


def _show_pause(sheet: Sheet, before: Pause | None, now: Pause, source: Source) -> None:
    sheet.heading(paused(now), "bold yellow")
    if before is None:
        sheet.words(
            "Every replica refuses new calls with PAUSED within a second, also after a restart, and sends nothing that "
            "waits for its connection. What was sent before is seen through: nothing takes it back."
        )
    else:
        sheet.words(f"It was paused before; its reason was: {before.reason}")
    sheet.words("This allows it again:")
    sheet.command(shlex.join(["kaleyra-gateway", "resume", *source.repeated()]))
