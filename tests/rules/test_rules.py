"""Every broken rule is told at once, by its field and rule, with the way out and without the value."""

import re
from typing import Any

import pytest
from broken_rules import BROKEN, ONE, to_one
from buf.validate import validate_pb2
from gateway_under_test import TO_A_FLOW, place_call_request
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2 as details_pb2
from raw_caller import refused

from gateway.app import SERVICE
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, ListCallsRequest, WatchCallsRequest
from voicegateway_client.hints import HINT_BY_FIELD


@pytest.mark.parametrize(("call", "expected"), BROKEN)
async def test_a_broken_rule_is_told_by_field_and_rule(gateway, provider, call, expected):
    """Each rule has one name, at the field that breaks it, and words that say what is wanted; nothing is sent."""
    error = await gateway.place_call_error(call)

    assert expected == [f"{field} {rule}" for field, rule in error.violations]
    assert ("INVALID_ARGUMENT", "INVALID_REQUEST") == (error.code, error.reason)
    assert ("NOT_SENT", "CORRECT") == (error.dispatch, error.retry)
    assert [] == provider.posts
    for violation in error.detail(details_pb2.BadRequest).field_violations:
        assert re.match(r"(must|set one of|is required|name |no number|without a prefix)", violation.description)
        assert None is re.search(r"[\\^$]|\?:|this\.|in list|oneof|defined enum", violation.description)


SECRET = "Zq7"
ALL_BROKEN = {
    "recipients": [{"number": f"+{SECRET}", "reference": SECRET + "\n"}, {"number": "+1323655010755501"}],
    "prefix": SECRET,
    "bridge": "+1323655010755502",
    "playlist": {"items": [{"message": {"text": SECRET + "\t", "language": SECRET + "!", "speed": SECRET}}, {}]},
    "retryRules": {"rules": [{"count": 5550, "statuses": [5551]}]},
    "retryInterval": "5552.5s",
    "scheduleTime": "5553-01-01T00:00:00.5Z",
    "timeoutJson": SECRET,
    "dlrUrl": f"http://user:{SECRET}@ü",
    "callbacks": {"callEnd": {"profileIds": [SECRET + "!"], "urls": [SECRET]}},
    "custom": SECRET + "ü",
    "campaignName": SECRET + "\n",
}


async def test_all_violations_come_at_once_and_none_shows_a_value(gateway):
    """A request that breaks everything gets every violation in one answer, and nothing that it sent comes back."""
    error = await gateway.place_call_error(ALL_BROKEN, requestId=SECRET, account=SECRET)

    fields = {field for field, _ in error.violations}
    assert {
        "request_id",
        "account",
        "call.recipients[0].number",
        "call.recipients[0].reference",
        "call.recipients[1].number",
        "call.prefix",
        "call.bridge",
        "call.playlist.items[0].message.text",
        "call.playlist.items[0].message.language",
        "call.playlist.items[0].message.speed",
        "call.playlist.items[1].item",
        "call.retry_rules.rules[0].count",
        "call.retry_rules.rules[0].statuses[0]",
        "call.retry_interval",
        "call.schedule_time",
        "call.timeout_json",
        "call.dlr_url",
        "call.callbacks.call_end.profile_ids[0]",
        "call.callbacks.call_end.urls[0]",
        "call.custom",
        "call.campaign_name",
    } == fields
    assert None is re.search(f"{SECRET}|555", str(error.status) + str(error.trailers) + error.message)


@pytest.mark.parametrize(
    ("method", "request_type", "fields", "expected"),
    [
        pytest.param(
            "GetCall",
            GetCallRequest,
            {"callId": "x", "account": "!"},
            ["account STRING_PATTERN", "call_id STRING_PATTERN"],
            id="GetCall",
        ),
        pytest.param(
            "ListCalls",
            ListCallsRequest,
            {"dispatches": [0, 9], "number": "x", "pageToken": "x" * 1025},
            [
                "dispatches[0] ENUM_NOT_IN",
                "dispatches[1] ENUM_DEFINED_ONLY",
                "number STRING_PATTERN",
                "page_token STRING_MAX_LEN",
            ],
            id="ListCalls",
        ),
        pytest.param(
            "WatchCalls",
            WatchCallsRequest,
            {"callId": "x", "afterSequence": "-1"},
            ["after_sequence INT64_GTE", "call_id STRING_PATTERN"],
            id="WatchCalls",
        ),
    ],
)
async def test_reads_have_rules_too(gateway, method, request_type, fields, expected):
    """Reads are judged by the same engine."""
    error = await refused(gateway.channel, ParseDict(fields, request_type()), method)

    assert expected == sorted(f"{field} {rule}" for field, rule in error.violations)


# Words


def patterns(message: Any, seen: set[str]) -> set[str]:
    """The full names of all fields below a message that have a pattern, themselves or for their items."""
    if message.full_name in seen:
        return set()
    seen.add(message.full_name)
    found = set()
    for field in message.fields:
        rules = field.GetOptions().Extensions[validate_pb2.field]
        if rules.string.HasField("pattern") or rules.repeated.items.string.HasField("pattern"):
            found.add(field.full_name)
        if field.message_type is not None:
            found |= patterns(field.message_type, seen)
    return found


def test_every_pattern_has_words():
    """Each field with a pattern has a hint, and no hint is left over: the engine would show the pattern."""
    seen: set[str] = set()
    fields = {name for method in SERVICE.methods for name in patterns(method.input_type, seen)}

    assert fields == set(HINT_BY_FIELD)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param({"recipients": ONE}, "set one of ivr, playlist", id="a missing oneof names its members"),
        pytest.param(
            to_one(retryRules={"rules": [{"count": 1, "statuses": [0]}]}),
            "must be one of RETRY_STATUS_CONGESTION, RETRY_STATUS_CHANUNAVAIL, RETRY_STATUS_NOANSWER,"
            " RETRY_STATUS_BUSY, RETRY_STATUS_ANSWER",
            id="an enum names its values",
        ),
        pytest.param(to_one(prefix="x"), "must be 1 to 4 digits, + optional, or empty", id="a pattern is put in words"),
    ],
)
async def test_what_the_engine_says_too_briefly_is_said_better(gateway, call, words):
    """Where the engine's own text shows no way out, ours does."""
    error = await gateway.place_call_error(call)

    assert [words] == [each.description for each in error.detail(details_pb2.BadRequest).field_violations]


async def test_a_missing_request_id_says_what_one_looks_like(gateway):
    """`is required` alone would cost a second round."""
    request = place_call_request(TO_A_FLOW)
    request.ClearField("request_id")
    error = await refused(gateway.channel, request)

    [violation] = error.detail(details_pb2.BadRequest).field_violations
    assert "is required: 8 to 64 characters of A-Z, a-z, 0-9 and . _ : -" == violation.description
