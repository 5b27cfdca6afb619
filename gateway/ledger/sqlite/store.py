"""The embedded ledger: SQLite with a write-ahead log, committed in groups by one thread.

`synchronous=FULL`: a commit is on the disk before it is answered.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from gateway.clock import Now
from gateway.ledger import rows
from gateway.ledger.events import NumberedEvent, Span
from gateway.ledger.migrations import migrations
from gateway.ledger.record import Key, Record, Stage
from gateway.ledger.sqlite import events, maintenance, records
from gateway.ledger.sqlite.file import (
    connect,
    empty_log,
    migrate,
    name_of,
    plainly,
    to_microseconds,
    version_of,
)
from gateway.ledger.sqlite.filelock import FileLock
from gateway.ledger.sqlite.writer import Work, Writer
from gateway.ledger.store import (
    NONE_YET,
    START_ONCE,
    WOULD_FORGET,
    Change,
    Changed,
    Filter,
    Info,
    LedgerStartError,
    LedgerUnavailableError,
    NoLedgerError,
    OldLedgerError,
    Pause,
)
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING

T = TypeVar("T")


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
        self.is_alone = True
        self._file = file
        self._create = create
        self._now = now
        self._lock = FileLock(file.with_name(f"{file.name}.lock"))
        self._writer = Writer(file, in_flight)
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ledger-reader")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []

    async def open(self, *, beside_a_server: bool = False) -> None:
        """Opens the file, alone with it, and brings its schema up to date; beside a server, as it is."""
        self.is_alone = not beside_a_server
        if not self._file.exists() and (beside_a_server or not self._create):
            raise NoLedgerError(f"{self._file} is not there: {NONE_YET if beside_a_server else WOULD_FORGET}")
        if self.is_alone:
            self._take()
        try:
            await asyncio.to_thread(self._prepare if self.is_alone else self._check)
        except (sqlite3.Error, OSError) as error:
            self._lock.release()
            raise LedgerStartError(f"{self._file} cannot be opened as a ledger: {error}") from None
        except LedgerStartError:
            self._lock.release()
            raise

    def _take(self) -> None:
        try:
            self._lock.acquire()
        except BlockingIOError:
            raise LedgerStartError(f"{self._file} is in use by another server; one server a file") from None
        except OSError as error:
            raise LedgerStartError(f"{self._file} cannot be locked: {error.strerror}") from None

    def _prepare(self) -> None:
        if self._create:
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))  # numbers are nobody else's to read
        with closing(connect(self._file, is_new=self._create)) as connection:
            migrate(connection, self._file, create=self._create)

    def _check(self) -> None:
        with closing(plainly(self._file, "rw")) as connection:
            version, known = version_of(connection, self._file), len(migrations("sqlite"))
        if version == 0:
            raise NoLedgerError(f"{self._file} is empty: {NONE_YET}")
        if version < known:
            raise OldLedgerError(f"{self._file} has schema {version}, and this version wants {known}: {START_ONCE}")

    async def change(self, key: Key, change: Change) -> Changed:
        """Applies a change in the next group; returns once the group is on the disk."""
        return await self._writer.submit(records.apply(key, change, self._now))

    async def find(self, key: Key) -> Record | None:
        """Reads one record."""
        return await self._select_one("WHERE account = ? AND request_id = ?", key)

    async def find_many(self, keys: Sequence[Key]) -> list[Record]:
        """Reads them with one statement; JSON, since the number of placeholders in a statement is limited."""
        pairs = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
        return await self._select(f"WHERE (account, request_id) IN ({pairs})", [json.dumps(keys)])

    async def find_call(self, account: str | None, call_id: str) -> Record | None:
        """Reads one record."""
        return await self._select_one("WHERE call_id = ? AND account = coalesce(?, account)", (call_id, account))

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        """Reads a page by its key, so that calls recorded meanwhile do not shift it."""
        where, values = rows.conditions(wanted, to_microseconds)
        order = "ORDER BY created DESC, call_id DESC LIMIT ?"
        return await self._select(f"WHERE {where} {order}", [*values, limit])

    async def sending(self, *, overdue_only: bool) -> list[Key]:
        """Lists keys from the index of calls on their way."""
        where, values = "WHERE dispatch = ?", list[Any]([DISPATCH_SENDING])
        if overdue_only:
            where, values = f"{where} AND send_deadline < ?", [*values, to_microseconds(self._now())]
        return await self._keys(where, values)

    async def due(self, stage: Stage, age: timedelta, limit: int) -> list[Key]:
        """Lists keys from the index of what is due."""
        return await self._keys(rows.DUE, self._due(stage, age, limit))

    async def forget(self, age: timedelta, limit: int) -> int:
        """Deletes rows, which have no numbers any more."""
        return await self._write(
            f"DELETE FROM calls WHERE call_id IN (SELECT call_id FROM calls {rows.DUE})",  # noqa: S608 - a constant
            self._due(Stage.TOMBSTONE, age, limit),
        )

    async def find_token(self, token: bytes) -> Key | None:
        """Looks one token up."""
        return await self._read(events.find_token(token))

    async def stale(self, limit: int) -> list[Key]:
        """Lists keys from the index of what was to be heard of."""
        where = "WHERE stale_at < ? AND dispatch <> 2 ORDER BY stale_at LIMIT ?"
        return await self._keys(where, [to_microseconds(self._now()), limit])

    async def events(self, account: str, after: int, call_id: str | None, limit: int) -> list[NumberedEvent]:
        """Reads events with what of their calls they are told with."""
        return await self._read(events.select(account, after, call_id, limit))

    async def span(self, account: str) -> Span:
        """Reads one row."""
        return await self._read(events.span(account))

    async def number_events(self) -> int:
        """Does nothing: one writer commits, and numbers as it writes."""
        return 0

    async def forget_events(self, age: timedelta, limit: int) -> int:
        """Deletes the oldest."""
        return await self._writer.submit(events.forget(self._now() - age, limit))

    def _due(self, stage: Stage, age: timedelta, limit: int) -> Sequence[Any]:
        return stage, to_microseconds(self._now() - age), limit

    async def scrub(self) -> bool:
        """Empties the write-ahead log, unless somebody reads in it."""
        return await self._read(empty_log)

    async def info(self) -> Info:
        """Counts with one reading of the table."""
        return await self._read(maintenance.info(self._file, self._lock, self._now()))

    async def backup(self, target: Path) -> None:
        """Copies the file as it is now, while the server goes on."""
        await asyncio.to_thread(maintenance.backup, self._file, target)

    async def vacuum(self) -> None:
        """Gives free pages back to the disk, a few at a time, and empties the write-ahead log."""
        await asyncio.to_thread(maintenance.vacuum, self._file)

    async def time(self) -> datetime:
        """Is this machine's."""
        return self._now()

    async def paused(self) -> Pause | None:
        """Reads the one row that there is while it is paused."""
        return await self._read(maintenance.paused)

    async def pause(self, reason: str) -> None:
        """Writes the one row."""
        await self._write(
            "INSERT INTO pause VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason",
            (reason, to_microseconds(self._now())),
        )

    async def resume(self) -> None:
        """Deletes the one row."""
        await self._write("DELETE FROM pause")

    async def probe(self) -> None:
        """Writes one row again and again, as everything is written."""
        await self._write(
            "INSERT INTO probe VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
            (to_microseconds(self._now()),),
        )

    async def close(self) -> None:
        """Finishes what is queued, and closes."""
        await self._writer.stop()
        self._readers.shutdown()
        for connection in self._opened:
            connection.close()
        self._lock.release()

    async def _write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Runs a statement; returns how many rows it wrote."""
        return await self._writer.submit(lambda connection: connection.execute(statement, values).rowcount)

    async def _select_one(self, where: str, values: Sequence[Any]) -> Record | None:
        found = await self._select(where, values)
        return found[0] if found else None

    async def _select(self, where: str, values: Sequence[Any]) -> list[Record]:
        return await self._read(records.select(where, values))

    async def _keys(self, where: str, values: Sequence[Any]) -> list[Key]:
        return await self._read(records.select_keys(where, values))

    async def _read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._do, work)

    def _do(self, work: Work[T]) -> T:
        try:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = connect(self._file)
                self._opened.append(connection)
            return work(connection)
        except sqlite3.Error as error:
            raise LedgerUnavailableError(name_of(error)) from error
