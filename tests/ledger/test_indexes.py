"""Whatever is asked often is answered from an index: by the databases' own plans for the stores' own statements."""

import json
import re
from datetime import timedelta

import pytest
from wishes import wish

from gateway.clock import utc_now
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.record import Stage
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Filter
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED

DAY = timedelta(days=1)
BEFORE = (utc_now(), "01ARZ3NDEKTSV4RRFFQ69G5FAV")


def page(store, **wanted):
    return store.page(Filter(account="default", **wanted), 100)


ASKED = [
    pytest.param(lambda store: store.find(wish().key), "key", id="find"),
    pytest.param(lambda store: store.find_many([wish().key, wish("request-2").key]), "key", id="find many"),
    pytest.param(lambda store: store.find_call("default", BEFORE[1]), "call_id", id="find call"),
    pytest.param(lambda store: store.find_call(None, BEFORE[1]), "call_id", id="find call in any account"),
    pytest.param(page, "newest", id="first page"),
    pytest.param(lambda store: page(store, older_than=BEFORE), "newest", id="next page"),
    pytest.param(lambda store: page(store, dispatches=[DISPATCH_ACCEPTED]), "newest", id="page by dispatch"),
    pytest.param(lambda store: page(store, custom="T1"), "by_custom", id="page by custom"),
    pytest.param(lambda store: page(store, number="13236550107"), "number", id="page by number"),
    pytest.param(lambda store: store.sending(overdue_only=True), "sending", id="overdue"),
    pytest.param(lambda store: store.sending(overdue_only=False), "sending", id="on their way"),
    pytest.param(lambda store: store.due(Stage.WHOLE, DAY, 100), "due", id="due to be erased"),
    pytest.param(lambda store: store.due(Stage.ERASED, DAY, 100), "due", id="due to be entombed"),
    pytest.param(lambda store: store.forget(DAY, 100), "due", id="due to be forgotten"),
    pytest.param(lambda store: store.find_token(b"token"), "token", id="find token"),
    pytest.param(lambda store: store.stale(100), "stale", id="silent for too long"),
    pytest.param(lambda store: store.events("default", 7, None, 100), "events", id="events of an account"),
    pytest.param(lambda store: store.events("default", 7, BEFORE[1], 100), "events_of_calls", id="events of a call"),
    pytest.param(lambda store: store.span("default"), "sequences", id="how far events are"),
]


IN_SQLITE = {
    "key": r"USING INDEX sqlite_autoindex_calls_\d \(account=\? AND request_id=\?\)",
    "call_id": r"USING INDEX sqlite_autoindex_calls_\d \(call_id=\?\)",
    "newest": r"USING INDEX calls_newest \(account=\?",
    "by_custom": r"USING INDEX calls_by_custom \(account=\? AND custom=\?\)",
    "number": r"call_numbers USING PRIMARY KEY \(account=\? AND digits=\?\)",
    "sending": r"USING INDEX calls_sending",
    "due": r"USING (COVERING )?INDEX calls_due \(stage=\? AND retain_from<\?\)",
    "token": r"report_tokens USING PRIMARY KEY",
    "stale": r"USING INDEX calls_stale",
    "events": r"events USING PRIMARY KEY \(account=\? AND sequence>\?\)",
    "events_of_calls": r"USING INDEX events_of_calls \(call_id=\? AND sequence>\?\)",
    "sequences": r"sequences USING PRIMARY KEY",
}


@pytest.mark.parametrize(("ask", "index"), ASKED)
async def test_sqlite_uses_an_index(tmp_path, monkeypatch, ask, index):
    """No statement reads the whole table, or sorts what it read."""
    told = []
    store = SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=utc_now)
    await store.open()

    def explained(work):
        def traced(connection):
            connection.set_trace_callback(told.append)
            result = work(connection)
            connection.set_trace_callback(None)
            return result

        return traced

    read, submit = store._read, store._writer.submit
    monkeypatch.setattr(store, "_read", lambda work: read(explained(work)))
    monkeypatch.setattr(store._writer, "submit", lambda work: submit(explained(work)))
    await ask(store)
    [statement] = told
    plan = await read(lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
    await store.close()
    steps = "\n".join(step[-1] for step in plan)

    assert re.search(IN_SQLITE[index], steps), steps
    assert not re.search(r"SCAN call(?!.*calls_sending)|TEMP B-TREE", steps), steps


IN_POSTGRESQL = {
    "key": "calls_pkey",
    "call_id": "calls_call_id_key",
    "newest": "calls_newest",
    "by_custom": "calls_by_custom",
    "number": "call_numbers_pkey",
    "sending": "calls_sending",
    "due": "calls_due",
    "token": "report_tokens_pkey",
    "stale": "calls_stale",
    "events": "events_pkey",
    "events_of_calls": "events_of_calls",
    "sequences": "sequences_pkey",
}

MANY = """
    INSERT INTO calls (account, request_id, call_id, request, request_hash, attempt, owner, dispatch, is_free,
        was_unknown, send_deadline, created, updated, error, reply, warnings, resolution, stage, custom)
    SELECT 'default', 'request-' || n, 'call-' || n, '', '', 1, '', 3, false, false, now(), now(), now(), '', '', '',
        '', n % 3, 'custom-' || n
    FROM generate_series(1, 20000) AS n;
    INSERT INTO call_numbers SELECT account, substr(call_id, 6), created, call_id FROM calls;
    INSERT INTO report_tokens SELECT call_id::bytea, account, request_id FROM calls;
    INSERT INTO events SELECT account, row_number() OVER (), call_id, now(), 1, 2, NULL, '' FROM calls;
    INSERT INTO sequences SELECT 'account-' || n, 1, 0 FROM generate_series(1, 20000) AS n;
    ANALYZE calls, call_numbers, events, report_tokens, sequences
"""


@pytest.fixture(scope="module")
def filled(postgres):
    """The URL of a database with records of which nothing is due."""
    return postgres.new_database()


@pytest.mark.parametrize(("ask", "index"), ASKED)
async def test_postgresql_uses_an_index(postgres, filled, ask, index):
    """No statement reads a whole table of 20,000 records."""
    told = []
    store = PostgresqlStore(filled, create=True)
    await store.open()
    if postgres.sql("SELECT count(*) FROM calls", filled) == "0":
        postgres.sql(MANY, filled)
    async with store._readers.lend() as connection:
        connection.add_query_logger(told.append)
    await ask(store)
    async with store._readers.lend() as connection:
        connection.remove_query_logger(told.append)
        plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {told[-1].query}", *told[-1].args)
    await store.close()
    steps = list(nodes(json.loads(plan)[0]["Plan"]))

    assert IN_POSTGRESQL[index] in {step.get("Index Name") for step in steps}, plan
    assert [] == [step for step in steps if step["Node Type"] == "Seq Scan"]


def nodes(plan):
    """A plan and all that it stands on."""
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)
