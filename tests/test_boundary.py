"""The edge of the gateway: what a stranger sends is decoded, judged and refused in one way, and one order."""

from typing import Any

import pytest
from gateway_under_test import TO_A_FLOW, place_call_request, refusal_of
from google.rpc import error_details_pb2 as details_pb2
from raw_caller import METHODS, good_requests, refused, sent, to_many, with_unknown

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, WatchCallsRequest

NO_ADVICE = ("", "")


def advice(method: str) -> tuple[str, str]:
    """What a broken rule says of the phones and the next step: nothing for reads."""
    return ("NOT_SENT", "CORRECT") if method == "PlaceCall" else NO_ADVICE


# Bytes that are no request


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff\xff\xff", id="no field at all"),
        pytest.param(b"\x0a\x05+1", id="cut in the middle"),
        pytest.param(b"\x1a\x02\xff\xfe", id="text that is not UTF-8"),
        pytest.param(b"\x0b" * 200, id="groups without end"),
    ],
)
async def test_undecodable_bytes_are_a_broken_rule(gateway, method, body):
    """Bytes that are no request get a structured refusal from every method, without the decoder's words."""
    error = await refused(gateway.channel, body, method)

    assert ("INVALID_ARGUMENT", "INVALID_REQUEST") == (error.code, error.reason)
    assert [("", "MESSAGE_UNDECODABLE")] == error.violations
    assert advice(method) == (error.dispatch, error.retry)
    assert "pars" not in str(error.status).lower()


@pytest.mark.parametrize(
    ("method", "violations"),
    [
        ("PlaceCall", [("call", "REQUIRED"), ("request_id", "REQUIRED")]),
        ("GetCall", [("lookup", "REQUIRED")]),
    ],
)
async def test_an_empty_body_is_a_request_without_fields(gateway, method, violations):
    """No bytes are decodable: the rules say what is missing."""
    error = await refused(gateway.channel, b"", method)

    assert violations == error.violations


async def test_an_empty_body_lists_every_call(gateway):
    """A list needs nothing to be said."""
    assert b"" == await sent(gateway.channel, "ListCalls", b"")


# Unknown fields


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_refuses_an_unknown_field(gateway, method):
    """A field that this gateway does not know is refused, never dropped in silence."""
    error = await refused(gateway.channel, with_unknown(good_requests()[method]), method)

    assert ("INVALID_ARGUMENT", "INVALID_REQUEST") == (error.code, error.reason)
    assert [("", "MESSAGE_UNKNOWN_FIELD")] == error.violations
    assert advice(method) == (error.dispatch, error.retry)
    [violation] = error.detail(details_pb2.BadRequest).field_violations
    assert "127" in violation.description


RICH = {
    "recipients": [{"number": "+13236550107"}, {"number": "+13236550108"}],
    "playlist": {"items": [{"message": {"text": "Hello"}}, {"sounds": {"soundIds": ["7"]}}]},
    "retryRules": {"rules": [{"count": 1}]},
    "retryInterval": "20s",
    "delay": "60s",
    "callbacks": {"callEnd": {"profileIds": ["P"]}},
}


@pytest.mark.parametrize(
    ("path", "inner"),
    [
        pytest.param("", lambda request: request, id="in the request"),
        pytest.param("call", lambda request: request.call, id="in the call"),
        pytest.param("call.recipients[1]", lambda request: request.call.recipients[1], id="in a recipient"),
        pytest.param("call.playlist.items[0].message", lambda r: r.call.playlist.items[0].message, id="in a message"),
        pytest.param("call.playlist.items[1].sounds", lambda r: r.call.playlist.items[1].sounds, id="in a sound list"),
        pytest.param("call.retry_rules.rules[0]", lambda r: r.call.retry_rules.rules[0], id="in a retry rule"),
        pytest.param("call.retry_interval", lambda request: request.call.retry_interval, id="in a Duration"),
        pytest.param("call.callbacks.call_end", lambda r: r.call.callbacks.call_end, id="in callback targets"),
        pytest.param("dial_before", lambda request: request.dial_before, id="in a Timestamp"),
    ],
)
async def test_an_unknown_field_is_named_by_its_place(gateway, provider, path, inner):
    """At any depth, down to protobuf's own types, the message that holds an unknown field is named."""
    request = place_call_request(RICH, dialBefore="9999-01-01T00:00:00Z")

    error = await refused(gateway.channel, with_unknown(request, inner(request)))

    assert [(path, "MESSAGE_UNKNOWN_FIELD")] == error.violations
    assert [] == provider.posts


async def test_unknown_fields_are_told_beside_broken_rules(gateway):
    """Whoever corrects a request learns all of it at once."""
    request = place_call_request(TO_A_FLOW | {"retryCount": 101})

    error = await refused(gateway.channel, with_unknown(request, request, request.call))

    assert [
        ("", "MESSAGE_UNKNOWN_FIELD"),
        ("call", "MESSAGE_UNKNOWN_FIELD"),
        ("call.retry_count", "INT32_GTE_LTE"),
    ] == error.violations


async def test_an_unknown_field_under_a_known_number_is_told(gateway):
    """A field of a known number but another wire type is as unknown as any."""
    error = await refused(gateway.channel, place_call_request().SerializeToString() + b"\x10\x01")

    assert [("", "MESSAGE_UNKNOWN_FIELD")] == error.violations


@pytest.mark.parametrize("method", METHODS)
async def test_of_the_phones_only_the_method_that_dials_speaks(gateway, method):
    """A call that is looked up in a wrong way may have rung: what was dialed is no question of a read."""
    bodies = [with_unknown(good_requests()[method]), b"\xff\xff\xff", _of_nobody(good_requests()[method])]
    messages = [(await refused(gateway.channel, body, method)).status.message for body in bodies]

    assert [method == "PlaceCall"] * 3 == ["Nobody was dialed." in message for message in messages], messages


def _of_nobody(request: Any) -> Any:
    request.account = "nobody"
    return request


# The request's id, and what is told of it


async def test_a_refusal_names_the_request(gateway):
    """Every refusal of a well-formed request_id repeats it."""
    error = await gateway.place_call_error(TO_A_FLOW | {"retryCount": 101}, requestId="reminder-1.2:3_4")

    assert "reminder-1.2:3_4" == error.info.metadata["request_id"]


@pytest.mark.parametrize("request_id", ["", "short", "x" * 65, "a b c d e f", "+13236550107x"])
async def test_a_malformed_request_id_is_not_repeated(gateway, request_id):
    """Whatever was put where the id belongs, a number perhaps, comes back in no error."""
    error = await gateway.place_call_error(requestId=request_id)

    assert ["request_id"] == [field for field, _ in error.violations]
    assert "request_id" not in error.info.metadata
    assert not request_id or request_id not in str(error.status)


@pytest.mark.parametrize("account", ["-a", "A", "a_b", "a" * 64, "a b"])
async def test_a_malformed_account_is_a_broken_rule_and_not_unknown(gateway, account):
    """An account that no setting could name breaks a rule."""
    error = await gateway.place_call_error(account=account)

    assert ("INVALID_REQUEST", [("account", "STRING_PATTERN")]) == (error.reason, error.violations)


# When several would refuse


def _unknown(request: PlaceCallRequest) -> None:
    with_unknown(request)


def _bad_id(request: PlaceCallRequest) -> None:
    request.request_id = "short"


def _no_account(request: PlaceCallRequest) -> None:
    request.account = request.account or "nobody"


def _broken_rule(request: PlaceCallRequest) -> None:
    request.call.retry_count = 101


def _policy(request: PlaceCallRequest) -> None:
    request.call.recipients[0].number = "+442079460000"


def _expired(request: PlaceCallRequest) -> None:
    request.dial_before.seconds = 1


IN_ORDER = [
    ("unknown fields", _unknown, "INVALID_REQUEST", "MESSAGE_UNKNOWN_FIELD"),
    ("request_id", _bad_id, "INVALID_REQUEST", "STRING_PATTERN"),
    ("account", _no_account, "ACCOUNT_NOT_FOUND", None),
    ("rules", _broken_rule, "INVALID_REQUEST", "INT32_GTE_LTE"),
    ("policy", _policy, "POLICY_REFUSED", None),
    ("dial_before", _expired, "EXPIRED", None),
    ("draining", lambda _request: None, "OVERLOADED", None),
]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(first, second, id=f"{first[0]} before {second[0]}")
        for index, first in enumerate(IN_ORDER)
        for second in IN_ORDER[index + 1 :]
    ],
)
async def test_the_first_refusal_is_the_answer(start_gateway, first, second):
    """When several would refuse, the contract's order decides."""
    gateway = await start_gateway(account={"only_numbers": ["+1323655*"]})
    request = place_call_request()
    for _, breaks, _, _ in (second, first):
        breaks(request)
    if second[0] == "draining":
        await gateway.gateway.dialer.drain()

    error = await refused(gateway.channel, request)

    _, _, reason, rule = first
    assert reason == error.reason
    assert rule is None or rule in [violation for _, violation in error.violations]


# The size of an error, and of a request


@pytest.mark.parametrize(
    ("request_of", "told"),
    [
        pytest.param(lambda: to_many(100, requestId="test-0000001"), 100, id="100 bad references"),
        pytest.param(lambda: to_many(100, requestId="x" * 64), 100, id="and a long request_id"),
        pytest.param(lambda: to_many(20_000), 102, id="20,000 recipients: 101 of them and the list"),
    ],
)
async def test_an_error_stays_small_and_counts_what_it_leaves_out(gateway, request_of, told):
    """A status has at most 4,096 bytes, is nearly full, and says exactly how many violations it does not name."""
    request = request_of()
    for recipient in request.call.recipients:
        recipient.reference = "\n"

    error = await refused(gateway.channel, request)

    omitted = int(error.info.metadata["omitted_violations"])
    assert told == len(error.violations) + omitted
    assert 4096 - 200 < error.status.ByteSize() <= 4096
    assert "call.recipients[0].reference" in dict(error.violations)


async def test_a_request_over_4_mib_never_reaches_us(gateway):
    """The gRPC library refuses it by itself: a status without our ErrorInfo."""
    error = await refused(gateway.channel, bytes(4 * 1024 * 1024 + 1))

    assert ("RESOURCE_EXHAUSTED", None) == (error.code, error.info)


@pytest.mark.parametrize("path", ["/voicegateway.v1.OutboundCallService/CancelCall", "/no.Service/Method"])
async def test_an_unknown_method_is_unimplemented(gateway, path):
    """A method that the contract does not have is answered by gRPC, without our ErrorInfo."""
    error = await refusal_of(gateway.channel.unary_unary(path)(b"", timeout=30))

    assert ("UNIMPLEMENTED", None) == (error.code, error.info)


# Reads


async def test_a_stream_is_refused_as_a_read_is(gateway):
    """WatchCalls says no before its first message, in one status, with neither dispatch nor retry."""
    ahead = WatchCallsRequest(after_sequence=1 << 40).SerializeToString()
    error = await refused(gateway.channel, ahead, "WatchCalls")

    assert ("OUT_OF_RANGE", "CURSOR_OUT_OF_RANGE") == (error.code, error.reason)
    assert NO_ADVICE == (error.dispatch, error.retry)
    assert "-1" == error.pushback


@pytest.mark.parametrize(
    ("method", "body", "violations"),
    [
        pytest.param("GetCall", b"\x0a\x01x", [("call_id", "STRING_PATTERN")], id="GetCall"),
        pytest.param(
            "ListCalls", b"\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", [("page_size", "INT32_GTE")], id="ListCalls"
        ),
        pytest.param("WatchCalls", b"\x22\x01x", [("request_id", "STRING_PATTERN")], id="WatchCalls"),
    ],
)
async def test_a_read_that_breaks_a_rule_is_told_so(gateway, method, body, violations):
    """By field and rule, as a call is."""
    error = await refused(gateway.channel, body, method)

    assert ("INVALID_REQUEST", violations) == (error.reason, error.violations)
    assert NO_ADVICE == (error.dispatch, error.retry)


async def test_a_good_request_passes_as_bytes(gateway, provider):
    """The bytes of a good request are all that a caller needs."""
    answer = await sent(gateway.channel, "PlaceCall", place_call_request().SerializeToString())

    assert answer
    assert 1 == len(provider.posts)
