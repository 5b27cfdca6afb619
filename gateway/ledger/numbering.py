"""Has events numbered once at a time: whoever asks while it is done shares the next time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Numbering:
    """Lets many ask, over one connection at a time. What was committed before somebody asked has its number then."""

    def __init__(self, number: Callable[[], Awaitable[int]]) -> None:
        """Builds it.

        Args:
            number: Numbers what is committed by now; returns how many events got a number.
        """
        self._number = number
        self._alone = asyncio.Lock()
        self._next: asyncio.Task[int] | None = None
        self._tasks: set[asyncio.Task[int]] = set()

    async def __call__(self) -> int:
        """Sees to it that whatever is committed by now has its number; returns how many got one.

        Raises:
            LedgerUnavailableError: It cannot be done now.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._once(), name="numbering")
            self._tasks.add(self._next)
            self._next.add_done_callback(self._done)
        return await asyncio.shield(self._next)  # who leaves takes nobody with him

    def stop(self) -> None:
        """Ends what runs or waits to run: the store closes."""
        for task in self._tasks:
            task.cancel()

    async def _once(self) -> int:
        async with self._alone:
            self._next = None  # who comes from now on wants a later one
            return await self._number()

    def _done(self, task: asyncio.Task[int]) -> None:
        """Lets go of it, and looks at an error that everybody who asked has left."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
