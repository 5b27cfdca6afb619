"""What a serving ledger needs: attempts given up on, a pause noticed, health found again, old records erased."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from gateway.ledger.ledger import Ledger
from gateway.ledger.store import LedgerUnavailableError

T = TypeVar("T")

EVERY: Final = 0.4
"""Seconds between two looks: an operator's pause is noticed within one second."""

SWEEP_EVERY: Final = 1.0
RETENTION_EVERY: Final = 10.0
BREATH: Final = 0.2
"""Seconds between steps while more is due: callers come first."""

log = structlog.stdlib.get_logger(__name__)


class Upkeep:
    """Runs in the background of a serving ledger."""

    def __init__(self, ledger: Ledger, retain: Callable[[], Awaitable[bool]]) -> None:
        """Builds it; nothing runs yet.

        Args:
            ledger: What is kept up.
            retain: Does one small step of retention, and says whether more is due.
        """
        self._ledger = ledger
        self._retain = retain
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins."""
        looks = {
            "pause": self._repeated(EVERY, self._ledger.pausing.refresh),
            "sweep": self._repeated(SWEEP_EVERY, self._sweep),
            "staleness": self._step_by_step(SWEEP_EVERY, self._ledger.go_stale),
            "retention": self._step_by_step(RETENTION_EVERY, self._retain),
        }
        self._tasks = [asyncio.create_task(look, name=f"ledger {name}") for name, look in looks.items()]

    async def stop(self) -> None:
        """Ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        if not self._ledger.guarded.is_healthy:
            await self._ledger.guarded.probe()
        await self._ledger.expire(owners_are_dead=False)

    async def _step_by_step(self, seconds: float, step: Callable[[], Awaitable[bool]]) -> None:
        """Does a little at a time, until nothing is due."""
        while True:
            more = await self._look(step)
            await asyncio.sleep(BREATH if more else seconds)

    async def _repeated(self, seconds: float, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._look(look)

    async def _look(self, look: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await look()
        except LedgerUnavailableError as error:
            log.debug("the ledger cannot be kept up now", cause=error.cause)
        except Exception:
            log.exception("bug")
        return None
