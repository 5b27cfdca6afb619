"""A repeat is answered as long as its record can be read; nothing new is placed meanwhile."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import asyncpg
import pytest
from faulty_store import FaultyStore, MemoryStore, gateway_on
from gateway_under_test import TO_A_FLOW, running_gateway
from raw_provider import RawProvider, answering, http, reply
from recorded import ID, UNAVAILABLE, told

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED

OTHER = TO_A_FLOW | {"custom": "another"}
Locked = AbstractAsyncContextManager[None]


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Somebody else keeps the ledger from being written, and not from being read."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(Path(url.removeprefix("sqlite:///")), isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
        return
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE calls IN EXCLUSIVE MODE")
        yield
    await connection.close()


async def test_where_a_ledger_is_locked(ledger, provider):
    """On both databases: the repeat is answered, another call is not placed."""
    async with running_gateway(provider.url, {"ledger": ledger}) as gateway:
        await gateway.place_call(**ID)
        async with locked(ledger["url"]):
            repeat = await gateway.place_call(**ID)
            reused = await gateway.place_call_error(OTHER, **ID)
            new = await gateway.place_call_error(requestId="reminder-8813")

    assert (True, DISPATCH_ACCEPTED) == (repeat.replayed, repeat.call.dispatch)
    assert ("REQUEST_ID_REUSED", "ACCEPTED", "LOOK_UP") == (reused.reason, reused.dispatch, reused.retry)
    assert UNAVAILABLE == told(new)
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    ("behavior", "reason", "dispatch"),
    [
        pytest.param(answering(http(b"")), "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", id="unknown"),
        pytest.param(answering(reply({"code": "RBC3115"})), "FLOW_NOT_FOUND", "REJECTED", id="refused, spent"),
        pytest.param(answering(reply({"code": "RBC201"})), "LEDGER_UNAVAILABLE", "", id="refused, free"),
    ],
)
async def test_what_is_answered_is_the_record(provider: RawProvider, behavior: Callable, reason: str, dispatch: str):
    """But a free one, of which a repeat would be a new attempt: that cannot be recorded."""
    store = FaultyStore(MemoryStore())
    async with gateway_on(store, provider.url, {}) as gateway:
        provider.behave(behavior)
        await gateway.place_call_error(**ID)
        store.is_down = True
        repeat = await gateway.place_call_error(**ID)

    assert (reason, dispatch) == (repeat.reason, repeat.dispatch)
    assert 1 == len(provider.posts)
