"""The calls that are on their way in this process, each in a task that no caller's cancellation reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from gateway.calls.dialing import Ending
from gateway.ledger.record import Record

CUT_OFF_WITHIN: Final = 2.0
"""Seconds for calls that are cut off to be written down."""


class Running:
    """Tasks by the owner's token of the attempt that each makes."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Ending]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, owner: str, call: Coroutine[Any, Any, Ending]) -> asyncio.Task[Ending]:
        """Runs a call to its end."""
        task = asyncio.create_task(call, name="call")
        self._tasks[owner] = task
        task.add_done_callback(lambda _: self._tasks.pop(owner))
        return task

    async def end_of(self, record: Record) -> Record:
        """Waits for the attempt that a record tells of, if it runs here."""
        task = self._tasks.get(record.owner)
        if task is None:
            return record
        await asyncio.wait({task})
        return record if task.cancelled() else task.result().record or record

    async def drain(self) -> None:
        """Waits for all that run."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def cut_off(self) -> None:
        """Ends all that run, now: what was not sent is not, and what was sent has an unknown outcome."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=CUT_OFF_WITHIN)
