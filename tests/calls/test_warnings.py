"""What an accepted request is answered with beside its call: exactly the contract's warnings, in its order."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound_calls import PLAIN, WHOLE, call_from
from strategies import valid_calls

from gateway.calls.warnings import warnings_for
from gateway.kaleyra.report_urls import ReportAddress
from gateway.settings import Receiver
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


PER_EVENT = ReportAddress.of(Receiver(listen="127.0.0.1:8081", public_url="https://gateway.example.com"))
IN_ALL = replace(PER_EVENT, in_all=True)


def told(call, reports):
    """The warnings as (reason, field)."""
    return [
        (WarningReason.Name(each.reason).removeprefix("WARNING_REASON_"), each.field)
        for each in warnings_for(call, reports=reports)
    ]


@pytest.mark.parametrize(
    "reports",
    [
        pytest.param(PER_EVENT, id="receiver on"),
        pytest.param(IN_ALL, id="receiver on, URLs counted in all"),
        pytest.param(None, id="receiver off"),
    ],
)
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
        pytest.param({"callbacks": {"callEnd": {"urls": [URL] * 7}}}, [], id="nothing for seven URLs"),
        pytest.param({"callbacks": {"callEnd": {"profileIds": ["c"] * 10}}}, [], id="nothing for ten profiles"),
    ],
)
def test_what_a_value_is_answered_with(changes, expected, reports):
    """A value that the provider's documents do not settle is sent as given, and reported; nothing else is."""
    reported = REPORTED if "callbacks" not in changes and reports is None else {}

    assert expected == told(call_from(PLAIN, **reported, **changes), reports)


@pytest.mark.parametrize(
    ("changes", "reports", "expected"),
    [
        pytest.param({}, None, [NO_REPORTS], id="off: nobody is told"),
        pytest.param({"callbacks": {}}, None, [NO_REPORTS], id="off: callbacks of no event"),
        pytest.param({"dlrUrl": URL}, None, [], id="off: a dlr_url"),
        pytest.param({"callbacks": {"callStart": {"urls": TEN}}}, None, [], id="off: ten URLs"),
        pytest.param({"callbacks": {"callStart": {"profileIds": ["c"]}}}, None, [], id="off: a profile"),
        pytest.param({}, PER_EVENT, [], id="on: the gateway is told"),
        pytest.param({"dlrUrl": URL}, PER_EVENT, [bypass("dlr_url")], id="on: a dlr_url"),
        pytest.param({"callbacks": {"callEnd": {"urls": NINE}}}, PER_EVENT, [], id="on: room for one more URL"),
        pytest.param(
            {
                "dlrUrl": URL,
                "callbacks": {"callEnd": {"urls": TEN}, "callStart": {"urls": TEN}, "callAnswer": {"urls": NINE}},
            },
            PER_EVENT,
            [bypass("dlr_url"), bypass("callbacks.call_start"), bypass("callbacks.call_end")],
            id="on: a dlr_url and two full events",
        ),
        pytest.param(
            {"callbacks": {"callEnd": {"urls": [URL] * 7}}}, IN_ALL, [], id="on, counted in all: room for three more"
        ),
        pytest.param(
            {"callbacks": {"callEnd": {"urls": [URL] * 4}, "callStart": {"urls": [URL] * 4}}},
            IN_ALL,
            [bypass("callbacks.call_start")],
            id="on, counted in all: room for two, and none for the start of a call",
        ),
        pytest.param(
            {"callbacks": {"callAnswer": {"urls": NINE}}},
            IN_ALL,
            [bypass("callbacks.call_start"), bypass("callbacks.call_answer")],
            id="on, counted in all: room for the end of a call only",
        ),
        pytest.param(
            {"dlrUrl": URL, "callbacks": {"callEnd": {"urls": TEN}}},
            IN_ALL,
            [bypass("dlr_url"), *(bypass(f"callbacks.call_{event}") for event in ("start", "answer", "end"))],
            id="on, counted in all: no room, also for events that the caller did not name",
        ),
        pytest.param(
            {"callbacks": {event: {"urls": TEN} for event in ("callStart", "callAnswer", "callEnd")}},
            IN_ALL,
            [bypass(f"callbacks.call_{event}") for event in ("start", "answer", "end")],
            id="on, counted in all: more than the limit already",
        ),
    ],
)
def test_who_is_told_how_a_call_went(changes, reports, expected):
    """Reports that nobody gets, or that the gateway does not, are worth a word."""
    assert expected == told(call_from(PLAIN, **changes), reports)


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
    ] == told(call_from(WHOLE, callbacks=full), PER_EVENT)


def test_no_reports_comes_last():
    """A warning about no field follows those about one."""
    call = call_from(PLAIN, campaignName="autumn")

    assert [unverified("campaign_name"), NO_REPORTS] == told(call, None)


@settings(deadline=None)
@given(call=valid_calls(datetime(2026, 11, 24, 10, 0, tzinfo=UTC)), reports=st.sampled_from([PER_EVENT, IN_ALL, None]))
def test_every_warning_names_a_field(call, reports):
    """Whatever a call says, its warnings are in the order of the request, each for one field that is set, in words.

    Where all events share the room for URLs, one that the caller did not name may have none left.
    """
    warnings = warnings_for(call, reports=reports)

    unset = () if reports is not IN_ALL else ("call_start", "call_answer", "call_end")
    places = [place(each.field, call, unset) for each in warnings if each.field]
    assert sorted(places) == places
    assert len(set(places)) == len(places)
    assert all(each.description and each.reason for each in warnings)
    assert all(each.field for each in warnings[:-1])


def place(path, call, unset):
    """Where a path stands in a request: its field numbers and indexes. Fails for a field not set that must be."""
    steps, message = [], call
    for step in path.removeprefix("call.").split("."):
        name, _, index = step.rstrip("]").partition("[")
        field = message.DESCRIPTOR.fields_by_name[name]
        assert name in unset or field in [each for each, _ in message.ListFields()]
        message = getattr(message, name)
        steps.append(field.number)
        if index:
            message = message[int(index)]
            steps.append(int(index))
    return tuple(steps)


def test_every_warning_of_the_contract_can_be_given():
    """Each reason has a request that brings it."""
    calls = [call_from(WHOLE), call_from(PLAIN)]

    reasons = {reason for call in calls for on in (PER_EVENT, None) for reason, _ in told(call, on)}
    published = {name.removeprefix("WARNING_REASON_") for name, number in WarningReason.items() if number}

    assert published == reasons
