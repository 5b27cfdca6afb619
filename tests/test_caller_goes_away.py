"""A caller that goes away changes nothing: what was sent is seen through, logged and counted; the rest is not sent."""

import asyncio
import gc
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Never

import faults
import grpc
import pytest
from gateway_under_test import place_call_request
from raw_provider import ACCEPTED, REFUSED, reply
from structlog.testing import capture_logs

from gateway.calls import attempt
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

PATIENT = {"connect_timeout": 10, "reply_timeout": 30}


@pytest.fixture
async def gateway(start_gateway):
    """A gateway that waits long for the provider."""
    return await start_gateway(provider=PATIENT)


@pytest.fixture(autouse=True)
async def noise() -> AsyncIterator[list[str]]:
    """What asyncio complains of: nothing, in any of these tests."""
    gc.collect()  # what others left behind is not ours
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: complaints.append(str(context)))
    yield complaints
    gc.collect()
    await asyncio.sleep(0)
    loop.set_exception_handler(before)

    assert [] == complaints


async def cancels(gateway, provider) -> None:
    """Places a call, and cancels it when its request has arrived."""
    rpc = gateway.stub.PlaceCall(place_call_request())
    await provider.arrivals(1)
    rpc.cancel()
    await asyncio.wait_for(gateway.gateway._boundary.idle(), 60)


async def runs_out_of_time(gateway, provider) -> None:
    """Places a call with little time, which passes after its request has arrived."""
    rpc = gateway.stub.PlaceCall(place_call_request(), timeout=3)
    await provider.arrivals(1)
    with pytest.raises(grpc.aio.AioRpcError):
        await rpc
    await asyncio.wait_for(gateway.gateway._boundary.idle(), 60)


def answers(answer: bytes) -> faults.Behavior:
    async def behavior(connection: faults.Connection) -> None:
        await connection.receive()
        await connection.provider.release.wait()
        await connection.send(answer)

    return behavior


ENDINGS = [
    pytest.param(answers(reply(ACCEPTED)), "OK", "ACCEPTED", "RBC3007", id="accepted"),
    pytest.param(answers(reply(REFUSED)), "ERROR_REASON_BRIDGE_NOT_FOUND", "REJECTED", "RBC3119", id="refused"),
    pytest.param(answers(b""), "ERROR_REASON_OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", None, id="no answer"),
]


@pytest.mark.parametrize("leaves", [pytest.param(cancels, id="cancels"), pytest.param(runs_out_of_time, id="time")])
@pytest.mark.parametrize(("ending", "outcome", "dispatch", "code"), ENDINGS)
async def test_a_call_is_seen_through_without_its_caller(gateway, provider, leaves, ending, outcome, dispatch, code):
    """A request that has left gets its one POST and its verdict, one line in the log and one count, all the same."""
    provider.behave(ending)
    with capture_logs() as lines:
        await leaves(gateway, provider)
        assert 1 == gateway.gateway.dialer.in_flight
        provider.release.set()
        await asyncio.wait_for(gateway.gateway.dialer.drain(), 60)

    assert 1 == len(provider.posts)
    assert 0 == gateway.gateway.dialer.in_flight
    assert Counter({outcome: 1, "CALLER_GONE": 1}) == gateway.gateway.dialer.outcomes
    [line] = [line for line in lines if line["event"] == "call"]
    assert ("gone", outcome, f"DISPATCH_{dispatch}", code) == (
        line["caller"],
        line["outcome"],
        line["dispatch"],
        line.get("provider_code"),
    )
    assert dict(provider.posts[0].form)["custom"] == line["call_id"]
    assert ("warning" if outcome == "ERROR_REASON_OUTCOME_UNKNOWN" else "info") == line["log_level"]


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(lambda rpc: rpc.cancel(), id="cancels"),
        pytest.param(lambda rpc: rpc.exception(), id="time"),
    ],
)
async def test_a_caller_that_is_gone_before_is_not_dialed_for(gateway, provider, ends):
    """A request that nobody waits for any more when the gateway gets to it is not sent."""
    caller = ImpatientCaller(gateway.address, ends)
    calling = asyncio.create_task(asyncio.to_thread(caller.call))
    await asyncio.to_thread(caller.connected.wait, 20)

    caller.busy.set()
    gone = caller.gone.wait(20)  # blocks the gateway's loop, too: it gets to the request only now
    await calling
    await gateway.place_call(requestId="test-0000002")

    assert gone
    assert 1 == len(provider.posts)
    assert Counter({"OK": 1}) == gateway.gateway.dialer.outcomes


class ImpatientCaller:
    """Calls from a thread of its own, while the gateway is busy, and does not wait long."""

    def __init__(self, address: str, ends: Callable[[Any], None]) -> None:
        self._address = address
        self._ends = ends
        self.connected, self.busy, self.gone = threading.Event(), threading.Event(), threading.Event()

    def call(self) -> None:
        with grpc.insecure_channel(self._address) as channel:
            grpc.channel_ready_future(channel).result(20)
            self.connected.set()
            self.busy.wait(20)
            rpc = OutboundCallServiceStub(channel).PlaceCall.future(place_call_request(), timeout=0.5)
            time.sleep(0.2)
            self._ends(rpc)
            time.sleep(0.5)  # the gateway's side of the channel, which is not its loop, hears of it
            self.gone.set()


def planted(*_args: object) -> Never:
    """Stands in for a function of ours that has a bug."""
    raise ValueError("a bug near +13236550107")


@pytest.mark.parametrize("function", ["read_verdict", "ProviderReply"])
async def test_a_bug_after_the_post_is_an_unknown_outcome(gateway, provider, monkeypatch, function):
    """Where our own code fails on an answer, phones may ring: the caller looks the call up, and repeats nothing."""
    monkeypatch.setattr(attempt, function, planted)

    with capture_logs() as lines:
        error = await gateway.place_call_error()

    assert ("OUTCOME_UNKNOWN", "UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", "-1") == (
        error.reason,
        error.code,
        error.dispatch,
        error.retry,
        error.pushback,
    )
    assert 1 == len(provider.posts)
    [bug] = [line for line in lines if line["event"] == "bug"]
    assert bug["error_id"] == error.info.metadata["error_id"]
    assert b"a bug near" not in error.status.SerializeToString()


async def test_a_bug_before_the_post_is_a_bug(gateway, provider, monkeypatch):
    """Where our own code fails on a request, nothing is sent, and the id stays free."""
    with monkeypatch.context() as patched:
        patched.setattr(attempt, "to_form", planted)
        error = await gateway.place_call_error(requestId="test-0000001")
        posts = len(provider.posts)
    again = await gateway.place_call(requestId="test-0000001")

    assert ("INTERNAL", "INTERNAL", "NOT_SENT", "REPEAT") == (error.reason, error.code, error.dispatch, error.retry)
    assert error.info.metadata["error_id"]
    assert (0, False) == (posts, again.replayed)
    assert 0 == gateway.gateway.dialer.in_flight


async def test_a_bug_without_its_caller_is_told_to_the_log(gateway, provider, monkeypatch):
    """A bug that nobody waits for leaves its stack, and one line that names it."""
    monkeypatch.setattr(attempt, "read_verdict", planted)
    provider.behave(faults.answers_when_released)

    with capture_logs() as lines:
        await cancels(gateway, provider)
        provider.release.set()
        await asyncio.wait_for(gateway.gateway.dialer.drain(), 60)

    [bug] = [line for line in lines if line["event"] == "bug"]
    [line] = [line for line in lines if line["event"] == "call"]
    assert ("gone", "ERROR_REASON_OUTCOME_UNKNOWN", bug["error_id"]) == (
        line["caller"],
        line["outcome"],
        line["error_id"],
    )
