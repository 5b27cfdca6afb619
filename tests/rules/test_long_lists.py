"""A request of a million bad items costs no more than one of one bad item too many."""

import time

import pytest
from gateway_under_test import place_call_request
from raw_caller import refused, to_many, with_unknown

from voicegateway.v1.outbound_call_pb2 import Dispatch, RetryStatus
from voicegateway.v1.outbound_call_service_pb2 import ListCallsRequest, PlaceCallRequest

GUARD = 20.0
"""Seconds for everything together on a busy machine; without the cuts it would be a minute."""

EMPTY_RECIPIENT = b"\x0a\x00"
EMPTY_ITEM = b"\x0a\x00"


def varint(number: int) -> bytes:
    """Writes a number as protobuf does."""
    more = bytes([number & 127 | 128]) if number > 127 else bytes([number])
    return more + varint(number >> 7) if number > 127 else more


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def with_call(call: bytes) -> bytes:
    return field(1, call) + field(2, b"test-0000001")


def a_million_recipients() -> bytes:
    return with_call(EMPTY_RECIPIENT * 1_000_000)


def a_million_playlist_items() -> bytes:
    return with_call(field(5, EMPTY_ITEM * 1_000_000))


def a_million_retry_rules() -> bytes:
    return with_call(field(7, EMPTY_ITEM * 1_000_000))


def statuses_without_end() -> bytes:
    return with_call(field(7, field(1, field(2, bytes(1_000_000)))))


def sounds_in_every_item() -> bytes:
    item = field(1, field(1, field(1, bytes(40_000))))
    return with_call(field(5, item * 100))


def many_below_any_size_that_would_be_noticed() -> bytes:
    return with_call(EMPTY_RECIPIENT * 10_000)


def urls_and_profiles() -> bytes:
    targets = field(1, b"") * 500_000 + field(2, b"") * 500_000
    return with_call(field(14, field(3, targets)))


@pytest.mark.parametrize(
    ("body", "lists"),
    [
        pytest.param(a_million_recipients, {"call.recipients"}, id="a million empty recipients"),
        pytest.param(a_million_playlist_items, {"call.playlist.items"}, id="a million empty items"),
        pytest.param(a_million_retry_rules, {"call.retry_rules.rules"}, id="a million empty retry rules"),
        pytest.param(statuses_without_end, {"call.retry_rules.rules[0].statuses"}, id="a million statuses"),
        pytest.param(sounds_in_every_item, {"call.playlist.items"}, id="100 items of 40,000 sounds"),
        pytest.param(many_below_any_size_that_would_be_noticed, {"call.recipients"}, id="10,000 in 20 kB"),
        pytest.param(
            urls_and_profiles,
            {"call.callbacks.call_end.urls", "call.callbacks.call_end.profile_ids"},
            id="half a million URLs and profiles",
        ),
    ],
)
async def test_a_flood_is_refused_as_one_list_too_long(gateway, body, lists):
    """A list that is far too long is told as such, with few of its items, in a moment."""
    request = body()
    began = time.monotonic()

    error = await refused(gateway.channel, request)

    told = len(error.violations) + int(error.info.metadata.get("omitted_violations", "0"))
    assert lists <= {path for path, rule in error.violations if rule == "REPEATED_MAX_ITEMS"}
    assert 3_000 > told
    assert GUARD > time.monotonic() - began


async def test_an_unknown_field_behind_a_million_items_is_no_search(gateway):
    """What is cut is not searched either: the request is refused for its list."""
    request = PlaceCallRequest.FromString(a_million_recipients())
    with_unknown(request, request.call.recipients[-1])
    began = time.monotonic()

    error = await refused(gateway.channel, request)

    assert "INVALID_REQUEST" == error.reason
    assert GUARD > time.monotonic() - began


async def test_a_huge_text_is_not_read_as_json(gateway):
    """timeout_json of 4 MB breaks its length; nobody counts its brackets."""
    request = place_call_request()
    request.call.timeout_json = "[" * 4_000_000
    began = time.monotonic()

    error = await refused(gateway.channel, request)

    assert [("call.timeout_json", "STRING_MAX_LEN")] == error.violations
    assert GUARD > time.monotonic() - began


async def test_20_000_recipients_are_counted_out(gateway):
    """20,000 good numbers are one violation, and none for numbers that nobody looks at."""
    error = await refused(gateway.channel, to_many(20_000))

    assert [("call.recipients", "REPEATED_MAX_ITEMS")] == error.violations
    assert "omitted_violations" not in error.info.metadata


async def test_a_list_that_no_rule_limits_has_a_limit(gateway):
    """Enum values repeat themselves: 100 are more than anyone can mean."""
    request = ListCallsRequest(dispatches=[Dispatch.Value("DISPATCH_ACCEPTED")] * 100)
    await gateway.stub.ListCalls(request)
    request.dispatches.append(Dispatch.Value("DISPATCH_ACCEPTED"))

    error = await refused(gateway.channel, request, "ListCalls")

    assert [("dispatches", "REPEATED_MAX_ITEMS")] == error.violations


async def test_100_statuses_are_still_judged_one_by_one(gateway):
    """Below the limit nothing is cut: the last status of a hundred is as visible as the first."""
    request = place_call_request()
    request.call.retry_rules.rules.add(count=1, statuses=[RetryStatus.Value("RETRY_STATUS_BUSY")] * 99 + [0])

    error = await refused(gateway.channel, request)

    rule = "call.retry_rules.rules[0].statuses"
    assert {(rule, "REPEATED_UNIQUE"), (f"{rule}[99]", "ENUM_NOT_IN")} == set(error.violations)
