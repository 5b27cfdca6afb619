"""Brings events from the ledger to whoever watches: each is read once a replica, however many watch.

A watcher reads the ledger until he is up to date, and from then on is handed what this replica reads. One that does not
keep up is handed nothing more, and goes on from the ledger: memory is bounded, and nothing is missed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from gateway.errors import GatewayError
from gateway.ledger.event_page import PAGE_BYTES
from gateway.ledger.events import NumberedEvent
from gateway.ledger.ledger import Ledger
from gateway.ledger.store import LedgerUnavailableError
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_LEDGER_UNAVAILABLE, ERROR_REASON_OVERLOADED, ErrorReason

PAGE: Final = 100
"""Events read at once; fewer where their requests are large."""

MOST_WAITING: Final = 64
MOST_BYTES_WAITING: Final = PAGE_BYTES
"""Events that wait in memory for one watcher, and what the requests in them take; beyond that he reads the ledger."""

ASK_EVERY: Final = 0.1
"""Seconds between two looks for what other replicas committed, while somebody watches."""

ASK_IDLY: Final = 1.0
"""The same while nobody does: what another replica left without a number gets one. And where there are no other
replicas: only an operator's commands commit beside this one."""

GATHER: Final = 0.005
GATHER_IDLY: Final = 0.1
"""Seconds in which changes gather before they are looked at, while somebody watches, and while nobody does."""

log = structlog.stdlib.get_logger(__name__)


class Subscription:
    """One watcher's way through the events of a call or of an account, in order, without a gap.

    Attributes:
        cursor: The sequence of the last event that was handed out, or from where it began.
    """

    def __init__(self, feed: Feed, ledger: Ledger, account: str, call_id: str | None, cursor: int) -> None:
        self.account: Final = account
        self.call_id: Final = call_id
        self.cursor = cursor
        self._feed = feed
        self._ledger = ledger
        self._waiting: deque[NumberedEvent] = deque()
        self._bytes_waiting = 0
        self._is_behind = True
        self._failure: ErrorReason.ValueType | None = None
        self._news = asyncio.Event()

    @property
    def past(self) -> int:
        """The newest sequence that was handed out, or that is none of this watcher's."""
        if self._is_behind or self._waiting:
            return self.cursor
        return max(self.cursor, self._feed.position(self.account))

    def hand(self, event: NumberedEvent) -> None:
        """Takes a new event, unless the ledger is read anyway."""
        if self._is_behind:
            return
        held = self._bytes_waiting + len(event.request)
        if len(self._waiting) == MOST_WAITING or (self._waiting and held > MOST_BYTES_WAITING):
            self._fall_behind()
        else:
            self._waiting.append(event)
            self._bytes_waiting = held
        self._news.set()

    def fail(self, reason: ErrorReason.ValueType) -> None:
        """Ends it."""
        self._failure = reason
        self._news.set()

    async def next(self, seconds: float | None) -> Sequence[NumberedEvent]:
        """Waits for events, for so many seconds; none when that is over.

        Raises:
            GatewayError: OVERLOADED when the replica drains, LEDGER_UNAVAILABLE when the ledger cannot be read.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (events := await self.ready()):
                    await self._news.wait()
                return events
        return []

    async def ready(self) -> Sequence[NumberedEvent]:
        """Hands out what there is by now, some at a time.

        Raises:
            GatewayError: As for `next`.
        """
        if self._failure is not None:
            raise GatewayError(self._failure)
        if self._is_behind:
            return await self.catch_up()
        self._news.clear()
        events = [event for event in self._waiting if event.sequence > self.cursor]
        self._forget_waiting()
        return self._handed_out(events)

    async def catch_up(self) -> Sequence[NumberedEvent]:
        """Reads from the ledger, some at a time; what comes meanwhile is handed out after it.

        Raises:
            GatewayError: LEDGER_UNAVAILABLE.
        """
        self._is_behind = False  # before it is read: what the feed reads later waits here
        events = None
        try:
            events = await self._ledger.events(self.account, self.cursor, self.call_id, PAGE)
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        finally:
            if events is None or _are_followed(events):
                self._fall_behind()
        return self._handed_out(events)

    def _fall_behind(self) -> None:
        self._forget_waiting()
        self._is_behind = True

    def _forget_waiting(self) -> None:
        self._waiting.clear()
        self._bytes_waiting = 0

    def _handed_out(self, events: Sequence[NumberedEvent]) -> Sequence[NumberedEvent]:
        if events:
            self.cursor = events[-1].sequence
        return events


class Feed:
    """Reads what is new in the ledger, and hands it to those who watch."""

    def __init__(self, ledger: Ledger) -> None:
        """Builds it; nothing is read yet.

        Args:
            ledger: Holds the events.
        """
        self._ledger = ledger
        self._positions: dict[str, int] = {}
        """Of each account that somebody watches: up to where it was handed out."""
        self._watchers: defaultdict[str, set[Subscription]] = defaultdict(set)
        """By account, those who watch all of it; by call id, those who watch a call."""
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._stirred = asyncio.Event()
        self._is_closed = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to read."""
        self._task = asyncio.create_task(self._run(), name="feed")

    def stir(self) -> None:
        """Notes that something may be new."""
        self._stirred.set()

    def close(self) -> None:
        """Ends every stream, and lets no new one begin: the replica drains."""
        self._is_closed = True
        self._fail_all(ERROR_REASON_OVERLOADED)

    async def stop(self) -> None:
        """Ends every stream, and reads no more."""
        self.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def position(self, account: str) -> int:
        """Up to which sequence a watched account was handed out."""
        return self._positions[account]

    @asynccontextmanager
    async def subscription(self, account: str, call_id: str | None, cursor: int | None) -> AsyncIterator[Subscription]:
        """Lets somebody watch until the end of the block.

        Args:
            account: Whose events.
            call_id: Of which call; None for all of the account.
            cursor: From after which sequence; None for from now on.

        Raises:
            GatewayError: OVERLOADED, or LEDGER_UNAVAILABLE.
        """
        if self._is_closed:
            raise GatewayError(ERROR_REASON_OVERLOADED)
        if cursor is None or account not in self._positions:
            newest = await self._newest(account)
            self._positions.setdefault(account, newest)
            cursor = newest if cursor is None else cursor
        watcher = Subscription(self, self._ledger, account, call_id, cursor)
        self._add(watcher)
        try:
            yield watcher
        finally:
            self._remove(watcher)

    async def _newest(self, account: str) -> int:
        """Reads the sequence of the newest event, also of one that was committed a moment ago and had no number yet."""
        try:
            await self._ledger.number_events()
            return (await self._ledger.span(account)).newest
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error

    def _add(self, watcher: Subscription) -> None:
        self._counts[watcher.account] += 1
        self._watchers[watcher.call_id or watcher.account].add(watcher)
        self.stir()
        if self._is_closed:
            watcher.fail(ERROR_REASON_OVERLOADED)

    def _remove(self, watcher: Subscription) -> None:
        watched = watcher.call_id or watcher.account
        self._watchers[watched].discard(watcher)
        if not self._watchers[watched]:
            del self._watchers[watched]
        self._counts[watcher.account] -= 1
        if not self._counts[watcher.account]:
            del self._counts[watcher.account]
            self._positions.pop(watcher.account, None)

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY if self._counts and not self._ledger.is_alone else ASK_IDLY):
                    await self._stirred.wait()
            await asyncio.sleep(GATHER if self._counts else GATHER_IDLY)
            self._stirred.clear()
            try:
                await self._look()
            except LedgerUnavailableError as error:
                log.debug("events cannot be read now", cause=error.cause)
                self._fail_all(ERROR_REASON_LEDGER_UNAVAILABLE)
            except Exception:
                log.exception("bug")

    async def _look(self) -> None:
        await self._number()
        for account in list(self._counts):
            while await self._read(account):
                pass

    async def _number(self) -> None:
        """Numbers what is new; where that takes too long, another replica is at it, or stands still for a moment."""
        try:
            await self._ledger.number_events()
        except LedgerUnavailableError as error:
            log.debug("events cannot be numbered now", cause=error.cause)

    async def _read(self, account: str) -> bool:
        """Reads a page of an account's new events, and hands it out; returns whether there may be more."""
        position = self._positions.get(account)
        if position is None:
            return False
        events = await self._ledger.events(account, position, None, PAGE)
        if self._positions.get(account) != position:
            return False  # whoever watched has gone meanwhile, and others may have come
        for event in events:
            for watched in (account, event.event.call_id):
                for watcher in self._watchers.get(watched, ()):
                    watcher.hand(event)
        if events:
            self._positions[account] = events[-1].sequence
        return _are_followed(events)

    def _fail_all(self, reason: ErrorReason.ValueType) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.fail(reason)


def _are_followed(events: Sequence[NumberedEvent]) -> bool:
    return bool(events) and events[-1].is_followed
