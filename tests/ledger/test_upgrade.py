"""A ledger of the first schema, with a call in it, is brought up to date and goes on."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import asyncpg
import pytest
from wishes import wish

from gateway.clock import utc_now
from gateway.ledger import transitions
from gateway.ledger.events import Span
from gateway.ledger.migrations import migrations
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.record import Key, hashed
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.transitions import Outcome
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, RECIPIENT_STATE_WAITING
from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_CREATED, CALL_EVENT_TYPE_DISPATCH_CHANGED

OLD = Key("default", "request-old")
REQUEST = wish().request
COLUMNS = """account, request_id, call_id, request, request_hash, attempt, owner, dispatch, is_free, was_unknown,
    send_deadline, created, updated, error, reply, warnings, resolution, stage, custom"""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
async def old_store(request, tmp_path):
    """A store whose tables are the first version's, with one accepted call; not open yet."""
    if request.param == "SQLite":
        file = tmp_path / "ledger.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(f"BEGIN;\n{migrations('sqlite')[0]}\nPRAGMA user_version = 1;\nCOMMIT;")
            write_as_the_first_version(connection)
        return SqliteStore(file, create=False, in_flight=lambda: 0, now=utc_now)
    database = request.getfixturevalue("database")
    connection = await asyncpg.connect(database)
    await connection.execute(migrations("postgresql")[0])
    await connection.execute("CREATE TABLE schema_version (version integer PRIMARY KEY)")
    await connection.execute("INSERT INTO schema_version VALUES (1)")
    await write_to_postgresql(connection, OLD.request_id, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    await connection.close()
    return PostgresqlStore(database, create=False)


def write_as_the_first_version(connection):
    times = [1_790_000_000_000_000] * 3
    connection.execute(
        f"INSERT INTO calls ({COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, 1, 'owner', 3, 0, 0, ?, ?, ?, x'', x'', x'', x'', 0, '')",
        [*OLD, "01ARZ3NDEKTSV4RRFFQ69G5FAV", REQUEST, hashed(REQUEST), *times],
    )
    connection.commit()


async def write_to_postgresql(connection, request_id, call_id):
    await connection.execute(
        f"INSERT INTO calls ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, 1, 'owner', 3, false, false, now(), now(), now(), "
        "'', '', '', '', 0, '')",
        "default",
        request_id,
        call_id,
        REQUEST,
        hashed(REQUEST),
    )


async def test_an_old_call_is_as_it_was_and_new_ones_are_told(old_store):
    """Its recipients are waiting, it has no events, and a repeat of its request still dials nobody."""
    await old_store.open()
    record = await old_store.find(OLD)
    again = await old_store.change(OLD, lambda found, now: transitions.reserve(found, replace(wish(), key=OLD), now))
    new = wish("request-new")
    reserved = (await old_store.change(new.key, lambda found, now: transitions.reserve(found, new, now))).record
    await old_store.change(
        new.key, lambda found, now: transitions.finish(found, 1, reserved.owner, Outcome(error=None), now)
    )
    await old_store.number_events()
    told = await old_store.events("default", 0, None, 100)
    span = await old_store.span("default")
    await old_store.close()

    assert (DISPATCH_ACCEPTED, b"", b"", None) == (record.dispatch, record.tokens, record.outcomes, record.stale_at)
    assert [RECIPIENT_STATE_WAITING] == [each.state for each in record.to_call().recipients]
    assert (False, record) == (again.is_mine, again.record)
    assert [CALL_EVENT_TYPE_CREATED, CALL_EVENT_TYPE_DISPATCH_CHANGED] == [each.event.type for each in told]
    assert Span(0, 2) == span


async def test_a_replica_of_the_first_version_still_writes(database):
    """In the middle of a rolling update, the tables of the new version take what the old one writes."""
    store = PostgresqlStore(database, create=True)
    await store.open()
    connection = await asyncpg.connect(database)
    await write_to_postgresql(connection, "request-1", "01ARZ3NDEKTSV4RRFFQ69G5FAW")
    await connection.close()
    record = await store.find(Key("default", "request-1"))
    await store.close()

    assert DISPATCH_ACCEPTED == record.dispatch
