"""The one thread that writes to a SQLite file, and commits in groups.

Whatever has queued up while one transaction was being made durable becomes the next one: under load a commit is shared
by many calls, and a lone call waits for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from gateway.ledger.sqlite_file import connect, name_of
from gateway.ledger.sqlite_identity import FileReplacedError, Identity
from gateway.ledger.store import LedgerUnavailableError

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]
"""Reads and writes within a transaction. It computes what it writes before it writes: a bug leaves nothing behind."""

LINGER: Final = 0.002
"""Seconds that a commit waits for company while many calls are in flight; a lone call never waits."""

MANY: Final = 8
LARGEST_GROUP: Final = 512


class _Job(Generic[T]):
    __slots__ = ("_failure", "_result", "future", "loop", "work")

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()
        self._result: list[T] = []
        self._failure: Exception | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Does the work; a bug of one must not fail the others of its group."""
        try:
            self._result = [self.work(connection)]
        except sqlite3.Error:
            raise
        except Exception as bug:  # noqa: BLE001 - whoever waits is told
            self._failure = bug

    def fail(self, failure: Exception) -> None:
        """Notes that nothing was committed."""
        self._failure = failure

    def settle(self) -> None:
        """Tells whoever waits; runs in the loop."""
        if self.future.cancelled():
            return
        if self._failure is not None:
            self.future.set_exception(self._failure)
        else:
            self.future.set_result(self._result[0])


class Writer:
    """Queues work, does it in groups, and tells of it once it is on the disk."""

    def __init__(self, file: Path, in_flight: Callable[[], int]) -> None:
        """Builds a writer; nothing is opened yet.

        Args:
            file: The database.
            in_flight: How many calls are on their way: under load a commit waits for company.
        """
        self._file = file
        self._in_flight = in_flight
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, after what is queued."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    async def submit(self, work: Work[T]) -> T:
        """Does work in the next group; returns once that is on the disk.

        Raises:
            LedgerUnavailableError: It could not be committed.
        """
        job = _Job(work)
        self._jobs.put(job)
        return await job.future

    def _run(self) -> None:
        going = True
        while going:
            group, going = self._next_group()
            if group:
                self._commit(group)
                group[0].loop.call_soon_threadsafe(_settle_all, group)
        self._disconnect()

    def _next_group(self) -> tuple[list[_Job[Any]], bool]:
        """Takes what has queued up; while many calls are in flight it waits a moment for more."""
        job = self._jobs.get()
        group: list[_Job[Any]] = []
        if job is not None and self._in_flight() >= MANY:
            time.sleep(LINGER)
        while job is not None:
            group.append(job)
            if len(group) == LARGEST_GROUP:
                return group, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: Sequence[_Job[Any]]) -> None:
        is_committed = False
        try:
            connection, identity = self._begun()
            identity.check()
            for job in group:
                job.run(connection)
            connection.execute("COMMIT")
            is_committed = True
            identity.check()
        except sqlite3.Error as error:
            self._roll_back()
            if isinstance(error, FileReplacedError):
                self._save()
            # What is rolled back is in no doubt: only a crash could find it in the log, and the next write, a probe,
            # writes over it.
            for job in group:
                job.fail(LedgerUnavailableError(name_of(error), in_doubt=is_committed))

    def _begun(self) -> tuple[sqlite3.Connection, Identity]:
        if self._connection is None:
            self._connection = _connect_to_write(self._file)
        self._connection.execute("BEGIN IMMEDIATE")
        if self._identity is None:
            self._identity = Identity(self._file)
        return self._connection, self._identity

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


def _settle_all(group: Sequence[_Job[Any]]) -> None:
    for job in group:
        job.settle()


def _connect_to_write(file: Path) -> sqlite3.Connection:
    connection = connect(file)
    try:
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
