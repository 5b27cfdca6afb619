"""Placing a call with repeats: the same request, as long as it may help, and never for longer than was allowed."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from gateway_under_test import place_call_request
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2 as details_pb2
from scripted_server import Failure, Silence, failure, info, scripted_server

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway_client import CallError, open_aio_channel, open_channel, place_call, place_call_aio
from voicegateway_client.placing import Repeats

CODES = grpc.StatusCode
Place = Callable[..., Awaitable[PlaceCallResponse]]


async def by_aio(address: str, request: PlaceCallRequest, **settings: Any) -> PlaceCallResponse:
    async with open_aio_channel(address) as channel:
        return await place_call_aio(channel, request, **settings)


async def by_threads(address: str, request: PlaceCallRequest, **settings: Any) -> PlaceCallResponse:
    def place() -> PlaceCallResponse:
        with open_channel(address) as channel:
            return place_call(channel, request, **settings)

    return await asyncio.to_thread(place)


@pytest.fixture(params=[by_aio, by_threads], ids=["asyncio", "threads"])
def place(request: pytest.FixtureRequest) -> Place:
    """Places a call, by either of gRPC's libraries, without waiting between attempts."""

    async def place(address: str, call: PlaceCallRequest, **settings: Any) -> PlaceCallResponse:
        return await request.param(address, call, **({"first_wait": 0.0} | settings))

    return place


def advised(retry: str, code: grpc.StatusCode = CODES.FAILED_PRECONDITION, *details: Any) -> Failure:
    return failure(code, info("ERROR_REASON_PAUSED", retry=f"RETRY_ADVICE_{retry}"), *details)


async def test_the_same_request_is_sent_until_it_is_accepted(place):
    """What may be repeated is, with the same id and content."""
    request = place_call_request()
    async with scripted_server(advised("REPEAT"), Failure(CODES.ABORTED), Failure(CODES.CANCELLED)) as server:
        reply = await place(server.address, request)

    assert "01M877T75TZ34YP86YJBAKTDN5" == reply.call.call_id
    assert [request] * 4 == [each.request for each in server.seen]


@pytest.mark.parametrize(
    "answer",
    [
        *(pytest.param(advised(retry), id=retry) for retry in ("CORRECT", "NEW_REQUEST_ID", "LOOK_UP", "UNSPECIFIED")),
        pytest.param(Failure(CODES.RESOURCE_EXHAUSTED), id="too large for somebody on the way"),
        pytest.param(Failure(CODES.UNIMPLEMENTED), id="no such service"),
    ],
)
async def test_what_a_repeat_does_not_help_is_not_repeated(place, answer):
    """One attempt, and its error."""
    async with scripted_server(answer) as server:
        with pytest.raises(CallError) as caught:
            await place(server.address, place_call_request())

    assert answer.code == caught.value.code
    assert isinstance(caught.value.__cause__, grpc.RpcError)
    assert 1 == len(server.seen)


async def test_the_last_answer_is_raised_when_no_attempt_is_left(place):
    """No more attempts are made than were allowed."""
    async with scripted_server(*[advised("REPEAT")] * 2, Failure(CODES.INTERNAL), advised("REPEAT")) as server:
        with pytest.raises(CallError) as caught:
            await place(server.address, place_call_request(), attempts=3)

    assert (3, CODES.INTERNAL) == (len(server.seen), caught.value.code)


async def test_a_deadline_that_passed_is_repeated(place):
    """Nothing is known then, and the gateway knows more."""
    request = place_call_request()
    async with scripted_server(Silence()) as server:
        await place(server.address, request, timeout=0.5, attempts=100)

    assert 2 <= len(server.seen)  # more of them where the machine is too slow
    assert {request.request_id} == {each.request.request_id for each in server.seen}
    assert 0.5 >= server.seen[0].seconds


async def test_no_attempt_begins_after_the_time_for_everything(place):
    """A wait of 50 seconds does not fit into 30: the error is told at once."""
    delay = details_pb2.RetryInfo(retry_delay=Duration(seconds=50))
    async with scripted_server(advised("REPEAT", CODES.RESOURCE_EXHAUSTED, delay)) as server:
        with pytest.raises(CallError) as caught:
            await place(server.address, place_call_request(), within=30)

    assert (1, 50) == (len(server.seen), caught.value.retry_delay.total_seconds())


async def test_a_wait_of_an_hour_is_never_begun(place):
    """Unless the caller says otherwise, everything together takes two minutes: no thread is held for an hour."""
    delay = details_pb2.RetryInfo(retry_delay=Duration(seconds=3600))
    async with scripted_server(advised("REPEAT", CODES.RESOURCE_EXHAUSTED, delay)) as server, asyncio.timeout(100):
        with pytest.raises(CallError) as caught:
            await place(server.address, place_call_request())

    assert (1, 3600) == (len(server.seen), caught.value.retry_delay.total_seconds())


async def test_the_last_attempt_has_no_more_time_than_is_left(place):
    """An attempt is cut to the time for everything."""
    async with scripted_server() as server:
        await place(server.address, place_call_request(), timeout=30, within=20)

    assert 20 >= server.seen[0].seconds


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        pytest.param({}, [(0.25, 0.5), (0.5, 1), (1, 2)], id="by default"),
        pytest.param({"attempts": 8}, [(0.25, 0.5), (0.5, 1), (1, 2), (2, 4), (4, 8), (4, 8), (4, 8)], id="many"),
        pytest.param({"first_wait": 4, "longest_wait": 3}, [(1.5, 3)] * 3, id="with a longest wait"),
    ],
)
def test_waits_double_up_to_the_longest(settings, waits):
    """Each wait is at random between half of it and all of it, so that callers do not come back together."""
    repeats = repeats_for(**settings)
    for least, most in waits:
        assert least <= repeats.wait_after(Aborted()) <= most
    with pytest.raises(CallError):
        repeats.wait_after(Aborted())


def test_the_gateways_own_delay_goes_before():
    """RetryInfo says when a repeat is of use."""
    waited = repeats_for(longest_wait=1.0).wait_after(Aborted(retry_delay=20))

    assert 20 == waited


class Aborted(grpc.RpcError):
    """What a stub raises for an error that may be repeated."""

    def __init__(self, retry_delay: int = 0) -> None:
        details = [details_pb2.RetryInfo(retry_delay=Duration(seconds=retry_delay))] if retry_delay else []
        self._failure = advised("REPEAT", CODES.ABORTED, *details)

    def code(self) -> grpc.StatusCode:
        return self._failure.code

    def details(self) -> str:
        return ""

    def trailing_metadata(self) -> Any:
        return self._failure.trailers


def repeats_for(
    *, attempts: int = 4, within: float = math.inf, first_wait: float = 0.5, longest_wait: float = 8.0
) -> Any:
    return Repeats(place_call_request(), 30.0, attempts, within, first_wait, longest_wait)


async def test_a_request_without_an_id_is_not_sent(place):
    """An id that is made up inside would be lost in a crash, and the call placed twice."""
    async with scripted_server() as server:
        with pytest.raises(ValueError, match="request_id is empty"):
            await place(server.address, PlaceCallRequest())

    assert [] == server.seen


async def test_metadata_goes_along_with_each_attempt(place):
    """A proxy on the way may want a token."""
    async with scripted_server(Failure(CODES.ABORTED)) as server:
        await place(server.address, place_call_request(), metadata=(("authorization", "Bearer x"),))

    assert ["Bearer x"] * 2 == [each.metadata["authorization"] for each in server.seen]


async def test_a_task_that_is_cancelled_ends_at_once():
    """Nobody waits for it any more."""
    async with scripted_server(Silence()) as server, open_aio_channel(server.address) as channel:
        task = asyncio.create_task(place_call_aio(channel, place_call_request()))
        while not server.seen:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert 1 == len(server.seen)


async def test_a_real_gateway_rings_once_whatever_is_repeated(place, start_gateway):
    """Attempts whose deadline passes while the provider is slow are one call, and its outcome is told."""
    sandbox = Sandbox(late_seconds=1.5)
    async with sandbox.serve() as url:
        account = {"base_url": url, "sid": DEFAULT_SID, "api_key": DEFAULT_KEY}
        gateway = await start_gateway(account=account, provider={"reply_timeout": 20.0})
        call = {"recipients": [{"number": "+13236550151"}], "ivr": {"flowId": "SG_1"}}
        reply = await place(gateway.address, place_call_request(call), timeout=1.0, attempts=100)

    assert reply.replayed
    [record] = sandbox.records
    assert reply.call.call_id == record.fields["custom"]
