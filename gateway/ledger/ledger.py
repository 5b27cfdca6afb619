"""The ledger as the dialer uses it: reserve before a byte leaves, write down what became of it, never forget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.clock import Stopwatch
from gateway.kaleyra.reports import Report
from gateway.ledger import transitions
from gateway.ledger.events import NumberedEvent, Span
from gateway.ledger.guarded_store import GuardedStore
from gateway.ledger.numbering import Numbering
from gateway.ledger.pausing import Pausing
from gateway.ledger.record import Key, Record, hashed
from gateway.ledger.report_keys import ReportKeys
from gateway.ledger.store import Filter, LedgerStartError, LedgerUnavailableError, Store
from gateway.ledger.transitions import Outcome, Wish
from gateway.ledger.waiting import Waiting
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING

READ_WITHIN: Final = 1.0
"""Seconds in which a record is looked for where nothing can be written."""

STALE_STEP: Final = 100
"""Calls that one look at what has gone stale takes."""

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
            on_health: Is told when the store begins to fail, and when it takes writes again.
        """
        self._store = store
        self.guarded = GuardedStore(store, on_health)
        self.pausing = Pausing(lambda: self.guarded.read(self._store.paused()))
        self._report_keys = ReportKeys(lambda token: self.guarded.read(self._store.find_token(token)))
        self._numbering = Numbering(lambda: self.guarded.read(self._store.number_events(), is_telling=False))
        self._waiting = Waiting(lambda keys: self.guarded.read(self._store.find_many(keys)))

    async def open(self) -> None:
        """Opens the store, and gives up on attempts whose owners are known dead.

        Raises:
            LedgerStartError: It cannot be opened.
        """
        await self._store.open()
        try:
            await self.pausing.refresh()
            if self._store.is_alone:
                await self.expire(owners_are_dead=True)
        except LedgerUnavailableError as error:
            await self._store.close()
            raise LedgerStartError(f"it cannot be read or written: {error.cause}") from None

    async def close(self) -> None:
        """Ends what still tries to write, after a moment, and closes the store."""
        self._waiting.stop()
        self._numbering.stop()
        await self.guarded.close()

    async def reserve(self, wish: Wish, age: Stopwatch, *, is_wanted: Callable[[], bool]) -> Reserved | Known | None:
        """Takes the key for an attempt, durably, or finds the record that answers.

        Args:
            wish: What is asked for.
            age: Measures since the request came: only what comes after a free outcome is a new attempt.
            is_wanted: Whether somebody still wants it, asked at the last moment before it is written.

        Returns:
            None when nobody wants it any more, and nothing is recorded.

        Raises:
            LedgerUnavailableError: It is not known to be recorded, and no record can be read that answers; whatever
                was recorded will be released.
        """

        def reserve(record: Record | None, now: datetime) -> Record | None:
            aged = replace(wish, age=timedelta(seconds=age.elapsed()))
            return transitions.reserve(record, aged, now) if is_wanted() else None

        try:
            changed = await self.guarded.change(wish.key, reserve)
        except (Exception, asyncio.CancelledError) as failure:
            # The commit may have succeeded all the same. Nothing was sent for it: it is given back.
            if not isinstance(failure, LedgerUnavailableError) or failure.in_doubt:
                self.release(wish)
            if isinstance(failure, LedgerUnavailableError) and (record := await self._answering(wish)):
                return Known(record)
            raise
        if changed.record is None:
            return None
        return Reserved(changed.record) if changed.is_mine else Known(changed.record)

    async def _answering(self, wish: Wish) -> Record | None:
        """Reads the record that answers a repeat where nothing can be written.

        One of an attempt on its way does not: it may be ours, in doubt, and its end cannot be written either.
        """
        with suppress(LedgerUnavailableError, TimeoutError):
            async with asyncio.timeout(READ_WITHIN):
                record = await self.find(wish.key)
            if record is not None and record.dispatch != DISPATCH_SENDING and not record.is_free:
                return record
        return None

    async def finish(self, reserved: Record, outcome: Outcome) -> Record | None:
        """Writes down what became of an attempt.

        Returns:
            The record as it stands, which may not be what this outcome says; None while the store fails, and then the
            write goes on in the background.
        """
        try:
            return await self._finish(reserved, outcome)
        except LedgerUnavailableError as error:
            log.error("an outcome could not be recorded yet", call_id=reserved.call_id, cause=error.cause)
            self.guarded.keep_trying(lambda: self._finish(reserved, outcome))
            return None
        except asyncio.CancelledError:
            self.guarded.keep_trying(lambda: self._finish(reserved, outcome))
            raise

    def release(self, wish: Wish) -> None:
        """Gives back a reservation for which nothing was sent, as soon as the store takes it."""
        age = Stopwatch()
        self.guarded.keep_trying(lambda: self._release(wish, age))

    async def find(self, key: Key) -> Record | None:
        """Reads the record of a key.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self.guarded.read(self._store.find(key))

    async def find_call(self, account: str, call_id: str) -> Record | None:
        """Reads the record of a call.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self.guarded.read(self._store.find_call(account, call_id))

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        """Reads records, newest first.

        Raises:
            LedgerUnavailableError: They cannot be read.
        """
        return await self.guarded.read(self._store.page(wanted, limit))

    async def report(self, token: str, read: Callable[[], Report]) -> bool:
        """Applies a report, durably.

        Args:
            token: What the report bore.
            read: Reads what it says; only asked where the token is known, since anybody can send a lot to read.

        Returns:
            Whether the token is one of ours.

        Raises:
            LedgerUnavailableError: It is not known to be recorded.
        """
        token_hash = hashed(token.encode())
        key = await self._report_keys.of(token_hash)
        if key is None:
            return False
        told, is_ours = read(), False

        def report(record: Record | None, now: datetime) -> Record | None:
            nonlocal is_ours
            is_ours = record is not None and token_hash in record.token_list()
            return transitions.report(record, token_hash, told, now)

        await self.guarded.change(key, report)
        return is_ours

    async def go_stale(self) -> bool:
        """Notes of some calls that nothing was heard about them in time; returns whether there may be more.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """
        keys = await self.guarded.read(self._store.stale(STALE_STEP))
        await asyncio.gather(*(self.guarded.change(key, transitions.go_stale) for key in keys))
        return len(keys) == STALE_STEP

    async def events(self, account: str, after: int, call_id: str | None, limit: int) -> list[NumberedEvent]:
        """Reads events after a sequence number, of one call or of all of an account, in order.

        Raises:
            LedgerUnavailableError: They cannot be read.
        """
        return await self.guarded.read(self._store.events(account, after, call_id, limit))

    async def span(self, account: str) -> Span:
        """Reads which events of an account are kept.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self.guarded.read(self._store.span(account))

    async def number_events(self) -> int:
        """Sees to it that whatever is committed by now has its sequence number; returns how many got one.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """
        return await self._numbering()

    async def time(self) -> datetime:
        """Reads the clock that records and events are dated by, which may not be this machine's.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self.guarded.read(self._store.time())

    async def end_of(self, record: Record) -> Record:
        """Waits until an attempt that runs elsewhere has ended, and reads what became of it.

        Raises:
            LedgerUnavailableError: It cannot be read any more.
        """
        return await self._waiting.end_of(record)

    @property
    def is_alone(self) -> bool:
        """Whether no other server uses the ledger while it is open."""
        return self._store.is_alone

    async def expire(self, *, owners_are_dead: bool) -> None:
        """Gives up on attempts whose time has passed, or on all of them where their owners are known dead.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """

        def expire(record: Record | None, now: datetime) -> Record | None:
            return transitions.expire(record, now, owner_is_dead=owners_are_dead)

        keys = await self.guarded.read(self._store.sending(overdue_only=not owners_are_dead))
        for changed in await asyncio.gather(*(self.guarded.change(key, expire) for key in keys)):
            if changed.is_mine and changed.record is not None:
                log.warning("nobody can say what became of a call", call_id=changed.record.call_id)

    async def _finish(self, reserved: Record, outcome: Outcome) -> Record | None:
        attempt, owner = reserved.attempt, reserved.owner
        changed = await self.guarded.change(
            reserved.key, lambda record, now: transitions.finish(record, attempt, owner, outcome, now)
        )
        return changed.record

    async def _release(self, wish: Wish, age: Stopwatch) -> None:
        """Gives back a reservation whose commit was in doubt: nothing was sent for it.

        Where there is none, its commit may still be on its way through a broken connection: it is looked for as long
        as it would have been taken for an attempt on its way. A store that is ours alone writes in order: what is not
        there does not come.
        """
        changed = await self.guarded.change(wish.key, lambda record, now: transitions.release(record, wish.owner, now))
        if changed.record is None and not self._store.is_alone and age.elapsed() < wish.send_within.total_seconds():
            raise LedgerUnavailableError("InDoubt")
