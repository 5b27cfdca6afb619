"""Work that is done one at a time, while so many wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.receiver.answers import Answer


class OneByOne:
    """A queue with an end, in numbers and in time."""

    def __init__(self, most: int, patience: float) -> None:
        """Builds it.

        Args:
            most: How many may be there, the one whose turn it is among them.
            patience: Seconds after which nobody waits any longer.
        """
        self._most = most
        self._patience = patience
        self._there = 0
        self._turn = asyncio.Lock()

    async def answer(self, work: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """Does the work when it is its turn; None where too many wait, or for too long."""
        if self._there >= self._most:
            return None
        self._there += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            return None
        else:
            try:
                return await work()
            finally:
                self._turn.release()
        finally:
            self._there -= 1
