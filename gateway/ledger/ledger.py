"""The ledger as the dialer uses it: reserve before a byte leaves, write down what became of it, never forget."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

import stamina
import structlog

from gateway.clock import Stopwatch
from gateway.kaleyra.reports import Report
from gateway.ledger import transitions
from gateway.ledger.events import NumberedEvent, Span
from gateway.ledger.numbering import Numbering
from gateway.ledger.record import Key, Record, hashed
from gateway.ledger.report_keys import ReportKeys
from gateway.ledger.store import Change, Changed, Filter, LedgerStartError, LedgerUnavailableError, Pause, Store
from gateway.ledger.transitions import Outcome, Wish
from gateway.ledger.waiting import Waiting

T = TypeVar("T")

PATIENCE: Final = 8.0
"""Seconds for one use of the store, whatever it does: longer than any store's own."""

LONGEST_PAUSE: Final = timedelta(seconds=2)

LAST_WRITES: Final = 2.0
"""Seconds for what is still to be written when the ledger is closed."""

STALE_STEP: Final = 100
"""Calls that one look at what has gone stale takes."""

PAUSE_IS_FRESH: Final = 1.0
"""Seconds for which what was read of an operator's pause is believed."""

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
        self._on_health = on_health
        self._stubborn: set[asyncio.Task[None]] = set()
        self._report_keys = ReportKeys(lambda token: self._read(self._store.find_token(token)))
        self._numbering = Numbering(lambda: self._read(self._store.number_events(), is_telling=False))
        self._waiting = Waiting(lambda keys: self._read(self._store.find_many(keys)))
        self._pause: Pause | None = None
        self._pause_age: Stopwatch | None = None
        self.is_healthy = True
        self.on_change: Callable[[], None] = lambda: None
        """Is told of each change that was committed here: there may be something new to tell."""

    async def open(self) -> None:
        """Opens the store, and gives up on attempts whose owners are known dead.

        Raises:
            LedgerStartError: It cannot be opened.
        """
        await self._store.open()
        try:
            await self.refresh_pause()
            if self._store.is_alone:
                await self.expire(owners_are_dead=True)
        except LedgerUnavailableError as error:
            await self._store.close()
            raise LedgerStartError(f"it cannot be read or written: {error.cause}") from None

    async def close(self) -> None:
        """Ends what still tries to write, after a moment, and closes the store."""
        self._waiting.stop()
        self._numbering.stop()
        if self._stubborn:
            await asyncio.wait(self._stubborn, timeout=LAST_WRITES)
        for task in self._stubborn:
            task.cancel()
        await self._store.close()

    async def settled(self) -> None:
        """Returns once nothing is left to be written."""
        while self._stubborn:
            await asyncio.wait(self._stubborn)

    async def reserve(self, wish: Wish, age: Stopwatch, *, is_wanted: Callable[[], bool]) -> Reserved | Known | None:
        """Takes the key for an attempt, durably, or finds the record that answers.

        Args:
            wish: What is asked for.
            age: Measures since the request came: only what comes after a free outcome is a new attempt.
            is_wanted: Whether somebody still wants it, asked at the last moment before it is written.

        Returns:
            None when nobody wants it any more, and nothing is recorded.

        Raises:
            LedgerUnavailableError: It is not known to be recorded; whatever was recorded will be released.
        """

        def reserve(record: Record | None, now: datetime) -> Record | None:
            aged = replace(wish, age=timedelta(seconds=age.elapsed()))
            return transitions.reserve(record, aged, now) if is_wanted() else None

        try:
            changed = await self._change(wish.key, reserve)
        except (Exception, asyncio.CancelledError) as failure:
            # The commit may have succeeded all the same. Nothing was sent for it: it is given back.
            if not isinstance(failure, LedgerUnavailableError) or failure.in_doubt:
                self.release(wish)
            raise
        if changed.record is None:
            return None
        return Reserved(changed.record) if changed.is_mine else Known(changed.record)

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
            self._keep_trying(lambda: self._finish(reserved, outcome))
            return None
        except asyncio.CancelledError:
            self._keep_trying(lambda: self._finish(reserved, outcome))
            raise

    def release(self, wish: Wish) -> None:
        """Gives back a reservation for which nothing was sent, as soon as the store takes it."""
        age = Stopwatch()
        self._keep_trying(lambda: self._release(wish, age))

    def suspect(self) -> None:
        """Notes that a write takes far too long; the next one that succeeds clears it."""
        self._turn(healthy=False, cause="Slow")

    async def find(self, key: Key) -> Record | None:
        """Reads the record of a key.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self._read(self._store.find(key))

    async def find_call(self, account: str, call_id: str) -> Record | None:
        """Reads the record of a call.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self._read(self._store.find_call(account, call_id))

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        """Reads records, newest first.

        Raises:
            LedgerUnavailableError: They cannot be read.
        """
        return await self._read(self._store.page(wanted, limit))

    async def report(self, token: str, told: Report) -> bool:
        """Applies a report, durably.

        Args:
            token: What the report bore.
            told: What it says.

        Returns:
            Whether the token is one of ours.

        Raises:
            LedgerUnavailableError: It is not known to be recorded.
        """
        token_hash = hashed(token.encode())
        key = await self._report_keys.of(token_hash)
        is_ours = False

        def report(record: Record | None, now: datetime) -> Record | None:
            nonlocal is_ours
            is_ours = record is not None and token_hash in record.token_list()
            return transitions.report(record, token_hash, told, now)

        if key is not None:
            await self._change(key, report)
        return is_ours

    async def go_stale(self) -> bool:
        """Notes of some calls that nothing was heard about them in time; returns whether there may be more.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """
        keys = await self._read(self._store.stale(STALE_STEP))
        await asyncio.gather(*(self._change(key, transitions.go_stale) for key in keys))
        return len(keys) == STALE_STEP

    async def events(self, account: str, after: int, call_id: str | None, limit: int) -> list[NumberedEvent]:
        """Reads events after a sequence number, of one call or of all of an account, in order.

        Raises:
            LedgerUnavailableError: They cannot be read.
        """
        return await self._read(self._store.events(account, after, call_id, limit))

    async def span(self, account: str) -> Span:
        """Reads which events of an account are kept.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        return await self._read(self._store.span(account))

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
        return await self._read(self._store.time())

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

    @property
    def pause(self) -> Pause | None:
        """The operator's pause as it was last read."""
        return self._pause

    @property
    def knows_pause(self) -> bool:
        """Whether what was last read of a pause is still fresh."""
        return self._pause_age is not None and self._pause_age.elapsed() <= PAUSE_IS_FRESH

    async def current_pause(self) -> Pause | None:
        """The operator's pause, if any, read anew where what is known of it is no longer fresh.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        if not self.knows_pause:
            await self.refresh_pause()
        return self._pause

    async def refresh_pause(self) -> None:
        """Reads whether an operator has paused dialing.

        Raises:
            LedgerUnavailableError: It cannot be read.
        """
        age = Stopwatch()
        pause = await self._read(self._store.paused())
        if (pause is None) != (self._pause is None):
            log.warning("dialing is allowed again" if pause is None else "dialing is paused")
        self._pause, self._pause_age = pause, age

    async def expire(self, *, owners_are_dead: bool) -> None:
        """Gives up on attempts whose time has passed, or on all of them where their owners are known dead.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """

        def expire(record: Record | None, now: datetime) -> Record | None:
            return transitions.expire(record, now, owner_is_dead=owners_are_dead)

        keys = await self._read(self._store.sending(overdue_only=not owners_are_dead))
        for changed in await asyncio.gather(*(self._change(key, expire) for key in keys)):
            if changed.is_mine and changed.record is not None:
                log.warning("nobody can say what became of a call", call_id=changed.record.call_id)

    async def probe(self) -> None:
        """Writes something, to learn whether the store takes writes again."""
        try:
            await self._read(self._store.probe())
        except LedgerUnavailableError:
            return
        self._turn(healthy=True)

    async def _change(self, key: Key, change: Change) -> Changed:
        changed = await self._read(self._store.change(key, change))
        if changed.is_mine:
            self._turn(healthy=True)
            self.on_change()
        return changed

    async def _finish(self, reserved: Record, outcome: Outcome) -> Record | None:
        attempt, owner = reserved.attempt, reserved.owner
        changed = await self._change(
            reserved.key, lambda record, now: transitions.finish(record, attempt, owner, outcome, now)
        )
        return changed.record

    async def _release(self, wish: Wish, age: Stopwatch) -> None:
        """Gives back a reservation whose commit was in doubt: nothing was sent for it.

        Where there is none, its commit may still be on its way through a broken connection: it is looked for as long
        as it would have been taken for an attempt on its way. A store that is ours alone writes in order: what is not
        there does not come.
        """
        changed = await self._change(wish.key, lambda record, now: transitions.release(record, wish.owner, now))
        if changed.record is None and not self._store.is_alone and age.elapsed() < wish.send_within.total_seconds():
            raise LedgerUnavailableError("InDoubt")

    def _keep_trying(self, write: Callable[[], Awaitable[object]]) -> None:
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

    async def _read(self, work: Awaitable[T], *, is_telling: bool = True) -> T:
        """Does something with the store, and notices when it fails. That it can be read does not make it healthy.

        Args:
            work: What to do.
            is_telling: Whether its failure tells that calls cannot be recorded: numbering waits for other replicas.
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

    def _turn(self, *, healthy: bool, cause: str = "") -> None:
        if healthy != self.is_healthy:
            self.is_healthy = healthy
            facts = {"cause": cause} if cause else {}
            log.log(logging.INFO if healthy else logging.ERROR, "ledger", works=healthy, **facts)
            self._on_health(healthy)
