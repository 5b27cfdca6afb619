"""The way to the store: each use of it ends in time, its health is noticed, and what must not be lost is repeated."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import stamina
import structlog

from gateway.ledger.record import Key
from gateway.ledger.store import Change, Changed, LedgerUnavailableError, Store

T = TypeVar("T")

PATIENCE: Final = 8.0
"""Seconds for one use of the store, whatever it does: longer than any store's own."""

LONGEST_PAUSE: Final = timedelta(seconds=2)

LAST_WRITES: Final = 2.0
"""Seconds for what is still to be written when the ledger is closed."""

log = structlog.stdlib.get_logger(__name__)


class GuardedStore:
    """Uses a store, and knows whether it works."""

    def __init__(self, store: Store, on_health: Callable[[bool], None]) -> None:
        """Builds it; nothing is opened.

        Args:
            store: What is used.
            on_health: Is told when the store begins to fail, and when it takes writes again.
        """
        self._store = store
        self._on_health = on_health
        self._stubborn: set[asyncio.Task[None]] = set()
        self.is_healthy = True
        self.on_change: Callable[[], None] = lambda: None
        """Is told of each change that was committed here: there may be something new to tell."""

    async def read(self, work: Awaitable[T], *, is_telling: bool = True) -> T:
        """Does something with the store, and notices when it fails. That it can be read does not make it healthy.

        Args:
            work: What to do.
            is_telling: Whether its failure tells that calls cannot be recorded: numbering waits for other replicas.

        Raises:
            LedgerUnavailableError: It fails, or takes too long.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await work
        except TimeoutError:
            error = LedgerUnavailableError("Timeout")
        except LedgerUnavailableError as failure:
            error = failure
        if is_telling:
            self._turn(healthy=False, cause=error.cause)
        raise error

    async def change(self, key: Key, change: Change) -> Changed:
        """Changes the record of a key, durably.

        Raises:
            LedgerUnavailableError: It is not known to be recorded.
        """
        changed = await self.read(self._store.change(key, change))
        if changed.is_mine:
            self._turn(healthy=True)
            self.on_change()
        return changed

    def keep_trying(self, write: Callable[[], Awaitable[object]]) -> None:
        """Repeats a write until the store takes it: it is safe to repeat, since a transition applies once."""

        async def stubborn() -> None:
            async for attempt in stamina.retry_context(
                on=LedgerUnavailableError, attempts=None, timeout=None, wait_initial=0.1, wait_max=LONGEST_PAUSE
            ):
                with attempt:
                    await write()

        task = asyncio.create_task(stubborn(), name="ledger write")
        self._stubborn.add(task)
        task.add_done_callback(self._stubborn.discard)

    async def settled(self) -> None:
        """Returns once nothing is left to be written."""
        while self._stubborn:
            await asyncio.wait(self._stubborn)

    async def close(self) -> None:
        """Ends what still tries to write, after a moment, and closes the store."""
        if self._stubborn:
            await asyncio.wait(self._stubborn, timeout=LAST_WRITES)
        for task in self._stubborn:
            task.cancel()
        await self._store.close()

    def suspect(self) -> None:
        """Notes that a write takes far too long; the next one that succeeds clears it."""
        self._turn(healthy=False, cause="Slow")

    async def probe(self) -> None:
        """Writes something, to learn whether the store takes writes again."""
        try:
            await self.read(self._store.probe())
        except LedgerUnavailableError:
            return
        self._turn(healthy=True)

    def _turn(self, *, healthy: bool, cause: str = "") -> None:
        if healthy != self.is_healthy:
            self.is_healthy = healthy
            facts = {"cause": cause} if cause else {}
            log.log(logging.INFO if healthy else logging.ERROR, "ledger", works=healthy, **facts)
            self._on_health(healthy)
