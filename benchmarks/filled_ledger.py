"""An SQLite ledger that holds many calls, made in seconds: one call is recorded as the gateway records it, and then
multiplied in SQL, with ids, times and numbers of its own for each copy.
"""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.clock import utc_now
from gateway.ledger import transitions
from gateway.ledger.record import Key, encoded
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.transitions import Outcome, Wish
from voicegateway.v1.outbound_call_pb2 import (
    Ivr,
    OutboundCallRequest,
    ProviderReply,
    Recipient,
)

FIRST = Key("default", "recorded-0")
REQUEST = OutboundCallRequest(recipients=[Recipient(number="+13236550107")], ivr=Ivr(flow_id="SG_1"))


def fill(file: Path, calls: int) -> None:
    """Makes a ledger of accepted calls, recorded-1 to recorded-N, and the one that they are copies of."""
    asyncio.run(_record_first(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # until it is filled, nothing depends on it
        connection.execute("BEGIN")
        _multiply(connection, "calls", calls, _OF_A_CALL)
        _multiply(connection, "call_numbers", calls, _OF_A_NUMBER)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _record_first(file: Path) -> None:
    store = SqliteStore(file, create=True, in_flight=lambda: 0, now=utc_now)
    await store.open()
    wish = Wish(
        key=FIRST,
        call_id="0" * 26,
        request=encoded(REQUEST),
        warnings=b"",
        owner="benchmarks",
        age=timedelta(),
        send_within=timedelta(seconds=30),
    )
    reply = ProviderReply(http_status=200, code="RBC3007", message="Submitted Successfully")
    reply.receive_time.FromDatetime(datetime.now(UTC))
    accepted = Outcome(error=None, reply=reply.SerializeToString())
    await store.change(FIRST, lambda record, now: transitions.reserve(record, wish, now))
    await store.change(FIRST, lambda record, now: transitions.finish(record, 1, wish.owner, accepted, now))
    await store.close()


_OF_A_CALL = {
    "request_id": "'recorded-' || n",
    "call_id": "printf('%026d', n)",
    "custom": "printf('%026d', n)",
    "created": "created + n",
}
_OF_A_NUMBER = {"call_id": "printf('%026d', n)", "digits": "printf('1323%07d', n % 100000)", "created": "created + n"}


def _multiply(connection: sqlite3.Connection, table: str, copies: int, own: dict[str, str]) -> None:
    """Copies the only row of a table, whatever columns it has; `own` says what differs in copy n."""
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(own.get(name, name) for name in columns)
    connection.execute(
        "WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, numbers WHERE call_id = ?",
        [copies, "0" * 26],
    )
