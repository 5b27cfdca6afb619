"""Keeps records no longer than they are to be kept: a small step at a time, so that calls are not held up."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.ledger.record import Record, Stage
from gateway.ledger.retention import Retention, retain
from gateway.ledger.store import Store

STEP: Final = 100
"""Records that one step looks at."""

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
        # Each kind in every step: a steady flow of one kind would keep the others from ever being looked at.
        done = (
            await self._reduce(Stage.WHOLE, self._retention.erase_after),
            await self._reduce(Stage.ERASED, self._retention.entomb_after),
            await self._forget(),
            await self._store.forget_events(self._retention.entomb_after, EVENTS_STEP),
        )
        more = any(count >= most for count, most in zip(done, (STEP, STEP, STEP, EVENTS_STEP), strict=True))
        self._is_dirty |= any(done)
        if self._is_dirty and not more:
            self._is_dirty = not await self._store.scrub()
        return more

    async def _reduce(self, stage: Stage, after: timedelta) -> int:
        keys = await self._store.due(stage, after, STEP)
        changes = await asyncio.gather(*(self._store.change(key, self._retained) for key in keys))
        reduced = sum(changed.is_mine for changed in changes)
        if reduced:
            log.debug("records reduced", count=reduced, stage=stage.name)
        return reduced

    def _retained(self, record: Record | None, now: datetime) -> Record | None:
        return retain(record, self._retention, now)

    async def _forget(self) -> int:
        forgotten = await self._store.forget(self._retention.forget_after, STEP)
        if forgotten:
            log.debug("tombstones forgotten", count=forgotten)
        return forgotten
