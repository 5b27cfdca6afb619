"""Times: in protobuf's own range, in whole seconds, and near enough to now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gateway_under_test import place_call_request
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_caller import refused

from gateway.app import SERVICE
from gateway.rules import Rules
from voicegateway.v1.outbound_call_service_pb2 import ListCallsRequest, PlaceCallRequest

NOW = datetime(2026, 11, 24, 10, 0, 0, 250_000, tzinfo=UTC)
SECOND = NOW.replace(microsecond=0)
"""The whole second before now."""

RULES = Rules([PlaceCallRequest, ListCallsRequest], now=lambda: NOW)


def inner(request: PlaceCallRequest, path: str) -> Any:
    value: Any = request
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(
    ("path", "seconds", "nanos"),
    [
        pytest.param("call.retry_interval", 315_576_000_001, 0, id="a Duration too long"),
        pytest.param("call.delay", -315_576_000_001, 0, id="a Duration too negative"),
        pytest.param("call.timeout", 1, -1, id="a Duration of two signs"),
        pytest.param("call.timeout", 0, 1_000_000_000, id="a Duration with a second of nanoseconds"),
        pytest.param("call.retry_interval", 2**63 - 1, 2**31 - 1, id="the largest numbers there are"),
        pytest.param("call.delay", -(2**63), -(2**31), id="the smallest numbers there are"),
        pytest.param("call.schedule_time", 253_402_300_800, 0, id="the year 10000"),
        pytest.param("call.schedule_time", -62_135_596_801, 0, id="before the year 1"),
        pytest.param("call.schedule_time", 0, -1, id="a Timestamp with negative nanoseconds"),
        pytest.param("dial_before", 253_402_300_800, 0, id="dial_before in the year 10000"),
        pytest.param("dial_before", 0, 1_000_000_000, id="dial_before with a second of nanoseconds"),
    ],
)
async def test_a_time_that_none_can_be_is_refused_beside_the_rest(gateway, path, seconds, nanos):
    """The engine raises on such a value; it is refused at its place, and no other violation is hidden."""
    request = place_call_request(requestId="test-0000001", account="-")
    request.call.prefix = "12345"
    inner(request, path).seconds = seconds
    inner(request, path).nanos = nanos

    error = await refused(gateway.channel, request)

    expected = {(path, "VALUE_RANGE"), ("account", "STRING_PATTERN"), ("call.prefix", "STRING_PATTERN")}
    assert expected == set(error.violations)


@pytest.mark.parametrize("field", ["create_time_after", "create_time_before"])
async def test_a_reads_times_are_guarded_too(gateway, field):
    """Every request type's times are found by its descriptor."""
    request = ListCallsRequest(**{field: Timestamp(seconds=2**62)})

    error = await refused(gateway.channel, request, "ListCalls")

    assert [(field, "VALUE_RANGE")] == error.violations


async def test_times_at_the_end_of_all_times_are_no_bug(gateway, provider):
    """The last Timestamp is a time like any other."""
    last = Timestamp(seconds=253_402_300_799, nanos=999_999_999)
    request = place_call_request()
    request.dial_before.CopyFrom(last)
    await gateway.stub.PlaceCall(request, timeout=30)
    request.request_id = "another-0001"
    request.call.schedule_time.CopyFrom(last)
    error = await refused(gateway.channel, request)

    assert 1 == len(provider.posts)
    assert {("call.schedule_time", "TIMESTAMP_WHOLE_SECONDS"), ("call.schedule_time", "TIMESTAMP_WINDOW")} == set(
        error.violations
    )


DURATIONS = ("call.retry_interval", "call.delay", "call.timeout")
TIMESTAMPS = ("call.schedule_time", "dial_before")
NUMBERS = {"seconds": st.integers(-(2**63), 2**63 - 1), "nanos": st.integers(-(2**31), 2**31 - 1)}
NEAR = {"seconds": st.integers(-320_000_000_000, 320_000_000_000), "nanos": st.integers(-1_000_000_001, 1_000_000_001)}


@settings(deadline=None)
@given(
    durations=st.lists(st.builds(Duration, **NUMBERS) | st.builds(Duration, **NEAR), min_size=3, max_size=3),
    timestamps=st.lists(st.builds(Timestamp, **NUMBERS) | st.builds(Timestamp, **NEAR), min_size=2, max_size=2),
)
def test_no_time_breaks_the_engine(durations, timestamps):
    """Whatever numbers stand in a time, the rules answer, and refuse exactly what protobuf's own checks refuse."""
    request = place_call_request()
    for path, value in zip(DURATIONS + TIMESTAMPS, [*durations, *timestamps], strict=True):
        inner(request, path).CopyFrom(value)
    # `delay` and `schedule_time` are of one oneof: only the later one is left.
    present = [path for path in DURATIONS + TIMESTAMPS if path != "call.delay"]

    told = {violation.field for violation in RULES.violations(request) if violation.reason == "VALUE_RANGE"}

    assert {path for path in present if not representable(inner(request, path))} == told


def representable(value: Duration | Timestamp) -> bool:
    """Whether protobuf's own JSON can hold it."""
    try:
        value.ToJsonString()
    except ValueError:
        return False
    return True


def lists_below(message: Any) -> set[str]:
    """The full names of the message types that stand in lists anywhere below a message."""
    found = set()
    for field in message.fields:
        if field.message_type is not None:
            found |= {field.message_type.full_name} if field.is_repeated else set()
            found |= lists_below(field.message_type)
    return found


def test_no_time_stands_in_a_list():
    """The guard looks at times in single fields of single messages; one in a list would need more."""
    in_lists = {name for method in SERVICE.methods for name in lists_below(method.input_type)}
    pool = SERVICE.file.pool
    kinds = {
        field.message_type.full_name
        for name in in_lists
        for field in pool.FindMessageTypeByName(name).fields
        if field.message_type is not None
    }

    assert set() == (in_lists | kinds) & {"google.protobuf.Duration", "google.protobuf.Timestamp"}


# The window of a schedule


def scheduled(at: datetime) -> PlaceCallRequest:
    request = place_call_request()
    request.call.schedule_time.FromDatetime(at)
    return request


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(SECOND, ["TIMESTAMP_WINDOW"], id="now"),
        pytest.param(SECOND + timedelta(minutes=15), ["TIMESTAMP_WINDOW"], id="a moment too early"),
        pytest.param(SECOND + timedelta(minutes=15, seconds=1), [], id="just late enough"),
        pytest.param(SECOND + timedelta(days=90), [], id="just early enough"),
        pytest.param(SECOND + timedelta(days=90, seconds=1), ["TIMESTAMP_WINDOW"], id="a moment too late"),
        pytest.param(datetime(2025, 11, 24, tzinfo=UTC), ["TIMESTAMP_WINDOW"], id="last year"),
        pytest.param(NOW + timedelta(days=1), ["TIMESTAMP_WHOLE_SECONDS"], id="tomorrow, not in whole seconds"),
    ],
)
def test_a_schedule_lies_15_minutes_to_90_days_ahead(at, expected):
    """The server's clock decides, to the second, before the provider's could."""
    found = RULES.violations(scheduled(at))

    assert expected == [violation.reason for violation in found]
    assert {"call.schedule_time"} >= {violation.field for violation in found}


@pytest.mark.parametrize("edge", [timedelta(minutes=15), timedelta(days=90)])
def test_both_ends_of_the_window_belong_to_it(edge):
    """15 minutes and 90 days, to the second, are in."""
    rules = Rules([PlaceCallRequest], now=lambda: SECOND)

    assert [] == rules.violations(scheduled(SECOND + edge))
