"""Writes to a SQLite file in groups: statements run in the loop, and what waits for the disk runs in one thread.

A thread that runs statements hands the interpreter's lock back and forth for each of them, and under load that costs
more than the statements do. A transaction begins in the loop only where no other process holds the file's write lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from gateway.ledger.groups import Groups, Pace, Result
from gateway.ledger.sqlite.file import AT_ONCE, PATIENTLY, connect, name_of
from gateway.ledger.sqlite.identity import FileReplacedError, Identity
from gateway.ledger.store import LedgerUnavailableError

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""Reads and writes within a transaction. It computes what it writes before it writes: a bug leaves nothing behind."""


class Writer:
    """Queues work, does it in groups, and tells of it once it is on the disk."""

    def __init__(self, file: Path, in_flight: Callable[[], int]) -> None:
        """Builds a writer; nothing is opened yet.

        Args:
            file: The database.
            in_flight: How many calls are on their way: under load a commit waits for company.
        """
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-writer")
        self._groups = Groups[Work[Any]](self._commit, in_flight)

    async def submit(self, work: Work[T]) -> T:
        """Does work in the next group; returns once that is on the disk.

        Raises:
            LedgerUnavailableError: It could not be committed.
        """
        result: T = await self._groups.submit(work)
        return result

    async def stop(self) -> None:
        """Finishes what is queued, and closes."""
        await self._groups.drain()
        if self._connection is not None:
            await self._in_thread(self._disconnect)
        self._thread.shutdown()

    async def _in_thread(self, step: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, step)

    async def _commit(self, group: Sequence[Work[Any]]) -> Sequence[Result]:
        connection = self._begun_at_once()
        if connection is None:
            connection = await self._in_thread(self._begun_patiently)
        try:
            results = await _done_in_turns(group, connection)
        except sqlite3.Error as error:
            await self._in_thread(self._roll_back)
            raise LedgerUnavailableError(name_of(error), in_doubt=False) from error
        except asyncio.CancelledError:
            self._roll_back()  # at once: whatever comes next begins anew
            raise
        await self._in_thread(self._conclude)
        return results

    def _begun_at_once(self) -> sqlite3.Connection | None:
        """Begins a transaction, or tells that this may take a while, or fails."""
        if self._connection is None or self._identity is None:
            return None
        try:
            self._identity.check()
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            return None
        return self._connection

    def _begun_patiently(self) -> sqlite3.Connection:
        try:
            if self._connection is None:
                self._connection = _connect_to_write(self._file)
            self._connection.execute(PATIENTLY)
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            finally:
                self._connection.execute(AT_ONCE)  # also after a failure: the next one begins in the loop
            if self._identity is None:
                self._identity = Identity(self._file)
            self._identity.check()
        except sqlite3.Error as error:
            self._fail(error, in_doubt=False)
        return self._connection

    def _conclude(self) -> None:
        is_committed = False
        try:
            if self._connection is not None and self._identity is not None:
                self._connection.execute("COMMIT")
                is_committed = True
                self._identity.check()
        except sqlite3.Error as error:
            self._fail(error, in_doubt=is_committed)

    def _fail(self, error: sqlite3.Error, *, in_doubt: bool) -> NoReturn:
        """Ends a transaction that failed.

        What is rolled back is in no doubt: only a crash could find it in the log, and the next write, a probe, writes
        over it.
        """
        self._roll_back()
        if isinstance(error, FileReplacedError):
            self._save()
        raise LedgerUnavailableError(name_of(error), in_doubt=in_doubt) from error

    def _save(self) -> None:
        """Brings what was committed into the database, as long as a deleted log can still be read."""
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _roll_back(self) -> None:
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = self._identity = None


async def _done_in_turns(group: Sequence[Work[Any]], connection: sqlite3.Connection) -> list[Result]:
    """Does as much of a group as there is time for. The connection is nobody else's in the turns in between."""
    pace, results = Pace(), list[Result]()
    for work in group:
        results.append(_done(work, connection))
        if not await pace.goes_on():
            break
    return results


def _done(work: Work[Any], connection: sqlite3.Connection) -> Result:
    """Does a piece of work; a bug of one must not fail the others of its group."""
    try:
        return work(connection)
    except sqlite3.Error:
        raise
    except Exception as bug:  # noqa: BLE001 - whoever waits is told
        return bug


def _connect_to_write(file: Path) -> sqlite3.Connection:
    connection = connect(file)
    try:
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
