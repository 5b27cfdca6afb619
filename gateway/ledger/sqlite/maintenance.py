"""An operator's work on a SQLite file, beside the server that serves from it."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.ledger.counts import COUNTED, counts
from gateway.ledger.sqlite.file import connect, empty_log, from_microseconds, name_of, to_microseconds
from gateway.ledger.sqlite.filelock import FileLock
from gateway.ledger.sqlite.writer import Work
from gateway.ledger.store import Info, LedgerUnavailableError, MaintenanceError, Pause

PAGES: Final = 200
BREATH: Final = 0.005
"""Seconds between two steps: the server's commits come first."""

EMPTIED_WITHIN: Final = 5.0
"""Seconds in which a vacuum tries to empty the log; where somebody reads in it for longer, the server does that."""


def paused(connection: sqlite3.Connection) -> Pause | None:
    """Reads the one row that there is while dialing is paused."""
    row = connection.execute("SELECT reason, since FROM pause").fetchone()
    return None if row is None else Pause(row[0], from_microseconds(row[1]))


def info(file: Path, lock: FileLock, now: datetime) -> Work[Info]:
    """Looks a file over."""

    def work(connection: sqlite3.Connection) -> Info:
        counted = counts(connection.execute(COUNTED.format(now=to_microseconds(now))))
        return Info(
            place=str(file),
            schema=_pragma(connection, "user_version"),
            by_dispatch=counted.by_dispatch,
            by_stage=counted.by_stage,
            oldest=None if counted.oldest is None else from_microseconds(counted.oldest),
            newest=None if counted.newest is None else from_microseconds(counted.newest),
            overdue=counted.overdue,
            size=sum(each.stat().st_size for each in (file, _log_of(file)) if each.exists()),
            free=_pragma(connection, "freelist_count") * _pragma(connection, "page_size"),
            pause=paused(connection),
            is_served=lock.is_held(),
        )

    return work


def backup(file: Path, target: Path) -> None:
    """Copies a file as it was at one moment: all that was committed by then, and nothing of what comes after.

    The copy has its name only once it is whole, checked and on the disk.

    Raises:
        MaintenanceError: It cannot be written.
        LedgerUnavailableError: The ledger cannot be read.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        _refuse_existing(target)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise MaintenanceError(f"{part} is there already: another backup is under way, or remove it") from None
    except OSError as error:
        raise MaintenanceError(f"{part} cannot be made: {error.strerror}") from None
    try:
        _copy(file, part)
        _sync(part)
        _refuse_existing(target)
        part.rename(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise LedgerUnavailableError(name_of(error)) from error
    except OSError as error:
        raise MaintenanceError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _copy(file: Path, part: Path) -> None:
    with closing(connect(file)) as source, closing(sqlite3.connect(part, isolation_level=None)) as copy:
        # Within a transaction each step reads the same moment; else each commit of the server would start it over.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM pause")
        source.backup(copy, pages=PAGES, progress=lambda *_: time.sleep(BREATH))
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        [(found,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
    if found != "ok":
        raise MaintenanceError("the copy is damaged, and so may be the ledger: keep the backups that there are")


def vacuum(file: Path) -> None:
    """Gives free pages back, a few in each transaction.

    Raises:
        LedgerUnavailableError: The ledger cannot be written.
    """
    try:
        with closing(connect(file)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            before, free = -1, _pragma(connection, "freelist_count")
            while free and free != before:
                connection.executescript(f"PRAGMA incremental_vacuum({PAGES})")  # `execute` would do one page of them
                before, free = free, _pragma(connection, "freelist_count")
                time.sleep(BREATH)
            give_up = time.monotonic() + EMPTIED_WITHIN
            while not empty_log(connection) and time.monotonic() < give_up:
                time.sleep(BREATH)
    except sqlite3.Error as error:
        raise LedgerUnavailableError(name_of(error)) from error


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise MaintenanceError(f"{target} is there already: choose another name")


def _log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
