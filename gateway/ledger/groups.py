"""Much work, few commits: whatever has queued up while one group was made durable becomes the next one.

A commit costs about as much for many as for one. While the loop is busy a group waits for what the loop has ready; a
lone call finds it idle, and waits for nobody. Where the work of a group is much, it does not hold the loop: others have
their turns, and what is left after a while is the next group's.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeAlias, TypeVar

from gateway.ledger.store import LedgerUnavailableError

W = TypeVar("W")

LARGEST: Final = 512
TURNS: Final = 12
"""Turns of the loop that a group gathers for. An idle loop takes microseconds for all of them, and a busy one works."""

TURN_EVERY: Final = 0.005
"""Seconds of work after which the loop has a turn: one change of a call to many may take as long."""

LONGEST: Final = 0.1
"""Seconds of work, with turns of the loop, that one commit holds at most: others wait for its locks."""

Result = Any
"""What a piece of work came to: its value, or the exception that is raised to whoever waits for it."""

Commit: TypeAlias = Callable[[Sequence[W]], Awaitable[Sequence[Result]]]
"""Makes a group durable, and says what each piece of its work came to; what it says nothing of was left undone."""


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
        """Returns once nothing is queued; whoever stops waiting for that stops nothing else."""
        if self._runner is not None:
            await asyncio.wait({self._runner})

    async def _run(self) -> None:
        most = LARGEST
        while self._queue:
            if self._in_flight() > 1:
                await _turns()
            group = [self._queue.popleft() for _ in range(min(len(self._queue), most))]
            results = await self._results([work for work, _ in group])
            count = len(results)
            for (_, done), result in zip(group[:count], results, strict=True):
                _settle(done, result)
            self._queue.extendleft(reversed(group[count:]))
            most = min(LARGEST, 2 * most) if count == len(group) else count

    async def _results(self, group: Sequence[W]) -> Sequence[Result]:
        try:
            return await self._commit(group)
        except LedgerUnavailableError as error:
            return [LedgerUnavailableError(error.cause, in_doubt=error.in_doubt) for _ in group]
        except Exception as bug:  # noqa: BLE001 - nobody may wait for ever
            return [bug for _ in group]


class Pace:
    """How far the work of one group goes, from now on."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + LONGEST
        self._next_turn = time.monotonic() + TURN_EVERY

    async def goes_on(self) -> bool:
        """Lets others have their turn when it is time for that; returns whether more of the group is to be done."""
        now = time.monotonic()
        if now >= self._next_turn:
            await asyncio.sleep(0)
            self._next_turn = time.monotonic() + TURN_EVERY
        return now < self._ends


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
