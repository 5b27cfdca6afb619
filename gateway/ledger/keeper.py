"""Keeps records no longer than they are to be kept: a small step at a time, so that calls are not held up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.ledger.record import Key, Record, Stage
from gateway.ledger.retention import Retention, retain
from gateway.ledger.store import LedgerUnavailableError, Store

STEP: Final = 100
"""Records that one step looks at."""

AT_ONCE: Final = 10
"""Of them, those that one commit takes: each may have a hundred numbers, and several events of each."""

EVENTS_STEP: Final = 1000
"""Events of each account that one step looks at."""

log = structlog.stdlib.get_logger(__name__)


class Keeper:
    """Erases, entombs and forgets what is due."""

    def __init__(self, store: Store, retention: Retention) -> None:
        """Builds a keeper.

        Args:
            store: Holds the records.
            retention: How long they are kept.
        """
        self._store = store
        self._retention = retention
        self._is_dirty = True  # whoever kept it before may not have got round to it

    async def step(self) -> bool:
        """Does one small step. Any replica may, also several at once: each record is judged anew as it is written.

        Returns:
            Whether more may be due.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """
        # Each kind in every step: a steady flow or a failure of one would keep the others from ever being looked at.
        kinds: Sequence[tuple[Callable[[], Awaitable[int]], int]] = (
            (lambda: self._reduce(Stage.WHOLE, self._retention.erase_after), STEP),
            (lambda: self._reduce(Stage.ERASED, self._retention.entomb_after), STEP),
            (self._forget, STEP),
            (lambda: self._store.forget_events(self._retention.entomb_after, EVENTS_STEP), EVENTS_STEP),
        )
        done = [(await _done(keep), most) for keep, most in kinds]
        self._is_dirty |= any(count for count, _ in done)  # also where a part was done before it failed
        for failure, _ in done:
            if isinstance(failure, LedgerUnavailableError):
                raise failure
        more = any(count >= most for count, most in done if isinstance(count, int))
        if self._is_dirty and not more:
            self._is_dirty = not await self._store.scrub()
        return more

    async def _reduce(self, stage: Stage, after: timedelta) -> int:
        """Reduces what is due; returns how many were looked at, or 0 where nothing came of it."""
        keys = await self._store.due(stage, after, STEP)
        reduced = 0
        for begin in range(0, len(keys), AT_ONCE):
            some = keys[begin : begin + AT_ONCE]
            reduced += sum(await asyncio.gather(*(self._is_reduced(key) for key in some)))
        if reduced:
            log.debug("records reduced", count=reduced, stage=stage.name)
        return len(keys) if reduced else 0

    async def _is_reduced(self, key: Key) -> bool:
        """Reduces a record; one that cannot be read stays as it is."""
        try:
            return (await self._store.change(key, self._retained)).is_mine
        except LedgerUnavailableError:
            raise
        except Exception:
            log.exception("bug", account=key.account, request_id=key.request_id)
            return False

    def _retained(self, record: Record | None, now: datetime) -> Record | None:
        return retain(record, self._retention, now)

    async def _forget(self) -> int:
        forgotten = await self._store.forget(self._retention.forget_after, STEP)
        if forgotten:
            log.debug("tombstones forgotten", count=forgotten)
        return forgotten


async def _done(keep: Callable[[], Awaitable[int]]) -> int | LedgerUnavailableError:
    """Does what is due of one kind; where that fails, the next has its turn all the same."""
    try:
        return await keep()
    except LedgerUnavailableError as error:
        return error
    except Exception:
        log.exception("bug")
        return 0
