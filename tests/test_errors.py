"""What each reason means to a caller, and how it is written on the wire."""

from datetime import timedelta

import pytest
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import DOMAIN, ROW_BY_REASON, GatewayError, Resource
from gateway.statuses import STATUS_LIMIT, from_status, to_status
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import Dispatch
from voicegateway_client.violation import Violation

CONTRACT = """
1 INVALID_REQUEST INVALID_ARGUMENT NOT_SENT CORRECT
2 REQUEST_ID_REUSED FAILED_PRECONDITION - LOOK_UP
3 REQUEST_IN_PROGRESS ABORTED SENDING REPEAT
4 ACCOUNT_NOT_FOUND NOT_FOUND NOT_SENT CORRECT
5 CALL_NOT_FOUND NOT_FOUND - -
6 PROVIDER_INVALID_INPUT INVALID_ARGUMENT REJECTED NEW_REQUEST_ID
7 INVALID_NUMBER INVALID_ARGUMENT REJECTED NEW_REQUEST_ID
8 SCHEDULE_TIME_REFUSED INVALID_ARGUMENT REJECTED NEW_REQUEST_ID
9 BRIDGE_NOT_FOUND NOT_FOUND REJECTED NEW_REQUEST_ID
10 FLOW_NOT_FOUND NOT_FOUND REJECTED NEW_REQUEST_ID
11 SOUND_NOT_FOUND NOT_FOUND REJECTED NEW_REQUEST_ID
12 PROVIDER_CREDENTIALS_REJECTED FAILED_PRECONDITION REJECTED REPEAT
13 PROVIDER_MISCONFIGURED FAILED_PRECONDITION REJECTED REPEAT
14 PROVIDER_REFUSED FAILED_PRECONDITION REJECTED NEW_REQUEST_ID
15 PROVIDER_THROTTLED RESOURCE_EXHAUSTED REJECTED REPEAT
16 PROVIDER_UNREACHABLE UNAVAILABLE NOT_SENT REPEAT
17 OUTCOME_UNKNOWN UNKNOWN OUTCOME_UNKNOWN LOOK_UP
18 RATE_LIMITED RESOURCE_EXHAUSTED NOT_SENT REPEAT
19 OVERLOADED UNAVAILABLE NOT_SENT REPEAT
20 LEDGER_UNAVAILABLE UNAVAILABLE - REPEAT
21 UNAUTHENTICATED UNAUTHENTICATED - -
22 PERMISSION_DENIED PERMISSION_DENIED - -
23 POLICY_REFUSED FAILED_PRECONDITION NOT_SENT CORRECT
24 INTERNAL INTERNAL - REPEAT
25 CURSOR_OUT_OF_RANGE OUT_OF_RANGE - -
26 UNIMPLEMENTED UNIMPLEMENTED - -
27 EXPIRED FAILED_PRECONDITION NOT_SENT CORRECT
28 PAUSED FAILED_PRECONDITION NOT_SENT REPEAT
"""
"""The contract's table, read by a person; `-` where the row alone does not know."""

REASONS = [value for value in ErrorReason.values() if value]


def test_the_table_is_the_contracts():
    """Every reason of the enum has one row, with the contract's number, code, dispatch and advice."""
    rows = [
        f"{reason} {ErrorReason.Name(reason).removeprefix('ERROR_REASON_')} {row.code.name}"
        f" {'-' if row.dispatch is None else Dispatch.Name(row.dispatch).removeprefix('DISPATCH_')}"
        f" {'-' if row.retry is None else RetryAdvice.Name(row.retry).removeprefix('RETRY_ADVICE_')}"
        for reason, row in sorted(ROW_BY_REASON.items())
    ]

    assert CONTRACT.split("\n")[1:-1] == rows
    assert set(REASONS) == set(ROW_BY_REASON)


def test_unavailable_means_that_nothing_was_sent():
    """A mesh repeats UNAVAILABLE by itself, and CANCELLED; so no reason whose phones may ring has either."""
    repeated = {row.dispatch for row in ROW_BY_REASON.values() if row.code.name in {"UNAVAILABLE", "CANCELLED"}}

    assert {None, Dispatch.Value("DISPATCH_NOT_SENT")} == repeated
    assert "DEADLINE_EXCEEDED" not in {row.code.name for row in ROW_BY_REASON.values()}


def test_whoever_may_have_dialed_is_never_told_to_repeat():
    """REPEAT is advised only where nobody was dialed, or the repeat itself is safe."""
    repeatable = {
        row.dispatch for row in ROW_BY_REASON.values() if row.retry == RetryAdvice.Value("RETRY_ADVICE_REPEAT")
    }

    assert Dispatch.Value("DISPATCH_OUTCOME_UNKNOWN") not in repeatable
    assert Dispatch.Value("DISPATCH_ACCEPTED") not in repeatable


@pytest.mark.parametrize("reason", [pytest.param(value, id=ErrorReason.Name(value)) for value in REASONS])
def test_a_text_is_constant_and_says_whether_anybody_was_dialed(reason):
    """The text of a reason is a sentence, and where nobody was dialed it says so."""
    row = ROW_BY_REASON[reason]
    dispatch = "" if row.dispatch is None else Dispatch.Name(row.dispatch)

    assert row.message.endswith(".")
    assert row.message[0].isupper() or row.message.startswith("dial_before")
    assert (dispatch in {"DISPATCH_NOT_SENT", "DISPATCH_REJECTED"}) == ("Nobody was dialed" in row.message)


def details(status: status_pb2.Status) -> dict[str, object]:
    """The details by their types' names; each type at most once."""
    found = {}
    for detail in status.details:
        kind = detail.TypeName().removeprefix("google.rpc.")
        assert kind not in found
        found[kind] = getattr(details_pb2, kind)()
        assert detail.Unpack(found[kind])
    return found


VIOLATION = Violation("call.prefix", "STRING_PATTERN", "must be 1 to 4 digits")


def test_everything_that_an_error_knows_is_on_the_wire():
    """ErrorInfo, BadRequest, ResourceInfo and RetryInfo stand beside each other, once each."""
    error = GatewayError(
        ErrorReason.Value("ERROR_REASON_PROVIDER_THROTTLED"),
        violations=[VIOLATION],
        resource=Resource("flow", "SG_1"),
        retry_after=timedelta(seconds=7),
        provider_code="RBC9999",
        http_status="429",
        provider_message="",
    )

    status = to_status(error)
    found = details(status)

    assert (8, ROW_BY_REASON[error.reason].message) == (status.code, status.message)
    assert (
        details_pb2.ErrorInfo(
            reason="ERROR_REASON_PROVIDER_THROTTLED",
            domain=DOMAIN,
            metadata={
                "dispatch": "DISPATCH_REJECTED",
                "retry": "RETRY_ADVICE_REPEAT",
                "provider_code": "RBC9999",
                "http_status": "429",
            },
        )
        == found["ErrorInfo"]
    )
    [violation] = found["BadRequest"].field_violations
    assert ("call.prefix", "STRING_PATTERN") == (violation.field, violation.reason)
    assert ("flow", "SG_1") == (found["ResourceInfo"].resource_type, found["ResourceInfo"].resource_name)
    assert 7 == found["RetryInfo"].retry_delay.seconds


def test_an_error_without_details_has_only_its_reason():
    """What does not apply is left out: no empty details, no empty metadata."""
    status = to_status(GatewayError(ErrorReason.Value("ERROR_REASON_CALL_NOT_FOUND"), call_id=""))

    assert {"ErrorInfo": details_pb2.ErrorInfo(reason="ERROR_REASON_CALL_NOT_FOUND", domain=DOMAIN)} == details(status)


def test_a_policys_violations_are_preconditions():
    """POLICY_REFUSED names the policy as `type` and the field as `subject`."""
    violation = Violation("call.recipients[0].number", "only_numbers", "not allowed")
    found = details(to_status(GatewayError(ErrorReason.Value("ERROR_REASON_POLICY_REFUSED"), violations=[violation])))

    assert {"ErrorInfo", "PreconditionFailure"} == set(found)
    [told] = found["PreconditionFailure"].violations
    assert ("only_numbers", "call.recipients[0].number") == (told.type, told.subject)


TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@settings(deadline=None)
@given(
    violations=st.lists(st.builds(Violation, TEXT, TEXT, TEXT), max_size=150),
    message=TEXT,
    resource=st.none() | st.builds(Resource, TEXT, TEXT),
)
def test_no_status_is_larger_than_proxies_bear(violations, message, resource):
    """A status has at most 4,096 bytes, and one violation more would be too many; the rest is counted exactly."""
    error = GatewayError(
        ErrorReason.Value("ERROR_REASON_OUTCOME_UNKNOWN"),
        violations=violations,
        resource=resource,
        provider_message=message,
    )

    status = to_status(error)
    found = details(status)
    told = len(found["BadRequest"].field_violations) if violations else 0

    assert STATUS_LIMIT >= status.ByteSize()
    assert len(violations) - told == int(found["ErrorInfo"].metadata.get("omitted_violations", "0"))
    if told < len(violations):
        next_one = violations[told]
        one_more = details_pb2.BadRequest()
        one_more.field_violations.add(field=next_one.field, reason=next_one.reason, description=next_one.description)
        assert STATUS_LIMIT < status.ByteSize() + one_more.ByteSize() + 8


@given(
    reason=st.sampled_from(REASONS),
    violations=st.lists(st.builds(Violation, TEXT, TEXT, TEXT), max_size=150),
    resource=st.none() | st.builds(Resource, TEXT, TEXT),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
)
def test_a_recorded_status_says_the_same_again(reason, violations, resource, retry_after):
    """An error that is read back from its status gives that very status, whatever was left out of it."""
    error = GatewayError(
        reason, violations=violations, resource=resource, retry_after=retry_after, call_id="01M877T75TZ34YP86YJBAKTDN5"
    )
    status = to_status(error)

    assert status == to_status(from_status(status))


def test_a_status_is_filled_to_its_limit():
    """Small violations leave no room: proxies bear 4,096 bytes, and the caller gets all that they bear."""
    violations = [Violation("f", "R", "d")] * 1000
    status = to_status(GatewayError(ErrorReason.Value("ERROR_REASON_INVALID_REQUEST"), violations=violations))

    assert STATUS_LIMIT - 16 < status.ByteSize() <= STATUS_LIMIT
