"""Records in SQLite: read by a condition, changed within the writer's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from gateway.clock import Now
from gateway.ledger import rows
from gateway.ledger.events import Event, events_of
from gateway.ledger.record import Key, Record
from gateway.ledger.sqlite import events
from gateway.ledger.sqlite.file import from_microseconds, to_microseconds
from gateway.ledger.sqlite.writer import Work
from gateway.ledger.store import Change, Changed

_TABLE: Final = ", ".join(rows.COLUMNS)
_SELECT: Final = f"SELECT {_TABLE} FROM calls"  # noqa: S608 - the names of our own fields, as below
_PLACES: Final = ", ".join("?" * (len(rows.COLUMNS) + 1))
_INSERT: Final = f"INSERT INTO calls ({_TABLE}, custom) VALUES ({_PLACES}) ON CONFLICT (account, request_id) DO NOTHING"  # noqa: S608

_INSERT_NUMBER: Final = "INSERT INTO call_numbers (account, digits, created, call_id) VALUES (?, ?, ?, ?)"
_DELETE_NUMBER: Final = "DELETE FROM call_numbers WHERE (account, digits, created, call_id) = (?, ?, ?, ?)"

_INSERT_HASH: Final = "INSERT INTO report_tokens (token, account, request_id) VALUES (?, ?, ?)"
_DELETE_HASH: Final = "DELETE FROM report_tokens WHERE token = ?"


def select(where: str, values: Sequence[Any]) -> Work[list[Record]]:
    """Reads the records that meet a condition."""

    def work(connection: sqlite3.Connection) -> list[Record]:
        return [rows.record(row, from_microseconds) for row in connection.execute(f"{_SELECT} {where}", values)]

    return work


def select_keys(where: str, values: Sequence[Any]) -> Work[list[Key]]:
    """Reads the keys of the records that meet a condition, and nothing else of them."""

    def work(connection: sqlite3.Connection) -> list[Key]:
        return [Key(*row) for row in connection.execute(f"SELECT account, request_id FROM calls {where}", values)]  # noqa: S608 - a constant

    return work


def apply(key: Key, change: Change, now: Now) -> Work[Changed]:
    """Changes one record."""
    found = select("WHERE account = ? AND request_id = ?", key)

    def work(connection: sqlite3.Connection) -> Changed:
        # Most keys are new: that is tried first, and the record is read only where there is one.
        new = change(None, now())
        if new is not None and _inserted(connection, new):
            return Changed(new, is_mine=True)
        record = next(iter(found(connection)), None)
        changed = change(record, now())
        if record is None or changed is None:
            return Changed(record, is_mine=False)
        _write(connection, changed, record)
        return Changed(changed, is_mine=True)

    return work


def _inserted(connection: sqlite3.Connection, record: Record) -> bool:
    """Writes a new record, unless there is one with its key."""
    values, custom, numbers = rows.values(record, to_microseconds), rows.custom_of(record), _numbers(record)
    told = events_of(None, record)
    if connection.execute(_INSERT, [*values, custom]).rowcount == 0:
        return False
    connection.executemany(_INSERT_NUMBER, numbers)
    _tell(connection, None, record, told)
    return True


def _write(connection: sqlite3.Connection, record: Record, before: Record) -> None:
    changed, told = rows.changes(before, record, to_microseconds), events_of(before, record)
    connection.execute(_update(tuple(changed)), [*changed.values(), record.call_id])
    if record.request != before.request:  # erased, or whole again
        connection.execute("UPDATE calls SET custom = ? WHERE call_id = ?", (rows.custom_of(record), record.call_id))
        connection.executemany(_DELETE_NUMBER, _numbers(before))
        connection.executemany(_INSERT_NUMBER, _numbers(record))
    if rows.is_erasure(before, record):
        events.erase(connection, record.call_id)
    _tell(connection, before, record, told)


def _tell(connection: sqlite3.Connection, before: Record | None, after: Record, told: Sequence[Event]) -> None:
    """Writes a change's events, and the tokens that came or went with it."""
    if tokens := rows.new_tokens(before, after):
        connection.executemany(_INSERT_HASH, [(token, *after.key) for token in tokens])
    if before is not None and (lost := rows.lost_tokens(before, after)):
        connection.executemany(_DELETE_HASH, [(token,) for token in lost])
    events.write(connection, told)


@lru_cache
def _update(columns: tuple[str, ...]) -> str:
    """Writes what changed and nothing else: each column that is written has its indexes written anew."""
    return f"UPDATE calls SET {', '.join(f'{name} = ?' for name in columns)} WHERE call_id = ?"  # noqa: S608


def _numbers(record: Record) -> list[tuple[str, str, int, str]]:
    created = to_microseconds(record.created)
    return [(record.account, digits, created, record.call_id) for digits in rows.numbers_of(record)]
