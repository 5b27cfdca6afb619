"""Many changes in one transaction: lock their rows, apply the changes, write what became of them.

Whatever queues up while one transaction runs becomes the next one: under load a commit is shared by many calls, and a
lone call waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.ledger.postgresql_pool import Connection
from gateway.ledger.postgresql_records import lock, write
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed, LedgerUnavailableError

LARGEST_BATCH: Final = 512

Result = Changed | Exception
"""What a change came to; an exception is a bug of that change."""


@dataclass(frozen=True, slots=True)
class Job:
    """A change that somebody waits for."""

    key: Key
    change: Change
    done: asyncio.Future[Changed]

    def settle(self, result: Result) -> None:
        """Tells whoever waits."""
        if self.done.done():
            return
        if isinstance(result, Exception):
            self.done.set_exception(result)
        else:
            self.done.set_result(result)


class Batcher:
    """Runs one transaction at a time, each with all that has queued up."""

    def __init__(self, commit: Callable[[Sequence[Job]], Awaitable[Sequence[Result]]]) -> None:
        """Builds a batcher.

        Args:
            commit: Makes a batch durable, and says what each of its jobs came to.
        """
        self._commit = commit
        self._jobs: deque[Job] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, key: Key, change: Change) -> Changed:
        """Puts a change into the next batch; returns once that is durable."""
        job = Job(key, change, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name="ledger writer")
        return await job.done

    async def drain(self) -> None:
        """Returns once nothing is queued."""
        if self._runner is not None:
            await self._runner

    async def _run(self) -> None:
        while self._jobs:
            batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), LARGEST_BATCH))]
            for job, result in zip(batch, await self._results(batch), strict=True):
                job.settle(result)

    async def _results(self, batch: Sequence[Job]) -> Sequence[Result]:
        try:
            return await self._commit(batch)
        except LedgerUnavailableError as error:
            return [LedgerUnavailableError(error.cause, in_doubt=error.in_doubt) for _ in batch]
        except Exception as bug:  # noqa: BLE001 - nobody may wait for ever
            return [bug for _ in batch]


async def commit(connection: Connection, batch: Sequence[Job], ahead: timedelta) -> list[Result]:
    """Applies a batch in one transaction; starts it over when another replica has taken one of its new keys.

    All locks are taken in the order of the keys, and before the first insert: replicas never wait in a circle.
    """
    while True:
        transaction = connection.transaction(isolation="read_committed")
        await transaction.start()
        found, now = await lock(connection, {job.key for job in batch})
        results, changed = applied(batch, found, now + ahead)
        if changed and await write(connection, found, changed):
            await transaction.commit()
            return results
        await transaction.rollback()
        if not changed:
            return results


def applied(batch: Sequence[Job], found: Mapping[Key, Record], now: datetime) -> tuple[list[Result], dict[Key, Record]]:
    """Applies changes in their order, each to what the one before made.

    Returns:
        What each came to, and the records that are to be written.
    """
    standing, results = dict(found), list[Result]()
    for job in batch:
        record = standing.get(job.key)
        try:
            changed = job.change(record, now)
        except Exception as bug:  # noqa: BLE001 - a bug of one call must not fail the others of its batch
            results.append(bug)
            continue
        if changed is not None:
            standing[job.key] = changed
        results.append(Changed(changed or record, is_mine=changed is not None))
    return results, {key: record for key, record in standing.items() if record is not found.get(key)}
