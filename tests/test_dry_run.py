"""A dry run: every check, the form as it would be sent, and not one byte to the provider."""

import re
from urllib.parse import parse_qsl

import pytest
from gateway_under_test import KEY, SID, place_call_request, refusal_of
from google.rpc import error_details_pb2 as details_pb2
from outbound_calls import PLAIN, WHOLE, call_from

from gateway.accounts import Account
from gateway.calls.preview import preview_of
from gateway.kaleyra.form import encode, to_form
from gateway.kaleyra.report_urls import ReportAddress
from gateway.keys import FixedKey
from gateway.settings import Receiver
from voicegateway.v1.outbound_call_service_pb2 import WarningReason

ONLY_OURS = {"only_numbers": ["+1323655*", "+442071838750"]}
URL = "https://api.kaleyra.io/v1/S/voice/outbound"
PASSED = "2020-01-01T00:00:00Z"

DRY_OR_NOT = [pytest.param(True, id="dry run"), pytest.param(False, id="call")]

CALLS = [
    pytest.param(PLAIN, {}, id="the least call"),
    pytest.param(WHOLE, {}, id="a whole call"),
    pytest.param(PLAIN, {"bridge": "+13236550199"}, id="a call with the account's bridge"),
    pytest.param(WHOLE, {"bridge": "+13236550199"}, id="a call with its own bridge"),
]


def to(*numbers, **more):
    return {"recipients": [{"number": number} for number in numbers], "ivr": {"flowId": "SG_1"}, **more}


@pytest.mark.parametrize(("call", "account"), CALLS)
async def test_a_preview_is_what_a_call_then_sends(start_gateway, provider, call, account):
    """Byte for byte, but for the literal that stands where the call's id will be."""
    gateway = await start_gateway(account=account)

    preview = (await gateway.place_call(call, validateOnly=True)).preview
    placed = await gateway.place_call(call)

    [post] = provider.posts
    assert preview.body.replace("CALL_ID", placed.call.call_id).encode() == post.body
    assert f"{provider.url}{post.path}" == preview.url
    assert f"{provider.url}/v1/{SID}/voice/outbound" == preview.url


@pytest.mark.parametrize("call", [PLAIN, WHOLE])
def test_a_preview_holds_a_word_where_a_token_will_be(call):
    """With a receiver the gateway's own URLs are shown, byte for byte as they are sent, but for the token."""
    reports = ReportAddress.of(Receiver(listen="127.0.0.1:8081", public_url="https://gateway.example.com"))
    account = Account(name="default", url=URL, key=FixedKey(KEY), bridge="+13236550199")
    message, token = call_from(call), "0123456789abcdef" * 2

    preview = preview_of(message, account, reports)

    urls = reports.with_token(token)
    sent = encode(to_form(message, bridge=account.bridge, custom="01KB5Y4W2M6T9V3C8D1E7F0GHJ", reports=urls)).decode()
    assert token in sent
    assert preview.body.replace("TOKEN", token).replace("CALL_ID", "01KB5Y4W2M6T9V3C8D1E7F0GHJ") == sent
    assert parse_qsl(preview.body, strict_parsing=True) == [(field.name, field.value) for field in preview.fields]


@pytest.mark.parametrize("call", [pytest.param(PLAIN, id="the least call"), pytest.param(WHOLE, id="a whole call")])
async def test_a_preview_with_reports_is_what_a_call_then_sends(start_gateway, provider, call):
    """Byte for byte, but for the literals that stand where the call's id and its token will be: one for each call."""
    receiver = {"listen": "127.0.0.1:0", "public_url": "https://gateway.example.com/voice"}
    gateway = await start_gateway(receiver=receiver)

    preview = (await gateway.place_call(call, validateOnly=True)).preview
    placed = [await gateway.place_call(call, requestId=f"reported-000{number}") for number in (1, 2)]

    sent = [post.body.decode() for post in provider.posts]
    tokens = [re.findall(r"gateway\.example\.com%2Fvoice%2Freports%2F([0-9a-f]{32})(?:%2F|%3F)", body) for body in sent]
    assert [1, 1] == [len(set(each)) for each in tokens]
    assert tokens[0] != tokens[1]
    assert sent == [
        preview.body.replace("TOKEN", token[0]).replace("CALL_ID", answer.call.call_id)
        for token, answer in zip(tokens, placed, strict=True)
    ]


@pytest.mark.parametrize(("call", "account"), CALLS)
async def test_the_fields_of_a_preview_are_its_body(start_gateway, call, account):
    """The decoded fields stand in the order sent."""
    gateway = await start_gateway(account=account)

    preview = (await gateway.place_call(call, validateOnly=True)).preview

    assert parse_qsl(preview.body, keep_blank_values=True, strict_parsing=True) == [
        (field.name, field.value) for field in preview.fields
    ]


async def test_a_dry_run_sends_nothing_and_records_nothing(gateway, provider):
    """No connection is opened, there is no call, and the next request with the same id is the first."""
    answer = await gateway.place_call(validateOnly=True)

    assert not provider.connections
    assert answer.HasField("preview")
    assert not answer.HasField("call")
    assert not answer.replayed
    assert not (await gateway.place_call()).replayed


@pytest.mark.parametrize(("call", "account"), CALLS)
async def test_no_key_is_in_a_dry_run(start_gateway, call, account):
    """Nothing in the answer holds the account's key, nor a field for it."""
    gateway = await start_gateway(account=account)

    answer = await gateway.place_call(call, validateOnly=True)

    assert KEY.encode() not in answer.SerializeToString()
    assert "api-key" not in [field.name for field in answer.preview.fields]


async def test_the_call_id_stands_where_it_will_be(gateway):
    """`custom` defaults to the call id, of which a dry run has none."""
    default = await gateway.place_call(PLAIN, validateOnly=True)
    given = await gateway.place_call(WHOLE, validateOnly=True)

    assert ["CALL_ID"] == [field.value for field in default.preview.fields if field.name == "custom"]
    assert ["order-8812"] == [field.value for field in given.preview.fields if field.name == "custom"]
    assert "CALL_ID" not in given.preview.body


@pytest.mark.parametrize("call", [pytest.param(PLAIN, id="the least call"), pytest.param(WHOLE, id="a whole call")])
async def test_a_dry_run_warns_of_what_the_call_would(gateway, call):
    """The warnings are those of the call itself, and some."""
    tried = await gateway.place_call(call, validateOnly=True)
    placed = await gateway.place_call(call)

    assert len(tried.warnings) > 0
    assert list(placed.warnings) == list(tried.warnings)


async def test_warnings_name_fields_by_their_paths(gateway):
    """What a person should know comes in the order of the request."""
    answer = await gateway.place_call(WHOLE, validateOnly=True)

    assert [
        ("WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS", "call.playlist.items[1].message.language"),
        ("WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS", "call.playlist.items[1].message.speed"),
        ("WARNING_REASON_REDIALS_ANSWERED", "call.retry_rules.rules[0]"),
        ("WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS", "call.retry_rules.rules[1]"),
        ("WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS", "call.timeout_json"),
        ("WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS", "call.custom"),
        ("WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS", "call.campaign_name"),
    ] == [(WarningReason.Name(warning.reason), warning.field) for warning in answer.warnings]


# Refusals


@pytest.mark.parametrize("validate_only", DRY_OR_NOT)
@pytest.mark.parametrize(
    ("call", "fields", "reason"),
    [
        pytest.param(to("+123"), {}, "INVALID_REQUEST", id="a broken rule"),
        pytest.param(to("+13236550107"), {"requestId": "short"}, "INVALID_REQUEST", id="a broken request_id"),
        pytest.param(
            to("+13236550107", scheduleTime=PASSED), {}, "INVALID_REQUEST", id="a schedule_time that has passed"
        ),
        pytest.param(to("+13236550107", timeoutJson="[NaN]"), {}, "INVALID_REQUEST", id="JSON that is none"),
        pytest.param(to("+13236550107"), {"account": "nobodys"}, "ACCOUNT_NOT_FOUND", id="an unknown account"),
        pytest.param(to("+19995550107"), {}, "POLICY_REFUSED", id="a number that only_numbers does not list"),
        pytest.param(to("+13236550107"), {"dialBefore": PASSED}, "EXPIRED", id="a dial_before that has passed"),
        # Several at once: the first of the contract's order is the answer.
        pytest.param(
            to("+123", timeoutJson="[NaN]"),
            {"account": "nobodys", "dialBefore": PASSED},
            "ACCOUNT_NOT_FOUND",
            id="an unknown account before a broken rule",
        ),
        pytest.param(
            to("+123"), {"dialBefore": PASSED}, "INVALID_REQUEST", id="a broken rule before policy and dial_before"
        ),
        pytest.param(
            to("+19995550107"),
            {"dialBefore": PASSED},
            "POLICY_REFUSED",
            id="policy before a dial_before that has passed",
        ),
    ],
)
async def test_a_dry_run_is_refused_as_the_call_would_be(start_gateway, provider, call, fields, reason, validate_only):
    """Every check applies to both, in the same order, and nothing is sent."""
    gateway = await start_gateway(account=ONLY_OURS)

    error = await gateway.place_call_error(call, validateOnly=validate_only, **fields)

    assert (reason, "NOT_SENT", "CORRECT") == (error.reason, error.dispatch, error.retry)
    assert not provider.connections


async def test_an_unknown_field_refuses_a_dry_run(gateway, provider):
    """A value that cannot be honoured is not dropped, not even in a preview."""
    request = place_call_request(validateOnly=True)
    request.call.MergeFromString(b"\xf8\x07\x01")

    error = await refusal_of(gateway.stub.PlaceCall(request))

    assert [("call", "MESSAGE_UNKNOWN_FIELD")] == error.violations
    assert not provider.connections


async def test_a_draining_gateway_refuses_a_dry_run(gateway, provider):
    """What would be refused as OVERLOADED is not shown as fit to be sent."""
    await gateway.gateway.dialer.drain()

    error = await gateway.place_call_error(validateOnly=True)

    assert ("OVERLOADED", "NOT_SENT", "REPEAT") == (error.reason, error.dispatch, error.retry)
    assert not provider.connections


@pytest.mark.parametrize("validate_only", DRY_OR_NOT)
@pytest.mark.parametrize(
    ("patterns", "call"),
    [
        pytest.param(["+1323655*"], to("+13236550107"), id="a pattern"),
        pytest.param(["+13236550107"], to("+13236550107"), id="a number"),
        pytest.param(["+*"], to("+13236550107", "+442071838750"), id="any number"),
        pytest.param(["+1323655*"], to("3236550107", prefix="1"), id="a number that needs its prefix"),
        pytest.param(["+1323655*"], to("3236550107", prefix="+1"), id="a number that needs its prefix with +"),
        pytest.param(["+1323655*", "+11323655*"], to("13236550107", prefix="1"), id="both readings of a number"),
    ],
)
async def test_listed_numbers_may_be_called(start_gateway, patterns, call, validate_only):
    """`only_numbers` lists numbers and beginnings of numbers, with + and country code."""
    gateway = await start_gateway(account={"only_numbers": patterns})

    await gateway.place_call(call, validateOnly=validate_only)


@pytest.mark.parametrize("validate_only", DRY_OR_NOT)
@pytest.mark.parametrize(
    ("patterns", "call", "forbidden"),
    [
        pytest.param([], to("+13236550107"), [0], id="any, where none is listed"),
        pytest.param(["+1323655010"], to("+13236550107"), [0], id="a number that begins like a listed one"),
        pytest.param(["+132365501070"], to("+13236550107"), [0], id="a number that a listed one begins with"),
        pytest.param(["+1323655*"], to("+13236550107", "+19995550107", "+13236550108"), [1], id="one of three"),
        pytest.param(["+1323655*"], to("+19995550107", "+19995550108"), [0, 1], id="two of two"),
        pytest.param(["+3236550*"], to("3236550107", prefix="1"), [0], id="a number listed without its prefix"),
        pytest.param(["+1323655*"], to("13236550107", prefix="1"), [0], id="a number that may get its prefix twice"),
        pytest.param(["+11323655*"], to("13236550107", prefix="1"), [0], id="a number that may get its prefix once"),
    ],
)
async def test_other_numbers_are_not(start_gateway, provider, patterns, call, forbidden, validate_only):
    """A test system rings nobody else, whichever way the provider reads a number without +."""
    gateway = await start_gateway(account={"only_numbers": patterns})

    error = await gateway.place_call_error(call, validateOnly=validate_only)

    failure = error.detail(details_pb2.PreconditionFailure)
    assert ("FAILED_PRECONDITION", "POLICY_REFUSED") == (error.code, error.reason)
    assert [("only_numbers", f"call.recipients[{index}].number") for index in forbidden] == [
        (violation.type, violation.subject) for violation in failure.violations
    ]
    assert not provider.connections
