"""Events in PostgreSQL: written with the change that they tell of, and numbered once that is committed.

A number that is taken inside a transaction can become visible after a higher one, and a watcher that saw the higher
one would miss it. So changes write events without numbers, which keeps replicas out of each other's way, and whoever
holds a lock numbers what he sees, in one transaction at a time: what becomes visible later gets a higher number. Of one
call the ids grow in the order of its commits, since each change holds the lock on its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gateway.ledger import rows
from gateway.ledger.event_page import EventPage, events_query
from gateway.ledger.events import Event, NumberedEvent
from gateway.ledger.postgresql.pool import Connection, as_postgresql

_LOCK: Final = int.from_bytes(b"events")
"""Names the advisory lock under which events are numbered; any number that nobody else takes."""

MOST_AT_ONCE: Final = 1000

_COLUMNS: Final = ", ".join(rows.EVENT_COLUMNS)

_INSERT: Final = f"""
    INSERT INTO unnumbered_events ({_COLUMNS})
    SELECT {_COLUMNS} FROM unnest(
        $1::text[], $2::text[], $3::timestamptz[], $4::integer[], $5::integer[], $6::integer[], $7::bytea[]
    ) WITH ORDINALITY AS given ({_COLUMNS}, place_in_batch) ORDER BY place_in_batch
"""  # noqa: S608 - the names of our own fields, as below

_NUMBER: Final = f"""
    WITH taken AS (
        DELETE FROM unnumbered_events WHERE id IN (SELECT id FROM unnumbered_events ORDER BY id LIMIT {MOST_AT_ONCE})
        RETURNING *
    ), counted AS (
        SELECT account, count(*) AS many FROM taken GROUP BY account
    ), advanced AS (
        INSERT INTO sequences (account, newest, forgotten) SELECT account, many, 0 FROM counted ORDER BY account
        ON CONFLICT (account) DO UPDATE SET newest = sequences.newest + excluded.newest
        RETURNING account, newest
    )
    INSERT INTO events (sequence, {_COLUMNS})
    SELECT newest - many + row_number() OVER (PARTITION BY account ORDER BY id), {_COLUMNS}
    FROM taken JOIN counted USING (account) JOIN advanced USING (account)
"""  # noqa: S608

_ERASABLE: Final = "SELECT account, sequence, outcome FROM events WHERE call_id = ANY($1::text[]) AND outcome <> ''"

_ERASE: Final = """
    UPDATE events SET outcome = given.outcome
    FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS given (account, sequence, outcome)
    WHERE (events.account, events.sequence) = (given.account, given.sequence)
"""

_UNNUMBERED: Final = "SELECT id, outcome FROM unnumbered_events WHERE call_id = ANY($1::text[]) AND outcome <> ''"

_ERASE_UNNUMBERED: Final = """
    UPDATE unnumbered_events SET outcome = given.outcome
    FROM unnest($1::bigint[], $2::bytea[]) AS given (event, outcome) WHERE id = event
"""

_REQUESTS: Final = "SELECT call_id, request FROM calls WHERE call_id = ANY($1::text[])"

_OLDEST: Final = "SELECT sequence, occurred FROM events WHERE account = $1 ORDER BY sequence LIMIT $2"


async def write(connection: Connection, events: Sequence[Event]) -> None:
    """Writes events, in their order, within the transaction of their changes."""
    if events:
        values = [rows.event_values(event, rows.as_it_is) for event in events]
        await connection.execute(_INSERT, *zip(*values, strict=True))


async def select(
    connection: Connection, account: str, after: int, call_id: str | None, limit: int
) -> list[NumberedEvent]:
    """Reads events after a number."""
    statement, values = events_query(account, after, call_id, limit)
    found = await connection.fetch(as_postgresql(statement), *values)
    page = EventPage.of([tuple(row) for row in found], limit)
    requests = await connection.fetch(_REQUESTS, page.call_ids) if page.call_ids else ()
    return page.events(dict(map(tuple, requests)), rows.as_it_is)


async def number(connection: Connection) -> int:
    """Numbers what is committed; returns how many events got a number."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM unnumbered_events)"):
        return 0
    numbered, more = 0, MOST_AT_ONCE
    while more == MOST_AT_ONCE:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            # A statement of its own: it sees what was committed while the lock was waited for.
            status = await connection.execute(_NUMBER)
        more = int(status.rpartition(" ")[2])
        numbered += more
    return numbered


async def erase(connection: Connection, call_ids: Sequence[str]) -> None:
    """Takes what was pressed out of the events of calls.

    Those without a number come first: what gets one meanwhile is waited for, and found among the others then.
    """
    if not call_ids:
        return
    for found, erase in ((_UNNUMBERED, _ERASE_UNNUMBERED), (_ERASABLE, _ERASE)):
        told = [tuple(row) for row in await connection.fetch(found, call_ids)]
        left = [(*place, kept) for *place, outcome in told if (kept := rows.without_keypress(outcome)) is not None]
        if left:
            await connection.execute(erase, *zip(*left, strict=True))


async def forget(connection: Connection, age: timedelta, limit: int) -> int:
    """Deletes each account's oldest events, as far as they happened longer ago than that."""
    before = await connection.fetchval("SELECT clock_timestamp() - $1::interval", age)
    accounts = [row["account"] for row in await connection.fetch("SELECT account FROM sequences")]
    return sum([await _forget(connection, account, before, limit) for account in accounts])


async def _forget(connection: Connection, account: str, before: object, limit: int) -> int:
    oldest = [(row["sequence"], row["occurred"]) for row in await connection.fetch(_OLDEST, account, limit)]
    last = rows.forgettable(oldest, before)
    if last is None:
        return 0
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(
            "UPDATE sequences SET forgotten = greatest(forgotten, $2) WHERE account = $1", account, last
        )
        status = await connection.execute("DELETE FROM events WHERE account = $1 AND sequence <= $2", account, last)
    return int(status.rpartition(" ")[2])
