"""The embedded ledger: SQLite with a write-ahead log, written by one thread that commits in groups.

Whatever has queued up while one transaction was being made durable becomes the next one: under load a commit is shared
by many calls, and a lone call waits for nobody. `synchronous=FULL`: a commit is on the disk before it is answered.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.clock import Now
from gateway.ledger import rows
from gateway.ledger.filelock import FileLock
from gateway.ledger.migrations import migrations
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed, Filter, LedgerStartError, LedgerUnavailableError
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING

T = TypeVar("T")

LINGER: Final = 0.002
"""Seconds that a commit waits for company while many calls are in flight; a lone call never waits."""

MANY: Final = 8
LARGEST_GROUP: Final = 512

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TABLE: Final = ", ".join(rows.COLUMNS)
_SELECT: Final = f"SELECT {_TABLE} FROM calls"  # noqa: S608 - the names of our own fields, as below
_INSERT: Final = f"INSERT INTO calls ({_TABLE}, custom) VALUES ({', '.join('?' * (len(rows.COLUMNS) + 1))})"  # noqa: S608
_UPDATE: Final = f"UPDATE calls SET {', '.join(f'{name} = ?' for name in rows.COLUMNS)} WHERE call_id = ?"  # noqa: S608


class SqliteStore:
    """Keeps records in one SQLite file. See `Store` for what each method promises."""

    def __init__(self, file: Path, *, create: bool, in_flight: Callable[[], int], now: Now) -> None:
        """Builds a store; nothing is opened yet.

        Args:
            file: The database.
            create: Whether a missing file is made.
            in_flight: How many calls are on their way: under load a commit waits for company.
            now: The ledger's clock.
        """
        self._file = file
        self._create = create
        self._now = now
        self._lock = FileLock(file.with_name(f"{file.name}.lock"))
        self._writer = _Writer(file, in_flight, now)
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ledger-reader")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []

    async def open(self) -> None:
        """Opens the file, alone with it, and brings its schema up to date."""
        if not self._create and not self._file.exists():
            raise LedgerStartError(
                f"{self._file} is not there: an empty ledger would forget every promise. "
                "Restore it, or set ledger.create = true for a new one"
            )
        try:
            self._lock.acquire()
        except BlockingIOError:
            raise LedgerStartError(f"{self._file} is in use by another server; one server a file") from None
        except OSError as error:
            raise LedgerStartError(f"{self._file} cannot be locked: {error.strerror}") from None
        try:
            await asyncio.to_thread(self._prepare)
        except sqlite3.Error as error:
            self._lock.release()
            raise LedgerStartError(f"{self._file} cannot be opened as a ledger: {error}") from None
        self._writer.start()

    def _prepare(self) -> None:
        with closing(connect(self._file)) as connection:
            migrate(connection, self._file)

    async def change(self, key: Key, change: Change) -> Changed:
        """Applies a change in the next group; returns once the group is on the disk."""
        return await self._writer.submit(key, change)

    async def find(self, key: Key) -> Record | None:
        """Reads one record."""
        return await self._read_one("WHERE account = ? AND request_id = ?", key)

    async def find_call(self, account: str, call_id: str) -> Record | None:
        """Reads one record."""
        return await self._read_one("WHERE account = ? AND call_id = ?", (account, call_id))

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        """Reads a page by its key, so that calls recorded meanwhile do not shift it."""
        where, values = rows.conditions(wanted, to_microseconds)
        order = "ORDER BY created DESC, call_id DESC LIMIT ?"
        return await self._read(f"WHERE {where} {order}", [*values, limit])

    async def sending(self, *, overdue_only: bool) -> list[Key]:
        """Lists keys from the index of calls on their way."""
        where, values = "WHERE dispatch = ?", list[Any]([DISPATCH_SENDING])
        if overdue_only:
            where, values = f"{where} AND send_deadline < ?", [*values, to_microseconds(self._now())]
        return [record.key for record in await self._read(where, values)]

    async def close(self) -> None:
        """Finishes what is queued, and closes."""
        await asyncio.to_thread(self._writer.stop)
        self._readers.shutdown()
        for connection in self._opened:
            connection.close()
        self._lock.release()

    async def _read_one(self, where: str, values: Sequence[Any]) -> Record | None:
        found = await self._read(where, values)
        return found[0] if found else None

    async def _read(self, where: str, values: Sequence[Any]) -> list[Record]:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._select, where, values)

    def _select(self, where: str, values: Sequence[Any]) -> list[Record]:
        try:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = connect(self._file)
                self._opened.append(connection)
            return [rows.record(row, from_microseconds) for row in connection.execute(f"{_SELECT} {where}", values)]
        except sqlite3.Error as error:
            raise LedgerUnavailableError(_name(error)) from error


class _Job:
    __slots__ = ("change", "failure", "future", "key", "loop", "result")

    def __init__(self, key: Key, change: Change) -> None:
        self.key = key
        self.change = change
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Changed] = self.loop.create_future()
        self.result: Changed | None = None
        self.failure: Exception | None = None

    def settle(self) -> None:
        """Tells whoever waits; runs in the loop."""
        if self.future.cancelled():
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        elif self.result is not None:
            self.future.set_result(self.result)


class _Writer:
    """The one thread that writes."""

    def __init__(self, file: Path, in_flight: Callable[[], int], now: Now) -> None:
        self._file = file
        self._in_flight = in_flight
        self._now = now
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    async def submit(self, key: Key, change: Change) -> Changed:
        job = _Job(key, change)
        self._jobs.put(job)
        return await job.future

    def _run(self) -> None:
        connection = connect(self._file)
        going = True
        while going:
            group, going = self._next_group()
            if group:
                self._commit(connection, group)
                loop = group[0].loop
                loop.call_soon_threadsafe(_settle_all, group)
        connection.close()

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Takes what has queued up; while many calls are in flight it waits a moment for more."""
        job = self._jobs.get()
        group: list[_Job] = []
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

    def _commit(self, connection: sqlite3.Connection, group: Sequence[_Job]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in group:
                self._apply(connection, job)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            for job in group:
                job.failure = LedgerUnavailableError(_name(error))

    def _apply(self, connection: sqlite3.Connection, job: _Job) -> None:
        row = connection.execute(f"{_SELECT} WHERE account = ? AND request_id = ?", job.key).fetchone()
        record = None if row is None else rows.record(row, from_microseconds)
        try:
            changed = job.change(record, self._now())
        except Exception as bug:  # noqa: BLE001 - a bug of one call must not fail the others of its group
            job.failure = bug
            return
        if changed is None:
            job.result = Changed(record, is_mine=False)
            return
        _write(connection, changed, is_new=record is None)
        job.result = Changed(changed, is_mine=True)


def _settle_all(group: Sequence[_Job]) -> None:
    for job in group:
        job.settle()


def _write(connection: sqlite3.Connection, record: Record, *, is_new: bool) -> None:
    values = rows.values(record, to_microseconds)
    if not is_new:
        connection.execute(_UPDATE, [*values, record.call_id])
        return
    connection.execute(_INSERT, [*values, rows.custom_of(record)])
    created = to_microseconds(record.created)
    connection.executemany(
        "INSERT INTO call_numbers (account, digits, created, call_id) VALUES (?, ?, ?, ?)",
        [(record.account, digits, created, record.call_id) for digits in rows.numbers_of(record)],
    )


def connect(file: Path) -> sqlite3.Connection:
    """Opens a connection with the promises that the ledger is made of."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, file: Path) -> None:
    """Applies the migrations that the file lacks, each in a transaction of its own.

    Raises:
        LedgerStartError: The file was made by a newer version of this program.
    """
    steps = migrations("sqlite")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise LedgerStartError(f"{file} has schema {version}, and this version knows {len(steps)}: upgrade the gateway")
    for number, step in enumerate(steps[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {number};\nCOMMIT;")


def to_microseconds(moment: datetime) -> int:
    """Renders a time as the file keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """Reads a time as the file keeps it."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
