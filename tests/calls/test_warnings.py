"""What an accepted request is answered with beside its call: exactly the contract's warnings, in its order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound_calls import PLAIN, WHOLE, call_from
from strategies import valid_calls

from gateway.calls.warnings import warnings_for
from voicegateway.v1.outbound_call_service_pb2 import WarningReason

URL = "https://calls.example.com/r"
NINE, TEN = [URL] * 9, [URL] * 10
REPORTED = {"dlrUrl": URL}
"""Keeps NO_REPORTS away while the receiver is off."""

NO_REPORTS = ("NO_REPORTS", "")


def playlist(*items):
    return {"ivr": None, "playlist": {"items": list(items)}}


def message(**fields):
    return {"message": {"text": "words"} | fields}


def rules(*statuses):
    rules = [{"count": 1, "statuses": [f"RETRY_STATUS_{each}" for each in each_of]} for each_of in statuses]
    return {"retryRules": {"rules": rules}}


def redials(field):
    return ("REDIALS_ANSWERED", f"call.{field}")


def unverified(field):
    return ("UNVERIFIED_BY_PROVIDER_DOCS", f"call.{field}")


def bypass(field):
    return ("REPORTS_BYPASS_GATEWAY", f"call.{field}")


def told(call, receiver_on):
    """The warnings as (reason, field)."""
    return [
        (WarningReason.Name(each.reason).removeprefix("WARNING_REASON_"), each.field)
        for each in warnings_for(call, receiver_on=receiver_on)
    ]


@pytest.mark.parametrize("receiver_on", [pytest.param(True, id="receiver on"), pytest.param(False, id="receiver off")])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(rules(["ANSWER"]), [redials("retry_rules.rules[0]")], id="a rule with ANSWER"),
        pytest.param(
            rules(["BUSY"], ["NOANSWER", "ANSWER"], [], ["ANSWER"]),
            [redials("retry_rules.rules[1]"), unverified("retry_rules.rules[2]"), redials("retry_rules.rules[3]")],
            id="of several rules, those with ANSWER or with nothing",
        ),
        pytest.param(rules([]), [unverified("retry_rules.rules[0]")], id="a rule with no status"),
        pytest.param({"timeout": "60s"}, [unverified("timeout")], id="timeout"),
        pytest.param({"timeoutJson": "[60]"}, [unverified("timeout_json")], id="timeout_json"),
        pytest.param({"campaignName": "autumn"}, [unverified("campaign_name")], id="campaign_name"),
        pytest.param(
            playlist(message(language="en-US")), [unverified("playlist.items[0].message.language")], id="language"
        ),
        pytest.param(playlist(message(speed="slow")), [unverified("playlist.items[0].message.speed")], id="speed"),
        pytest.param(
            playlist(
                message(),
                message(speed="slow", language="de"),
                {"sounds": {"soundIds": [13]}},
                message(language="en"),
            ),
            [
                unverified("playlist.items[1].message.language"),
                unverified("playlist.items[1].message.speed"),
                unverified("playlist.items[3].message.language"),
            ],
            id="of several messages, each with a language or a speed",
        ),
        pytest.param({"custom": "order-8812"}, [unverified("custom")], id="a custom with a dash"),
        pytest.param({"custom": " "}, [unverified("custom")], id="a custom of a space"),
        pytest.param({}, [], id="nothing for the least call"),
        pytest.param({"custom": "Order8812"}, [], id="nothing for an alphanumeric custom"),
        pytest.param({"retryCount": 2, "retryInterval": "20s"}, [], id="nothing for a count and an interval"),
        pytest.param(rules(["BUSY"], ["CONGESTION", "CHANUNAVAIL", "NOANSWER"]), [], id="nothing for other statuses"),
        pytest.param({"delay": "900s"}, [], id="nothing for a delay"),
        pytest.param({"scheduleTime": "2026-11-24T12:00:00Z"}, [], id="nothing for a time"),
        pytest.param({"prefix": "+1", "bridge": "+13236550100"}, [], id="nothing for prefix and bridge"),
        pytest.param(
            {"recipients": [{"number": "+13236550107", "reference": "a b"}]}, [], id="nothing for a reference"
        ),
        pytest.param(playlist(message(), {"sounds": {"soundIds": [13]}}), [], id="nothing for texts and sounds"),
        pytest.param({"callbacks": {"callEnd": {"urls": NINE}}}, [], id="nothing for nine URLs"),
        pytest.param({"callbacks": {"callEnd": {"profileIds": ["c"] * 10}}}, [], id="nothing for ten profiles"),
    ],
)
def test_what_a_value_is_answered_with(changes, expected, receiver_on):
    """A value that the provider's documents do not settle is sent as given, and reported; nothing else is."""
    reports = REPORTED if "callbacks" not in changes and not receiver_on else {}

    assert expected == told(call_from(PLAIN, **reports, **changes), receiver_on)


@pytest.mark.parametrize(
    ("changes", "receiver_on", "expected"),
    [
        pytest.param({}, False, [NO_REPORTS], id="off: nobody is told"),
        pytest.param({"callbacks": {}}, False, [NO_REPORTS], id="off: callbacks of no event"),
        pytest.param({"dlrUrl": URL}, False, [], id="off: a dlr_url"),
        pytest.param({"callbacks": {"callStart": {"urls": TEN}}}, False, [], id="off: ten URLs"),
        pytest.param({"callbacks": {"callStart": {"profileIds": ["c"]}}}, False, [], id="off: a profile"),
        pytest.param({}, True, [], id="on: the gateway is told"),
        pytest.param({"dlrUrl": URL}, True, [bypass("dlr_url")], id="on: a dlr_url"),
        pytest.param({"callbacks": {"callEnd": {"urls": NINE}}}, True, [], id="on: room for one more URL"),
        pytest.param(
            {
                "dlrUrl": URL,
                "callbacks": {"callEnd": {"urls": TEN}, "callStart": {"urls": TEN}, "callAnswer": {"urls": NINE}},
            },
            True,
            [bypass("dlr_url"), bypass("callbacks.call_start"), bypass("callbacks.call_end")],
            id="on: a dlr_url and two full events",
        ),
    ],
)
def test_who_is_told_how_a_call_went(changes, receiver_on, expected):
    """Reports that nobody gets, or that the gateway does not, are worth a word."""
    assert expected == told(call_from(PLAIN, **changes), receiver_on)


def test_warnings_stand_in_the_order_of_the_request():
    """Depth first by field number, then index."""
    full = {"callAnswer": {"urls": TEN}, "callStart": {"urls": TEN}}

    assert [
        unverified("playlist.items[1].message.language"),
        unverified("playlist.items[1].message.speed"),
        redials("retry_rules.rules[0]"),
        unverified("retry_rules.rules[1]"),
        unverified("timeout_json"),
        bypass("dlr_url"),
        bypass("callbacks.call_start"),
        bypass("callbacks.call_answer"),
        unverified("custom"),
        unverified("campaign_name"),
    ] == told(call_from(WHOLE, callbacks=full), receiver_on=True)


def test_no_reports_comes_last():
    """A warning about no field follows those about one."""
    call = call_from(PLAIN, campaignName="autumn")

    assert [unverified("campaign_name"), NO_REPORTS] == told(call, receiver_on=False)


@settings(deadline=None)
@given(call=valid_calls(datetime(2026, 11, 24, 10, 0, tzinfo=UTC)), receiver_on=st.booleans())
def test_every_warning_names_a_field_that_is_set(call, receiver_on):
    """Whatever a call says, its warnings are in the order of the request, each for one field, in words."""
    warnings = warnings_for(call, receiver_on=receiver_on)

    places = [place(each.field, call) for each in warnings if each.field]
    assert sorted(places) == places
    assert len(set(places)) == len(places)
    assert all(each.description and each.reason for each in warnings)
    assert all(each.field for each in warnings[:-1])


def place(path, call):
    """Where a path stands in a request: its field numbers and indexes. Fails for a field that is not set."""
    steps, message = [], call
    for step in path.removeprefix("call.").split("."):
        name, _, index = step.rstrip("]").partition("[")
        field = message.DESCRIPTOR.fields_by_name[name]
        assert field in [each for each, _ in message.ListFields()]
        message = getattr(message, name)
        steps.append(field.number)
        if index:
            message = message[int(index)]
            steps.append(int(index))
    return tuple(steps)


def test_every_warning_of_the_contract_can_be_given():
    """Each reason has a request that brings it."""
    calls = [call_from(WHOLE), call_from(PLAIN)]

    reasons = {reason for call in calls for on in (True, False) for reason, _ in told(call, on)}
    published = {name.removeprefix("WARNING_REASON_") for name, number in WarningReason.items() if number}

    assert published == reasons
