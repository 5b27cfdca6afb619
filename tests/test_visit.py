"""Whatever goes wrong inside of a method leaves as one status, with nothing in it that is nobody's business."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from gateway_under_test import place_call_request, refusal_of
from planted import planted
from raw_caller import METHODS, good_requests, refused, sent
from waiting import until

from gateway.app import SERVICE
from gateway.errors import ROW_BY_REASON, GatewayError
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, Dispatch, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallResponse,
    Heartbeat,
    ListCallsResponse,
    PlaceCallResponse,
    WatchCallsResponse,
)

SECRET = "Zq7-secret"
NUMBER = "+13236550107"
UNARY = [name for name in METHODS if name != "WatchCalls"]


def raising(failure: BaseException) -> Any:
    """A method that fails so."""

    async def method(_request: Any, _inbound: Any) -> Any:
        raise failure

    return method


def streaming(*steps: Any) -> Any:
    """A stream that sends messages, and fails where an exception stands among them."""

    async def method(_request: Any, _inbound: Any) -> AsyncIterator[Any]:
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            yield step

    return method


def as_rpc(rpc: str, method: Any) -> Any:
    """Turns a coroutine function into a stream, for the RPC that streams."""
    if rpc != "WatchCalls" or not asyncio.iscoroutinefunction(method):
        return method

    async def stream(request: Any, inbound: Any) -> AsyncIterator[Any]:
        yield await method(request, inbound)

    return stream


async def _a_cancelled_task(_request: Any, _inbound: Any) -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(task.cancel)
    await task


async def _a_cancelled_future(_request: Any, _inbound: Any) -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def _a_task_group(_request: Any, _inbound: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_a_cancelled_future(None, None))
        raise asyncio.CancelledError(SECRET)


BUGS = [
    pytest.param(raising(RuntimeError(f"{SECRET} {NUMBER}")), id="an exception with a secret in its text"),
    pytest.param(raising(KeyError(NUMBER)), id="a missing key that is a number"),
    pytest.param(raising(ExceptionGroup(SECRET, [ValueError(NUMBER)])), id="a group of exceptions"),
    pytest.param(raising(grpc.RpcError(SECRET)), id="an error of gRPC's client"),
    pytest.param(raising(asyncio.CancelledError(SECRET)), id="a CancelledError that nobody asked for"),
    pytest.param(raising(TimeoutError(SECRET)), id="a timeout inside"),
    pytest.param(_a_cancelled_task, id="a task that was cancelled"),
    pytest.param(_a_cancelled_future, id="a future that was cancelled"),
    pytest.param(_a_task_group, id="a task group that was cancelled"),
    pytest.param(lambda _request, _inbound: 1 / 0, id="a bug before anything is awaited"),
    pytest.param(lambda _request, _inbound: None, id="nothing to await"),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bug", BUGS)
async def test_a_bug_is_one_internal_error(bug, method):
    """Any failure of a method's own is INTERNAL at once, under an id that finds it in the log; nothing else is told."""
    async with planted(as_rpc(method, bug)) as server:
        error = await refused(server.channel, good_requests()[method], method)
        log = server.log.getvalue()
        [told] = server.lines("bug")
        [line] = server.lines("call")

    assert ("INTERNAL", "INTERNAL") == (error.code, error.reason)
    assert ROW_BY_REASON[ErrorReason.Value("ERROR_REASON_INTERNAL")].message == error.message
    assert error.info.metadata["error_id"] == told["error_id"] == line["error_id"]
    assert method == told["method"]
    for secret in (SECRET, NUMBER, "3236550107"):
        assert secret not in str(error.trailers) + str(error.status) + error.message
        assert secret not in log


async def test_the_log_tells_where_a_bug_is():
    """The stack names the exception, its cause and their places; their texts are not told."""

    async def method(_request: Any, _inbound: Any) -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise OSError(24, SECRET) from error

    async with planted(method) as server:
        await refused(server.channel, place_call_request())
        [bug] = server.lines("bug")

    assert "OSError: Too many open files" in bug["exception"]
    assert "KeyError" in bug["exception"]
    assert f"{__file__}:" in bug["exception"]
    assert SECRET not in json.dumps(bug)


@pytest.mark.parametrize("method", UNARY)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="nothing"),
        pytest.param(Heartbeat(sequence=1), id="another message"),
        pytest.param("text", id="a text"),
        pytest.param(b"\x0a\x00", id="bytes that would do"),
        pytest.param(PlaceCallResponse, id="a class"),
    ],
)
async def test_a_wrong_answer_is_a_bug(answer, method):
    """What is not the RPC's response is not sent, though grpc would serialise it in silence."""

    async def wrong(_request: Any, _inbound: Any) -> Any:
        return answer

    async with planted(wrong) as server:
        error = await refused(server.channel, good_requests()[method], method)

    assert "INTERNAL" == error.reason


RESPONSE_BY_METHOD = {
    "PlaceCall": PlaceCallResponse(replayed=True),
    "GetCall": GetCallResponse(call=OutboundCall(call_id="C")),
    "ListCalls": ListCallsResponse(next_page_token="T"),
}


@pytest.mark.parametrize("method", UNARY)
async def test_the_right_answer_passes_as_it_is(method):
    """What a method returns is what the caller reads."""

    async def right(_request: Any, _inbound: Any) -> Any:
        return RESPONSE_BY_METHOD[method]

    async with planted(right) as server:
        answer = await sent(server.channel, method, good_requests()[method].SerializeToString())

    assert RESPONSE_BY_METHOD[method].SerializeToString() == answer


# Every reason, as it leaves


@pytest.mark.parametrize("method", ["PlaceCall", "GetCall", "WatchCalls"])
@pytest.mark.parametrize("reason", [name for name, value in ErrorReason.items() if value])
async def test_every_reason_leaves_as_its_row_says(reason, method):
    """Code, text, ErrorInfo, dispatch, advice and the trailer against repeating follow from the reason alone."""
    failure = GatewayError(ErrorReason.Value(reason))
    row = ROW_BY_REASON[failure.reason]
    async with planted(as_rpc(method, raising(failure))) as server:
        error = await refused(server.channel, good_requests()[method], method)
        [line] = server.lines("call")

    dispatch = "" if row.dispatch is None or method != "PlaceCall" else Dispatch.Name(row.dispatch)
    retry = "" if row.retry is None or method != "PlaceCall" else RetryAdvice.Name(row.retry)
    request_id = "test-0000001" if method in {"PlaceCall", "GetCall"} else ""
    expected = {"dispatch": dispatch, "retry": retry, "request_id": request_id}
    message = row.message if dispatch else row.message.removesuffix(" Nobody was dialed.")  # no question of a read
    assert (row.code.name, message) == (error.code, error.message)
    assert (row.code.value[0], message) == (error.status.code, error.status.message)
    assert ("voicegateway.v1", reason) == (error.info.domain, error.info.reason)
    assert {name: value for name, value in expected.items() if value} == dict(error.info.metadata)
    assert (None if retry == "RETRY_ADVICE_REPEAT" else "-1") == error.pushback
    assert (reason, method) == (line["outcome"], line["method"])


async def test_what_cannot_be_rendered_keeps_its_verdict():
    """A detail that breaks its message is left out and logged; what happened to the phones is told all the same."""
    failure = GatewayError(ErrorReason.Value("ERROR_REASON_OUTCOME_UNKNOWN"), provider_message="\ud800")
    async with planted(raising(failure)) as server:
        error = await refused(server.channel, place_call_request())
        bugs = server.lines("bug")

    assert ("UNKNOWN", "OUTCOME_UNKNOWN") == (error.code, error.reason)
    assert ("OUTCOME_UNKNOWN", "LOOK_UP", "-1") == (error.dispatch, error.retry, error.pushback)
    assert 1 == len(bugs)


# Streams


FIRST = WatchCallsResponse(heartbeat=Heartbeat(sequence=1))
OUT_OF_RANGE = GatewayError(ErrorReason.Value("ERROR_REASON_CURSOR_OUT_OF_RANGE"))


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        pytest.param(OUT_OF_RANGE, "CURSOR_OUT_OF_RANGE", id="a refusal"),
        pytest.param(RuntimeError(SECRET), "INTERNAL", id="a bug"),
        pytest.param(asyncio.CancelledError(), "INTERNAL", id="an inner cancellation"),
        pytest.param(PlaceCallResponse(), "INTERNAL", id="another message"),
    ],
)
async def test_a_stream_may_fail_after_its_first_message(second, reason):
    """What was sent stays sent; then the stream ends in one status."""
    async with planted(streaming(FIRST, second, FIRST)) as server:
        stream = server.channel.unary_stream(f"/{SERVICE.full_name}/WatchCalls")(b"", timeout=30)
        first = await stream.read()
        error = await refusal_of(stream.read())
        [line] = server.lines("call")

    assert FIRST.SerializeToString() == first
    assert (reason, ("", ""), "-1") == (error.reason, (error.dispatch, error.retry), error.pushback)
    assert f"ERROR_REASON_{reason}" == line["outcome"]


async def test_a_stream_that_ends_is_a_success():
    """All messages arrive in order, and then OK."""
    messages = [WatchCallsResponse(heartbeat=Heartbeat(sequence=number)) for number in range(1, 4)]
    async with planted(streaming(*messages)) as server:
        stream = server.channel.unary_stream(f"/{SERVICE.full_name}/WatchCalls")(b"", timeout=30)
        received = [message async for message in stream]
        code = await stream.code()
        [line] = server.lines("call")

    assert [message.SerializeToString() for message in messages] == received
    assert grpc.StatusCode.OK == code
    assert ("OK", "WatchCalls") == (line["outcome"], line["method"])


# Callers that go away


async def _waits(_request: Any, _inbound: Any) -> Any:
    await asyncio.sleep(60)


async def _streams_and_waits(_request: Any, _inbound: Any) -> AsyncIterator[Any]:
    yield FIRST
    await asyncio.sleep(60)


async def _streams_without_end(_request: Any, _inbound: Any) -> AsyncIterator[Any]:
    while True:
        yield WatchCallsResponse(heartbeat=Heartbeat(sequence=2**62))


@pytest.mark.parametrize(
    ("rpc", "method"),
    [
        pytest.param("GetCall", _waits, id="waiting for an answer"),
        pytest.param("WatchCalls", _streams_and_waits, id="waiting for a stream"),
        pytest.param("WatchCalls", _streams_without_end, id="not reading a stream"),
    ],
)
async def test_a_caller_that_leaves_is_no_error(rpc, method):
    """A caller's own cancellation ends the RPC, is one line in the log, and no bug."""
    begun = asyncio.Event()

    def begins(request: Any, inbound: Any) -> Any:
        begun.set()
        return method(request, inbound)

    async with planted(begins) as server:
        path, body = f"/{SERVICE.full_name}/{rpc}", good_requests()[rpc].SerializeToString()
        multi = server.channel.unary_stream if rpc == "WatchCalls" else server.channel.unary_unary
        call = multi(path)(body, timeout=60)
        await asyncio.wait_for(begun.wait(), 60)
        await asyncio.sleep(0.1)
        call.cancel()
        await until(lambda: bool(server.lines("call")))
        await asyncio.wait_for(server.boundary.idle(), 60)
        await asyncio.sleep(0.05)
        lines = server.lines("call")
        bugs = server.lines("bug")

    assert ["CALLER_GONE"] == [line["outcome"] for line in lines]
    assert [] == bugs


# The log line, and the end of an RPC


async def test_a_call_is_one_line():
    """The line has the method, outcome, ids, verdict, what the method adds, and how long it took."""

    async def method(_request: Any, inbound: Any) -> PlaceCallResponse:
        inbound.facts["provider_ms"] = 1.5
        call = OutboundCall(call_id="01KB5Y4W2M6T9V3C8D1E7F0GHJ", dispatch=DISPATCH_ACCEPTED)
        call.provider_reply.code = "RBC3007"
        return PlaceCallResponse(call=call)

    async with planted(method) as server:
        await sent(server.channel, "PlaceCall", place_call_request(requestId="test-0000001").SerializeToString())
        [line] = server.lines("call")

    assert 0 <= line.pop("duration_ms") < 10_000
    assert line.pop("timestamp")
    assert {
        "event": "call",
        "level": "info",
        "method": "PlaceCall",
        "outcome": "OK",
        "request_id": "test-0000001",
        "call_id": "01KB5Y4W2M6T9V3C8D1E7F0GHJ",
        "dispatch": "DISPATCH_ACCEPTED",
        "provider_code": "RBC3007",
        "provider_ms": 1.5,
    } == line


async def test_an_rpc_runs_until_its_answer_has_left():
    """The boundary is idle only when stopping the server takes no answer away, however long it is on its way."""
    release, begun = asyncio.Event(), []
    long = PlaceCallResponse(call=OutboundCall(call_id="C" * 1_000_000))

    async def method(_request: Any, _inbound: Any) -> PlaceCallResponse:
        begun.append("an RPC")
        await release.wait()
        return long

    async with planted(method) as server:
        body = place_call_request().SerializeToString()
        calls = [asyncio.ensure_future(sent(server.channel, "PlaceCall", body)) for _ in range(20)]
        await until(lambda: len(begun) == 20)
        idle = asyncio.create_task(server.boundary.idle())
        await asyncio.sleep(0.1)
        early = idle.done()
        release.set()
        await asyncio.wait_for(idle, 60)
        await server.server.stop(None)
        answers = await asyncio.gather(*calls)

    assert not early
    assert [len(long.SerializeToString())] * 20 == [len(answer) for answer in answers]


async def test_a_bug_after_the_call_was_recorded_says_nothing_of_the_phones():
    """The call is named, and what happened to the phones left open; a repeat is answered from the record."""

    async def method(_request: Any, inbound: Any) -> Any:
        inbound.facts["call_id"] = "01KB5Y4W2M6T9V3C8D1E7F0GHJ"
        raise RuntimeError(SECRET)

    async with planted(method) as server:
        error = await refused(server.channel, place_call_request())

    assert ("INTERNAL", "", "REPEAT") == (error.reason, error.dispatch, error.retry)
    assert "01KB5Y4W2M6T9V3C8D1E7F0GHJ" == error.info.metadata["call_id"]
    assert error.info.metadata["error_id"]
