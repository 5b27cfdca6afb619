"""When a broken stream is opened again: soon at first, later each time, and not without an end."""

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2
from scripted_server import DETAILS, failure, info

from voicegateway.v1.outbound_call_service_pb2 import CallEvent, Heartbeat, WatchCallsRequest, WatchCallsResponse
from voicegateway_client import CallError, watch_call, watch_call_aio, watch_calls, watch_calls_aio
from voicegateway_client.resumption import Resumption
from voicegateway_client.silence import SilenceGuard

BROKEN = CallError(grpc.StatusCode.UNAVAILABLE)
EVENT = WatchCallsResponse(event=CallEvent(sequence=1))
BEAT = WatchCallsResponse(heartbeat=Heartbeat(sequence=1))


class Clock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def resumption(
    *,
    patience: float | None = None,
    first_wait: float = 0.2,
    longest_wait: float = 5.0,
    now: Callable[[], float] = lambda: 0.0,
) -> Resumption:
    request = WatchCallsRequest(request_id="reminder-1")
    return Resumption(request, patience=patience, first_wait=first_wait, longest_wait=longest_wait, now=now)


def waits(times: int, following: Resumption) -> list[float]:
    return [wait for _ in range(times) if (wait := following.wait_after(BROKEN)) is not None]


@pytest.mark.parametrize(
    ("settings", "longest"),
    [
        pytest.param({}, [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5], id="by default"),
        pytest.param({"first_wait": 4, "longest_wait": 3}, [3, 3], id="with a longest wait"),
    ],
)
def test_waits_double_up_to_the_longest(settings, longest):
    """Each is at random between half of it and all of it, so that callers do not come back together."""
    runs = [waits(len(longest), resumption(**settings)) for _ in range(50)]

    for most, seen in zip(longest, zip(*runs, strict=True), strict=True):
        assert most / 2 <= min(seen) <= max(seen) <= most
        assert len(set(seen)) > 40


@pytest.mark.parametrize("message", [pytest.param(EVENT, id="an event"), pytest.param(BEAT, id="a heartbeat")])
def test_a_message_makes_the_next_wait_short_again(message):
    """A gateway that speaks is there."""
    following = resumption()
    waits(5, following)
    following.take(message)

    assert waits(1, following)[0] <= 0.2


def test_a_longer_wait_that_the_gateway_asks_for_holds():
    """RetryInfo says when another stream is of use; a shorter one does not hurry."""
    assert 20 == resumption().wait_after(asks_for(seconds=20))
    assert 0.1 <= resumption().wait_after(asks_for(seconds=0)) <= 0.2


def asks_for(*, seconds: int) -> CallError:
    retry = details_pb2.RetryInfo(retry_delay=Duration(seconds=seconds))
    answer = failure(grpc.StatusCode.RESOURCE_EXHAUSTED, info("ERROR_REASON_RATE_LIMITED"), retry)
    return CallError(answer.code, status=status_pb2.Status.FromString(dict(answer.trailers)[DETAILS]))


def test_patience_is_lost_where_no_message_comes():
    """Its seconds count from the first break, and a wait that would end later is not begun."""
    clock = Clock()
    following = resumption(patience=300, now=clock)
    following.wait_after(BROKEN)
    clock.time += 299.5
    following.wait_after(BROKEN)
    clock.time += 0.4

    with pytest.raises(CallError) as caught:
        following.wait_after(BROKEN)
    assert BROKEN is caught.value


@pytest.mark.parametrize("message", [pytest.param(EVENT, id="an event"), pytest.param(BEAT, id="a heartbeat")])
def test_a_message_gives_all_patience_back(message):
    """It does not count how long ago the last break was."""
    clock = Clock()
    following = resumption(patience=300, now=clock)
    for _ in range(5):
        following.wait_after(BROKEN)
        clock.time += 299
        following.take(message)
        clock.time += 3600

    assert following.wait_after(BROKEN) <= 0.2


def test_without_a_limit_patience_has_no_end():
    """Whoever runs for years waits for years."""
    clock = Clock()
    following = resumption(patience=None, now=clock)
    for _ in range(100):
        following.wait_after(BROKEN)
        clock.time += 1e6

    assert following.wait_after(BROKEN) <= 5


def test_the_error_names_its_cause():
    """What gRPC raised is there for whoever debugs."""
    cause = grpc.RpcError()
    with pytest.raises(CallError) as caught:
        resumption(patience=0).wait_after(BROKEN, cause)

    assert cause is caught.value.__cause__


@pytest.mark.parametrize("function", [watch_call, watch_calls, watch_call_aio, watch_calls_aio])
def test_all_four_have_the_same_defaults(function):
    """The page names them once."""
    defaults = {key: value for key, value in function.__kwdefaults__.items() if "wait" in key or "ence" in key}
    del defaults["after_sequence"]

    assert {"silence": 60.0, "patience": 300.0, "first_wait": 0.2, "longest_wait": 5.0} == defaults


# Silence


class Stream:
    """A stream that can only be cancelled."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        self.cancelled.set()


@pytest.fixture
def guard() -> Any:
    """Lets nobody wait for long, and a machine that is busy no less."""
    guard = SilenceGuard(3.0)
    yield guard
    guard.stop()


def test_a_stream_that_is_waited_for_too_long_is_cancelled(guard):
    """The guard says that it was its doing."""
    silent, other = Stream(), Stream()
    with guard.over(silent):
        assert silent.cancelled.wait(60)

    assert guard.cut(silent)
    assert not guard.cut(other)


def test_who_does_not_wait_is_not_cut(guard):
    """A reader may take its time between two events: only what is waited for can be silent."""
    busy, silent = Stream(), Stream()
    with guard.over(busy):
        pass
    assert guard._waiting is None
    with guard.over(silent):
        assert silent.cancelled.wait(60)

    assert not busy.cancelled.is_set()


def test_a_guard_without_a_limit_has_no_thread():
    """Nothing is there to be ended."""
    guard = SilenceGuard(None)
    before = threading.active_count()
    with guard.over(Stream()):
        assert before == threading.active_count()
