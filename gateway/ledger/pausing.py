"""Whether an operator has paused dialing: read all the time, and believed for a moment only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from gateway.clock import Stopwatch
from gateway.ledger.store import Pause

PAUSE_IS_FRESH: Final = 1.0
"""Seconds for which what was read of an operator's pause is believed."""

log = structlog.stdlib.get_logger(__name__)


class Pausing:
    """What is known of the pause, by a reader that may fail with LedgerUnavailableError."""

    def __init__(self, read: Callable[[], Awaitable[Pause | None]]) -> None:
        self._read = read
        self._age: Stopwatch | None = None
        self.pause: Pause | None = None
        """The pause as it was last read."""

    @property
    def is_fresh(self) -> bool:
        """Whether what was last read is still believed."""
        return self._age is not None and self._age.elapsed() <= PAUSE_IS_FRESH

    async def current(self) -> Pause | None:
        """The operator's pause, if any, read anew where what is known of it is no longer fresh.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        if not self.is_fresh:
            await self.refresh()
        return self.pause

    async def refresh(self) -> None:
        """Reads it.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        age = Stopwatch()
        pause = await self._read()
        if (pause is None) != (self.pause is None):
            log.warning("dialing is allowed again" if pause is None else "dialing is paused")
        self.pause, self._age = pause, age
