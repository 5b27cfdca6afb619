"""Hands reports over to the ledger: so many at once, and with a patience that has an end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.kaleyra.reports import Report, ReportKind
from gateway.ledger.store import LedgerUnavailableError
from gateway.receiver.answers import BUSY, FAILED, SLOW, TAKEN, UNAVAILABLE, UNKNOWN_TOKEN, Answer
from gateway.receiver.limits import Limits

Take = Callable[[str, Callable[[], Report]], Awaitable[bool]]
"""Writes down a report by its token, and reads it where that is known; tells so. Raises LedgerUnavailableError."""

log = structlog.stdlib.get_logger(__name__)


class Taking:
    """Takes reports, each in a task of its own: no client that leaves, and no end of patience, cuts a write off."""

    def __init__(self, take: Take, limits: Limits) -> None:
        self._take = take
        self._limits = limits
        self._running: set[asyncio.Task[Answer]] = set()

    async def answer(self, token: str, kind: ReportKind, read: Callable[[], Report]) -> Answer:
        """Takes a report, and says what became of it: only what is written down is TAKEN."""
        if len(self._running) >= self._limits.at_once:
            return BUSY
        task = asyncio.create_task(self._answer(token, kind, read))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({task}, timeout=self._limits.patience)
        return task.result() if done and not task.cancelled() else SLOW

    async def end(self, within: float) -> None:
        """Lets those that run end, and cuts off what has not ended after so many seconds."""
        if self._running:
            _, unfinished = await asyncio.wait(self._running, timeout=within)
            for task in unfinished:
                task.cancel()

    async def _answer(self, token: str, kind: ReportKind, read: Callable[[], Report]) -> Answer:
        try:
            return TAKEN if await self._take(token, read) else UNKNOWN_TOKEN
        except LedgerUnavailableError:
            return UNAVAILABLE
        except Exception:
            log.exception("a report could not be taken", kind=kind.value)
            return FAILED
