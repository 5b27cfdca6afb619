"""The ledger's SQLite file: how it is opened, what its schema is, how it keeps times."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.ledger.migrations import migrations
from gateway.ledger.store import WOULD_FORGET, LedgerStartError, NoLedgerError

PATIENCE: Final = 5.0
"""Seconds to wait for another writer."""

AT_ONCE: Final = "PRAGMA busy_timeout = 0"
PATIENTLY: Final = f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}"

APPLICATION: Final = int.from_bytes(b"KEYG")
"""What the file itself says of whose it is."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def connect(file: Path, *, is_new: bool = False) -> sqlite3.Connection:
    """Opens a connection with the promises that the ledger is made of.

    Args:
        file: The database.
        is_new: Whether it may be made, and then so that it can shrink; else a missing file is an error.
    """
    connection = plainly(file, "rwc" if is_new else "rw")
    try:
        if is_new:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def plainly(file: Path, mode: str) -> sqlite3.Connection:
    """Opens a connection and asks nothing of the file yet."""
    url = f"file:{quote(str(file.absolute()))}?mode={mode}"
    return sqlite3.connect(url, uri=True, isolation_level=None, check_same_thread=False, timeout=PATIENCE)


def version_of(connection: sqlite3.Connection, file: Path) -> int:
    """Reads how many migrations were applied to a file; 0 for an empty one.

    Raises:
        LedgerStartError: It is no ledger, or was made by a newer version of this program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (version or tables):
        raise LedgerStartError(f"{file} cannot be opened as a ledger: it is another program's database")
    if version > (known := len(migrations("sqlite"))):
        raise LedgerStartError(f"{file} has schema {version}, and this version knows {known}: upgrade the gateway")
    return int(version)


def migrate(connection: sqlite3.Connection, file: Path, *, create: bool) -> None:
    """Applies the migrations that the file lacks, each in a transaction of its own.

    Raises:
        LedgerStartError: It is no ledger, was made by a newer version of this program, or is empty and may not be.
    """
    steps, version = migrations("sqlite"), version_of(connection, file)
    if version == 0 and not create:
        raise NoLedgerError(f"{file} is empty: {WOULD_FORGET}")
    for number, step in enumerate(steps[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {number};\nCOMMIT;")


def empty_log(connection: sqlite3.Connection) -> bool:
    """Empties the write-ahead log, which holds pages as they were; returns whether nobody was in its way.

    Nobody is waited for either: whoever waits for readers holds the lock that all writes take.
    """
    connection.execute(AT_ONCE)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # most of the work, beside writes
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(PATIENTLY)
    return not busy


def to_microseconds(moment: datetime) -> int:
    """Renders a time as the file keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """Reads a time as the file keeps it."""
    return _EPOCH + timedelta(microseconds=microseconds)


def name_of(error: sqlite3.Error) -> str:
    """Names a failure in one word, without values."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
