"""Records in PostgreSQL: many at once, locked, read and written within one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.ledger import rows
from gateway.ledger.events import Event
from gateway.ledger.postgresql import events
from gateway.ledger.postgresql.pool import Connection
from gateway.ledger.record import Key, Record

_TYPES: Final = (
    dict.fromkeys(rows.COLUMNS, "text")
    | dict.fromkeys(("attempt", "dispatch", "stage"), "integer")
    | dict.fromkeys(rows.FLAGS, "boolean")
    | dict.fromkeys(rows.TIMES, "timestamptz")
    | dict.fromkeys(("request", "request_hash", "error", "reply", "warnings", "resolution"), "bytea")
    | dict.fromkeys(("tokens", "evidence", "outcomes"), "bytea")
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

_INSERT_NUMBERS: Final = """
    INSERT INTO call_numbers (account, digits, created, call_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
"""

_DELETE_NUMBERS: Final = """
    DELETE FROM call_numbers WHERE (account, digits, created, call_id) IN (
        SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
    )
"""

_INSERT_TOKENS: Final = """
    INSERT INTO report_tokens (token, account, request_id) SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])
"""

_UPDATE_CUSTOM: Final = """
    UPDATE calls SET custom = given.custom FROM unnest($1::text[], $2::text[]) AS given (call_id, custom)
    WHERE calls.call_id = given.call_id
"""


async def lock(connection: Connection, keys: set[Key]) -> tuple[dict[Key, Record], datetime]:
    """Locks the rows of keys, in the order of the keys; reads them, and then the clock."""
    accounts, request_ids = zip(*keys, strict=True)
    read = await connection.fetch(_LOCK, accounts, request_ids)
    found = [rows.record(row[1:], rows.as_it_is) for row in map(tuple, read) if row[1] is not None]
    return {record.key: record for record in found}, max(row[0] for row in read)


async def write(
    connection: Connection, found: Mapping[Key, Record], changed: Mapping[Key, Record], told: Sequence[Event]
) -> bool:
    """Writes records and their events; False when another replica has taken one of the new keys meanwhile."""
    new = [changed[key] for key in sorted(changed) if key not in found]
    if new and await connection.fetchval(_INSERT, *_arrays(new), _customs(new), *_numbers(new)) < len(new):
        return False
    old = [record for key, record in changed.items() if key in found]
    if old:
        await connection.execute(_UPDATE, *_arrays(old))
    other = [record for record in old if record.request != found[record.key].request]  # erased, or whole again
    if other:
        await connection.execute(_DELETE_NUMBERS, *_numbers([found[record.key] for record in other]))
        await connection.execute(_INSERT_NUMBERS, *_numbers(other))
        await connection.execute(_UPDATE_CUSTOM, [record.call_id for record in other], _customs(other))
    await _write_tokens(connection, found, changed)
    await events.write(connection, told)
    erased = [record.call_id for record in old if rows.is_erasure(found[record.key], record)]
    await events.erase(connection, erased)
    return True


async def _write_tokens(connection: Connection, found: Mapping[Key, Record], changed: Mapping[Key, Record]) -> None:
    new = [(token, *key) for key, record in changed.items() for token in rows.new_tokens(found.get(key), record)]
    if new:
        await connection.execute(_INSERT_TOKENS, *_columns(new, 3))
    lost = [token for key, record in changed.items() if key in found for token in rows.lost_tokens(found[key], record)]
    if lost:
        await connection.execute("DELETE FROM report_tokens WHERE token = ANY($1::bytea[])", lost)


def _customs(records: Sequence[Record]) -> list[str]:
    return [rows.custom_of(record) for record in records]


def _numbers(records: Sequence[Record]) -> list[Sequence[Any]]:
    numbers = [
        (record.account, digits, record.created, record.call_id)
        for record in records
        for digits in rows.numbers_of(record)
    ]
    return _columns(numbers, 4)


def _arrays(records: Sequence[Record]) -> list[Sequence[Any]]:
    return _columns([rows.values(record, rows.as_it_is) for record in records], len(rows.COLUMNS))


def _columns(table: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    return [[row[column] for row in table] for column in range(width)]
