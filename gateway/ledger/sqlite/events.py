"""Events in SQLite: numbered as they are written, since one writer commits at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.ledger import rows
from gateway.ledger.event_page import EventPage, events_query
from gateway.ledger.events import Event, NumberedEvent, Span
from gateway.ledger.record import Key
from gateway.ledger.sqlite.file import from_microseconds, to_microseconds
from gateway.ledger.sqlite.writer import Work

_ADVANCE: Final = "UPDATE sequences SET newest = newest + 1 WHERE account = ?"
_BEGIN: Final = "INSERT INTO sequences (account, newest, forgotten) VALUES (?, 1, 0)"
_INSERT: Final = (
    f"INSERT INTO events ({', '.join(rows.EVENT_COLUMNS)}, sequence) "  # noqa: S608 - the names of our own fields
    f"SELECT {', '.join('?' * len(rows.EVENT_COLUMNS))}, newest FROM sequences WHERE account = ?"
)
_REQUESTS: Final = "SELECT call_id, request FROM calls WHERE call_id IN (SELECT value FROM json_each(?))"
_OLDEST: Final = "SELECT sequence, occurred FROM events WHERE account = ? ORDER BY sequence LIMIT ?"


def write(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Writes events under the next numbers of their accounts."""
    for event in events:
        if connection.execute(_ADVANCE, (event.account,)).rowcount == 0:
            connection.execute(_BEGIN, (event.account,))
        connection.execute(_INSERT, [*rows.event_values(event, to_microseconds), event.account])


def erase(connection: sqlite3.Connection, call_id: str) -> None:
    """Takes what was pressed out of a call's events."""
    told = connection.execute(
        "SELECT account, sequence, outcome FROM events WHERE call_id = ? AND outcome <> x''", (call_id,)
    ).fetchall()
    connection.executemany(
        "UPDATE events SET outcome = ? WHERE account = ? AND sequence = ?",
        [
            (left, account, sequence)
            for account, sequence, outcome in told
            if (left := rows.without_keypress(outcome)) is not None
        ],
    )


def select(account: str, after: int, call_id: str | None, limit: int) -> Work[list[NumberedEvent]]:
    """Reads events after a number."""
    statement, values = events_query(account, after, call_id, limit)

    def work(connection: sqlite3.Connection) -> list[NumberedEvent]:
        page = EventPage.of(connection.execute(statement, values).fetchall(), limit)
        requests = connection.execute(_REQUESTS, [json.dumps(page.call_ids)]) if page.call_ids else ()
        return page.events(dict(requests), from_microseconds)

    return work


def span(account: str) -> Work[Span]:
    """Reads which events of an account are kept."""

    def work(connection: sqlite3.Connection) -> Span:
        found = connection.execute("SELECT forgotten, newest FROM sequences WHERE account = ?", (account,)).fetchone()
        return Span(*(found or (0, 0)))

    return work


def find_token(token: bytes) -> Work[Key | None]:
    """Looks a hashed token up."""

    def work(connection: sqlite3.Connection) -> Key | None:
        found = connection.execute("SELECT account, request_id FROM report_tokens WHERE token = ?", (token,)).fetchone()
        return None if found is None else Key(*found)

    return work


def forget(before: datetime, limit: int) -> Work[int]:
    """Deletes each account's oldest events, as far as they happened before a time."""

    def work(connection: sqlite3.Connection) -> int:
        accounts = [account for (account,) in connection.execute("SELECT account FROM sequences").fetchall()]
        return sum(_forget(connection, account, to_microseconds(before), limit) for account in accounts)

    return work


def _forget(connection: sqlite3.Connection, account: str, before: int, limit: int) -> int:
    last = rows.forgettable(connection.execute(_OLDEST, (account, limit)).fetchall(), before)
    if last is None:
        return 0
    connection.execute("UPDATE sequences SET forgotten = ? WHERE account = ?", (last, account))
    return connection.execute("DELETE FROM events WHERE account = ? AND sequence <= ?", (account, last)).rowcount
