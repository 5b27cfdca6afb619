"""Events in PostgreSQL whose transaction commits late: whoever is past everything else is told of them all the same."""

import asyncio
import random
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from faulty_store import gateway_on
from gateway_under_test import running_gateway, settings_for
from watched_gateway import ONE, RECEIVER, watching

from gateway.ledger import rows
from gateway.ledger.keeper import Keeper
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.retention import Retention
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED
from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_DISPATCH_CHANGED

INSERT = f"""
    INSERT INTO unnumbered_events ({", ".join(rows.EVENT_COLUMNS)})
    VALUES ($1, $2, now(), {CALL_EVENT_TYPE_DISPATCH_CHANGED}, {DISPATCH_ACCEPTED}, NULL, '')
"""
"""What any replica writes within the transaction of a change."""


@pytest.fixture
async def watched(provider, database):
    """A gateway on a database that others write to as well."""
    settings = {"ledger": {"url": database}, "receiver": dict(RECEIVER)}
    async with running_gateway(provider.url, settings) as running, watching(running, provider) as gateway:
        yield gateway


@asynccontextmanager
async def late(database, call_id, account="default"):
    """An event of a transaction that is still open in the block, and commits at its end."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute(INSERT, account, call_id)
            yield
    finally:
        await connection.close()


async def test_it_gets_a_number_after_what_was_told_before(watched, database):
    """Its transaction began first and commits last: the watcher is past others' events by then, and hears of it."""
    call = await watched.place()
    account, one = watched.watch(after_sequence=2), watched.watch(call_id=call.call_id, after_sequence=2)
    async with late(database, call.call_id):
        other = await watched.place()
        before = await account.events(2)
        past = await watched.watch().heartbeat()
    after = await account.event()

    assert [(3, other.call_id), (4, other.call_id)] == [(event.sequence, event.call_id) for event in before]
    assert (4, 5, call.call_id) == (past, after.sequence, after.call_id)
    assert after == await one.event()


async def test_one_that_is_rolled_back_leaves_no_gap(watched, database):
    """The next event has the next number."""
    call = await watched.place()
    with pytest.raises(ZeroDivisionError):
        async with late(database, call.call_id):
            raise ZeroDivisionError
    await watched.plays(ONE, "BUSY")

    assert [1, 2, 3, 4] == [event.sequence for event in await watched.watch(call_id=call.call_id).rest()]


async def test_many_at_once(watched, database, provider):
    """Transactions that overlap in any way, numbered by two replicas: both tell each event once, in one order."""
    chance = random.Random(7)
    names = [f"01LATE{number:020}" for number in range(150)]
    left = iter(names)

    async def writes():
        for name in left:
            async with late(database, name):
                await asyncio.sleep(chance.uniform(0, 0.03))

    settings = {"ledger": {"url": database}, "receiver": dict(RECEIVER)}
    async with running_gateway(provider.url, settings) as running, watching(running, provider) as other:
        streams = [watched.watch(after_sequence=0), other.watch(after_sequence=0)]
        reading = [asyncio.create_task(stream.events(150)) for stream in streams]
        await asyncio.gather(*(writes() for _ in range(6)))
        here, there = await asyncio.gather(*reading)

    assert [*range(1, 151)] == [event.sequence for event in here]
    assert names == sorted(event.call_id for event in here)
    assert here == there


async def test_one_without_a_number_is_erased_too(database, provider):
    """Keys that were pressed a moment before the call's numbers go are not told afterwards, whatever comes first."""
    clock = timedelta()
    store = PostgresqlStore(database, create=True, ahead=lambda: clock)
    settings = {"receiver": dict(RECEIVER), "ledger": {"url": database, "erase_days": 1}, "watch": {"settle": 0.3}}
    async with gateway_on(store, provider.url, settings) as running, watching(running, provider) as watched:
        call = await watched.place()
        running.gateway._feed._task.cancel()  # nobody gives numbers
        await watched.report("call_end", callee=ONE, id="a", status="ANSWER", keypress="4711#9*")
        clock = timedelta(days=2)
        await Keeper(store, Retention.of(settings_for(provider.url, settings).ledger)).step()
        events = await watched.watch(call_id=call.call_id).rest()

    assert [1, 2, 3] == [event.sequence for event in events]
    assert "" == events[2].recipient.keypress
