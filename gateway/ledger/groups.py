"""Much work, few commits: whatever has queued up while one group was made durable becomes the next one.

A commit costs about as much for many as for one. While the loop is busy a group waits for what the loop has ready; a
lone call finds it idle, and waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeAlias, TypeVar

from gateway.ledger.store import LedgerUnavailableError

W = TypeVar("W")

LARGEST: Final = 512
TURNS: Final = 12
"""Turns of the loop that a group gathers for. An idle loop takes microseconds for all of them, and a busy one works."""

Result = Any
"""What a piece of work came to: its value, or the exception that is raised to whoever waits for it."""

Commit: TypeAlias = Callable[[Sequence[W]], Awaitable[Sequence[Result]]]
"""Makes a group durable, and says what each piece of its work came to."""


class Groups(Generic[W]):
    """Commits one group at a time."""

    def __init__(
        self, commit: Callable[[Sequence[W]], Awaitable[Sequence[Result]]], in_flight: Callable[[], int]
    ) -> None:
        """Builds it; nothing is queued.

        Args:
            commit: Commits a group.
            in_flight: How many calls are on their way: only then is there company to wait for.
        """
        self._commit = commit
        self._in_flight = in_flight
        self._queue: deque[tuple[W, asyncio.Future[Any]]] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, work: W) -> Any:
        """Puts work into the next group; returns what it came to once that is durable."""
        done = asyncio.get_running_loop().create_future()
        self._queue.append((work, done))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name="ledger writer")
        return await done

    async def drain(self) -> None:
        """Returns once nothing is queued."""
        if self._runner is not None:
            await self._runner

    async def _run(self) -> None:
        while self._queue:
            if self._in_flight() > 1:
                await _turns()
            group = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST))]
            results = await self._results([work for work, _ in group])
            for (_, done), result in zip(group, results, strict=True):
                _settle(done, result)

    async def _results(self, group: Sequence[W]) -> Sequence[Result]:
        try:
            return await self._commit(group)
        except LedgerUnavailableError as error:
            return [LedgerUnavailableError(error.cause, in_doubt=error.in_doubt) for _ in group]
        except Exception as bug:  # noqa: BLE001 - nobody may wait for ever
            return [bug for _ in group]


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _settle(done: asyncio.Future[Any], result: Result) -> None:
    if done.done():
        return  # whoever waited has gone
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
