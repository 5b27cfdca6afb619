"""The ledger's SQLite file: how it is opened, what its schema is, how it keeps times."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.ledger.migrations import migrations
from gateway.ledger.store import LedgerStartError

PATIENCE: Final = 5.0
"""Seconds to wait for another writer."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def connect(file: Path, *, is_new: bool = False) -> sqlite3.Connection:
    """Opens a connection with the promises that the ledger is made of.

    Args:
        file: The database.
        is_new: Whether it is made so that it can shrink; what has tables already stays as it is.
    """
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=PATIENCE)
    try:
        if is_new:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
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


def name_of(error: sqlite3.Error) -> str:
    """Names a failure in one word, without values."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
