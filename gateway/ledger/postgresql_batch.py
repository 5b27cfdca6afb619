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
from typing import Any, Final

from gateway.ledger import rows
from gateway.ledger.postgresql_pool import Connection
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed, LedgerUnavailableError

LARGEST_BATCH: Final = 512

_TYPES: Final = (
    dict.fromkeys(rows.COLUMNS, "text")
    | dict.fromkeys(("attempt", "dispatch"), "integer")
    | dict.fromkeys(rows.FLAGS, "boolean")
    | dict.fromkeys(rows.TIMES, "timestamptz")
    | dict.fromkeys(("request", "request_hash", "error", "reply", "warnings", "resolution"), "bytea")
)
_TABLE: Final = ", ".join(rows.COLUMNS)
_ARRAYS: Final = ", ".join(f"${number}::{_TYPES[name]}[]" for number, name in enumerate(rows.COLUMNS, start=1))
_NEXT: Final = len(rows.COLUMNS) + 1

# The clock is read beside each row, and so after its lock was taken: time never runs backwards in a record.
_LOCK: Final = f"""
    WITH locked AS (
        SELECT {_TABLE} FROM calls
        WHERE (account, request_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        ORDER BY account, request_id
        FOR UPDATE
    )
    SELECT clock_timestamp(), locked.* FROM (SELECT) AS always LEFT JOIN locked ON true
"""  # noqa: S608 - the names of our own fields, as below

_INSERT: Final = f"""
    WITH made AS (
        INSERT INTO calls ({_TABLE}, custom)
        SELECT * FROM unnest({_ARRAYS}, ${_NEXT}::text[])
        ON CONFLICT (account, request_id) DO NOTHING
        RETURNING call_id
    ), numbered AS (
        INSERT INTO call_numbers (account, digits, created, call_id)
        SELECT * FROM unnest(
            ${_NEXT + 1}::text[], ${_NEXT + 2}::text[], ${_NEXT + 3}::timestamptz[], ${_NEXT + 4}::text[]
        )
    )
    SELECT count(*) FROM made
"""  # noqa: S608

_UPDATE: Final = f"""
    UPDATE calls SET {", ".join(f"{name} = given.{name}" for name in rows.COLUMNS)}
    FROM unnest({_ARRAYS}) AS given ({_TABLE})
    WHERE (calls.account, calls.request_id) = (given.account, given.request_id)
"""  # noqa: S608

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
            return [LedgerUnavailableError(error.cause) for _ in batch]
        except Exception as bug:  # noqa: BLE001 - nobody may wait for ever
            return [bug for _ in batch]


async def commit(connection: Connection, batch: Sequence[Job], ahead: timedelta) -> list[Result]:
    """Applies a batch in one transaction; starts it over when another replica has taken one of its new keys.

    All locks are taken in the order of the keys, and before the first insert: replicas never wait in a circle.
    """
    while True:
        transaction = connection.transaction(isolation="read_committed")
        await transaction.start()
        found, now = await _lock(connection, {job.key for job in batch})
        results, changed = applied(batch, found, now + ahead)
        if changed and await _write(connection, found, changed):
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


async def _lock(connection: Connection, keys: set[Key]) -> tuple[dict[Key, Record], datetime]:
    accounts, request_ids = zip(*keys, strict=True)
    read = await connection.fetch(_LOCK, accounts, request_ids)
    found = [rows.record(row[1:], rows.as_it_is) for row in map(tuple, read) if row[1] is not None]
    return {record.key: record for record in found}, max(row[0] for row in read)


async def _write(connection: Connection, found: Mapping[Key, Record], changed: Mapping[Key, Record]) -> bool:
    """Writes records; False when another replica has taken one of the new keys meanwhile."""
    new = [changed[key] for key in sorted(changed) if key not in found]
    if new and await connection.fetchval(_INSERT, *_insertion(new)) < len(new):
        return False
    old = [record for key, record in changed.items() if key in found]
    if old:
        await connection.execute(_UPDATE, *_arrays(old))
    return True


def _insertion(records: Sequence[Record]) -> list[Sequence[Any]]:
    numbers = [
        (record.account, digits, record.created, record.call_id)
        for record in records
        for digits in rows.numbers_of(record)
    ]
    custom = [rows.custom_of(record) for record in records]
    return [*_arrays(records), custom, *_columns(numbers, 4)]


def _arrays(records: Sequence[Record]) -> list[Sequence[Any]]:
    return _columns([rows.values(record, rows.as_it_is) for record in records], len(rows.COLUMNS))


def _columns(table: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    return [[row[column] for row in table] for column in range(width)]
