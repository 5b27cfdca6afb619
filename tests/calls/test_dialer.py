"""The dialer: what only happens between two turns of the event loop, and a stand-in for the client can arrange."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from gateway_under_test import place_call_request
from raw_provider import ACCEPTED
from structlog.testing import capture_logs

from gateway.accounts import Account, FixedKey
from gateway.calls.answers import Answers
from gateway.calls.dialer import Dialer
from gateway.clock import utc_now
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.kaleyra.client import Fence
from gateway.kaleyra.reply import HttpReply, Reading
from gateway.ledger.ledger import Ledger
from gateway.ledger.sqlite.store import SqliteStore
from voicegateway.v1.outbound_call_pb2 import DISPATCH_NOT_SENT
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse

ACCOUNT = Account("default", "http://127.0.0.1:9/v1/SID/voice/outbound", FixedKey("a-key"))


class Client:
    """Answers every POST, and does something right before."""

    def __init__(self, before: Callable[[], None]) -> None:
        self.before = before
        self.posts = 0

    async def post(self, _url: str, _key: str, _body: bytes, fence: Fence) -> HttpReply:
        await asyncio.sleep(0)
        fence.check()
        self.posts += 1
        self.before()
        return HttpReply(200, json.dumps(ACCEPTED).encode())


MakeDialer = Callable[..., Dialer]


@pytest.fixture
async def dialer_with(tmp_path: Path) -> AsyncIterator[MakeDialer]:
    """Makes a dialer before a client, with a ledger of its own."""
    ledger = Ledger(SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=utc_now))
    await ledger.open()

    def make(client: Client, begin_within: float = 60) -> Dialer:
        return Dialer(
            client,
            Reading(),
            ledger,
            Answers(timedelta(days=30)),
            begin_within=begin_within,
            send_within=60,
            calls_in_flight=10,
            reports=None,
            now=utc_now,
        )

    yield make
    await ledger.close()


def dialing(dialer: Dialer) -> Awaitable[PlaceCallResponse]:
    return dialer.dial(place_call_request(), ACCOUNT, [], Inbound())


async def test_a_caller_that_leaves_at_the_moment_of_the_verdict_has_its_line(dialer_with):
    """The verdict is there and the caller is gone in the same turn of the loop: one line says both."""

    def leave() -> None:
        caller.cancel()

    dialer = dialer_with(Client(leave))
    with capture_logs() as lines:
        caller = asyncio.create_task(dialing(dialer))
        with pytest.raises(asyncio.CancelledError):
            await caller
        await dialer.drain()
        await asyncio.sleep(0)

    [line] = [line for line in lines if line["event"] == "call"]
    assert ("gone", "OK", "DISPATCH_ACCEPTED", "RBC3007") == (
        line["caller"],
        line["outcome"],
        line["dispatch"],
        line["provider_code"],
    )
    assert Counter({"OK": 1, "CALLER_GONE": 1}) == dialer.outcomes
    assert 0 == dialer.in_flight


async def test_a_drain_waits_for_a_call_without_a_caller(dialer_with):
    """A drain ends when the last call has, whoever waits for it."""
    arrived, released = asyncio.Event(), asyncio.Event()

    class Slow(Client):
        async def post(self, *args: object) -> HttpReply:
            arrived.set()
            await released.wait()
            return await super().post(*args)

    client = Slow(lambda: None)
    dialer = dialer_with(client)
    caller = asyncio.create_task(dialing(dialer))
    await asyncio.wait_for(arrived.wait(), 60)
    caller.cancel()
    drain = asyncio.create_task(dialer.drain())
    await asyncio.sleep(0.01)

    assert not drain.done()
    assert not dialer.has_room()
    released.set()
    await asyncio.wait_for(drain, 60)
    assert 1 == client.posts
    assert 0 == dialer.in_flight


async def test_a_connection_that_comes_too_late_is_not_used(dialer_with):
    """The time before the first byte counts from the making of the call, also where no timeout noticed it pass."""
    client = Client(lambda: None)
    dialer = dialer_with(client, begin_within=0)

    with pytest.raises(GatewayError, match="PROVIDER_UNREACHABLE") as caught:
        await dialing(dialer)

    assert DISPATCH_NOT_SENT == caught.value.dispatch
    assert 0 == client.posts
