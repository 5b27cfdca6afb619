"""The ledger as the dialer uses it: reserve before a byte leaves, write down what became of it, never forget."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import stamina
import structlog

from gateway.ledger import transitions
from gateway.ledger.record import Key, Record
from gateway.ledger.store import LedgerUnavailableError, Store
from gateway.ledger.transitions import Outcome, Wish
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING

T = TypeVar("T")

SWEEP_EVERY: Final = 1.0
POLL_EVERY: Final = 0.1
LONGEST_PAUSE: Final = timedelta(seconds=2)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reserved:
    """The key is taken for an attempt of ours, durably."""

    record: Record


@dataclass(frozen=True, slots=True)
class Known:
    """There is a record, and it answers."""

    record: Record


class Ledger:
    """Applies the transitions to a store, and keeps at it where a write must not be lost."""

    def __init__(self, store: Store, *, on_health: Callable[[bool], None] = lambda _: None) -> None:
        """Builds a ledger; nothing is opened yet.

        Args:
            store: Keeps the records.
            on_health: Is told when the store begins to fail, and when it works again.
        """
        self._store = store
        self._on_health = on_health
        self._healthy = True
        self._stubborn: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, *, alone: bool) -> None:
        """Opens the store, and gives up on attempts whose owners are dead.

        Args:
            alone: Whether no other process can hold an attempt: then every one that is still open has lost its owner.

        Raises:
            LedgerStartError: It cannot be opened.
        """
        await self._store.open()
        if alone:
            for key in await self._store.sending(overdue_only=False):
                await self._store.change(key, lambda record, now: transitions.expire(record, now, owner_is_dead=True))
        self._sweeper = asyncio.create_task(self._sweep(), name="ledger sweep")

    async def close(self) -> None:
        """Stops the sweep, gives open writes a last chance, and closes the store."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in self._stubborn:
            task.cancel()
        await self._store.close()

    async def reserve(self, wish: Wish) -> Reserved | Known:
        """Takes the key for an attempt, durably, or finds the record that answers.

        Raises:
            LedgerUnavailableError: It is not known to be recorded; whatever was recorded will be released.
        """
        try:
            changed = await self._watched(
                self._store.change(wish.key, lambda record, now: transitions.reserve(record, wish, now))
            )
        except LedgerUnavailableError:
            # The commit may have succeeded all the same. Nothing was sent for it: it is given back.
            self._keep_trying(lambda: self._release(wish))
            raise
        if changed.record is None:
            raise LedgerUnavailableError("NoRecord")
        return Reserved(changed.record) if changed.is_mine else Known(changed.record)

    async def finish(self, reserved: Record, outcome: Outcome) -> Record | None:
        """Writes down what became of an attempt.

        Returns:
            The record as it stands, which may not be what this outcome says; None while the store fails, and then the
            write goes on in the background.
        """
        try:
            return await self._watched(self._finish(reserved, outcome))
        except LedgerUnavailableError as error:
            log.error("an outcome could not be recorded yet", call_id=reserved.call_id, cause=error.cause)
            self._keep_trying(lambda: self._finish(reserved, outcome))
            return None

    async def find(self, key: Key) -> Record | None:
        """Reads the record of a key.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self._watched(self._store.find(key))

    async def outcome_of(self, record: Record) -> Record:
        """Waits until an attempt that somebody else runs has ended, and reads what became of it."""
        while record.dispatch == DISPATCH_SENDING:
            await asyncio.sleep(POLL_EVERY)
            found = await self._watched(self._store.find(record.key))
            record = found or record
        return record

    async def _finish(self, reserved: Record, outcome: Outcome) -> Record | None:
        attempt, owner = reserved.attempt, reserved.owner
        changed = await self._store.change(
            reserved.key, lambda record, now: transitions.finish(record, attempt, owner, outcome, now)
        )
        return changed.record

    async def _release(self, wish: Wish) -> None:
        """Gives back a reservation whose commit was in doubt: nothing was sent for it."""
        await self._store.change(wish.key, lambda record, now: transitions.release(record, wish.owner, now))

    def _keep_trying(self, write: Callable[[], Awaitable[object]]) -> None:
        """Repeats a write until the store takes it: it is safe to repeat, since a transition applies once."""

        async def stubborn() -> None:
            async for attempt in stamina.retry_context(
                on=LedgerUnavailableError, attempts=None, timeout=None, wait_initial=0.1, wait_max=LONGEST_PAUSE
            ):
                with attempt:
                    await self._watched(write())

        task = asyncio.create_task(stubborn(), name="ledger write")
        self._stubborn.add(task)
        task.add_done_callback(self._stubborn.discard)

    async def _sweep(self) -> None:
        """Gives up, every second, on attempts whose time has passed."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                for key in await self._watched(self._store.sending(overdue_only=True)):
                    await self._store.change(key, transitions.expire)
            except LedgerUnavailableError as error:
                log.warning("the ledger cannot be swept", cause=error.cause)

    async def _watched(self, work: Awaitable[T]) -> T:
        """Does something with the store, and notices when it begins to fail and when it works again."""
        try:
            result = await work
        except LedgerUnavailableError:
            self._turn(healthy=False)
            raise
        self._turn(healthy=True)
        return result

    def _turn(self, *, healthy: bool) -> None:
        if healthy != self._healthy:
            self._healthy = healthy
            log.log(logging.INFO if healthy else logging.ERROR, "ledger", works=healthy)
            self._on_health(healthy)
