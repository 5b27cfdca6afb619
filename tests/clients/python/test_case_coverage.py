"""The cases leave nothing out: every field, rule, magic number and reason that they can reach is in one of them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor

from gateway.app import SERVICE
from gateway.sandbox.behaviour import ORDINARY
from gateway.sandbox.magic import MAGIC, Magic
from voicegateway.v1.error_reason_pb2 import ErrorReason
from voicegateway.v1.outbound_call_pb2 import (
    Dispatch,
    Disposition,
    OutboundCallRequest,
    RecipientOutcome,
    RecipientState,
    ResolutionSource,
)
from voicegateway.v1.outbound_call_service_pb2 import CallEvent, CallEventType, WarningReason

CASES = Path(__file__).parents[2] / "cases"
CALLS, OUTCOMES = (
    {file.stem: json.loads(file.read_text()) for file in (CASES / folder).glob("*.json")}
    for folder in ("calls", "outcomes")
)
ALL = {**CALLS, **OUTCOMES}
INVALID = json.loads((CASES / "invalid_requests.json").read_text())

OUT_OF_REACH = {
    "REQUEST_IN_PROGRESS",  # needs two calls at once
    "OVERLOADED",  # needs a gateway that is full or stops
    "LEDGER_UNAVAILABLE",  # needs a ledger that fails
    "PAUSED",  # needs an operator
    "INTERNAL",  # needs a bug
    "UNIMPLEMENTED",  # needs a method that is not built, and all are
    "RATE_LIMITED",  # reserved, as the next two
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
}
"""Reasons that no caller alone can bring about at the sandbox."""


def test_there_are_enough_cases():
    """The set does not shrink unnoticed."""
    assert 100 <= len(CALLS)
    assert 35 <= len(OUTCOMES)
    assert 80 <= len(INVALID)
    assert len(INVALID) == len({case["about"] for case in INVALID})
    assert len(CALLS) + len(OUTCOMES) == len({case["about"] for case in ALL.values()})


def test_every_reason_in_reach_is_told_by_a_case():
    """Each row of the contract's error table that a caller can meet at the sandbox is spoken."""
    told = {step["expect"].get("reason") for case in ALL.values() for step in case["steps"]}
    all_there_are = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118

    assert all_there_are - OUT_OF_REACH == {name.removeprefix("ERROR_REASON_") for name in told if name}


def test_every_warning_is_told_by_a_case():
    """NO_REPORTS where there is no receiver, REPORTS_BYPASS_GATEWAY where there is one."""
    assert every(WarningReason) == told_in(CALLS, WarningReason) | told_in(OUTCOMES, WarningReason)


@pytest.mark.parametrize("field", [field.name for field in OutboundCallRequest.DESCRIPTOR.fields])
def test_every_field_of_a_call_is_sent_by_a_case(field):
    """Each option is accepted, and compared with the provider's form, in one case at least."""
    assert [
        name
        for name, case in CALLS.items()
        if "form" in case["sandbox"] and any(field in step["request"].get("call", {}) for step in case["steps"])
    ]


def is_met(magic: Magic, cases: Mapping[str, Any]) -> bool:
    """Whether a case of these sends such a value."""
    requests = [json.dumps(step["request"]) for case in cases.values() for step in case["steps"]]
    values = [f'"{magic.value}"', *([f"{magic.value}"] if magic.place == "sound" else [])]
    return any(value in request for request in requests for value in values)


PHONES = [magic for magic in MAGIC if magic.behaviour is not ORDINARY]
ANSWERS = [magic for magic in MAGIC if magic.behaviour is ORDINARY]


@pytest.mark.parametrize("magic", ANSWERS, ids=lambda magic: magic.value)
def test_every_magic_value_is_met_by_a_case(magic):
    """Whatever the sandbox can do to a request is done to one."""
    assert is_met(magic, CALLS)


@pytest.mark.parametrize("magic", PHONES, ids=lambda magic: magic.value)
def test_every_magic_phone_is_rung_by_a_case(magic):
    """Whatever a phone can do, and however that is reported, is told by an outcome."""
    assert is_met(magic, OUTCOMES)


def expected_of(rpc: str) -> list[Any]:
    return [step["expect"] for case in OUTCOMES.values() for step in case["steps"] if step.get("rpc") == rpc]


EVENTS = [event for expect in expected_of("WatchCalls") for event in expect.get("events", [])]
TOLD = [
    outcome
    for expect in expected_of("WatchCalls")
    for outcomes in expect.get("recipients", {}).values()
    for outcome in outcomes
]
RECORDED = [
    outcome
    for expect in expected_of("GetCall")
    for outcome in expect.get("reply", {}).get("call", {}).get("recipients", [])
]


def every(enum: Any) -> set[str]:
    return {value.name for value in enum.DESCRIPTOR.values if value.number != 0}


def told_in(value: Any, enum: Any) -> set[str]:
    return every(enum) & set(re.findall(r"[A-Z_]+", json.dumps(value)))


@pytest.mark.parametrize(
    ("enum", "told"),
    [
        pytest.param(CallEventType, EVENTS, id="types of events"),
        pytest.param(Dispatch, EVENTS, id="dispatches in events"),
        pytest.param(RecipientState, TOLD, id="states in events"),
        pytest.param(RecipientState, RECORDED, id="states in records"),
        pytest.param(Disposition, TOLD, id="dispositions in events"),
        pytest.param(Disposition, RECORDED, id="dispositions in records"),
    ],
)
def test_every_outcome_is_told_by_a_case(enum, told):
    """However far a call gets, and however it ends, clients in every language are shown it."""
    reached = every(enum) - ({"RECIPIENT_STATE_RINGING", "RECIPIENT_STATE_ANSWERED"} if told is RECORDED else set())

    assert reached == told_in(told, enum)


def test_an_unknown_outcome_becomes_known_in_a_case():
    """By a report, that is: nobody else finds out at the sandbox."""
    assert {"RESOLUTION_SOURCE_REPORT"} == told_in(expected_of("GetCall"), ResolutionSource)


@pytest.mark.parametrize(
    ("message", "told"),
    [pytest.param(CallEvent, EVENTS, id="events"), pytest.param(RecipientOutcome, TOLD, id="outcomes")],
)
def test_every_field_of_what_is_told_is_expected_by_a_case(message, told):
    """No field can be lost on the way to a client."""
    assert {field.name for field in message.DESCRIPTOR.fields} == {
        name for each in told for name, value in each.items() if value is not None
    }


FAMILIES = ("string", "int32", "int64", "duration", "enum", "repeated")


def rules_of(field: Any, rules: Any, path: str) -> Iterator[tuple[str, str]]:
    """The rules on a field, each as (path, beginning of its id)."""
    if rules.required:
        yield path, "REQUIRED"
    for rule in rules.cel:
        yield path, rule.id.replace(".", "_").upper()
    family = rules.WhichOneof("type")
    if family in {"string", "enum", "repeated"}:
        for rule, _ in getattr(rules, family).ListFields():
            if rule.name != "items":
                yield path, f"{family}_{rule.name}".upper()
    elif family is not None:
        yield path, f"{family}_".upper()
    if family == "repeated" and rules.repeated.HasField("items"):
        yield from rules_of(field, rules.repeated.items, f"{path}[]")


def rules_below(message: Descriptor, path: str = "") -> Iterator[tuple[str, str]]:
    """The rules on a message and everything in it."""
    for rule in message.GetOptions().Extensions[validate_pb2.message].cel:
        yield path.rstrip("."), rule.id.replace(".", "_").upper()
    for oneof in message.oneofs:
        if oneof.GetOptions().Extensions[validate_pb2.oneof].required:
            yield f"{path}{oneof.name}", "REQUIRED"
    for field in message.fields:
        yield from rules_of(field, field.GetOptions().Extensions[validate_pb2.field], f"{path}{field.name}")
        if field.message_type is not None and field.message_type.file.package == "voicegateway.v1":
            yield from rules_below(field.message_type, f"{path}{field.name}{'[]' if field.is_repeated else ''}.")


RULES = sorted(
    {(method.input_type.name, *rule) for method in SERVICE.methods for rule in rules_below(method.input_type)}
    # The gateway's clock has a say in it, too: one of the calls breaks this rule.
    - {("PlaceCallRequest", "call.schedule_time", "TIMESTAMP_WHOLE_SECONDS")}
)


def anywhere(path: str) -> str:
    """A path without its indices; the three events of a call have the same rules."""
    return re.sub(r"\[\d*\]", "[]", re.sub(r"call_(start|answer|end)", "call_event", path))


@pytest.mark.parametrize(("message", "path", "rule"), [pytest.param(*each, id=" ".join(each)) for each in RULES])
def test_every_rule_of_the_protos_is_broken_by_a_case(message, path, rule):
    """Clients in every language are held to each rule, at each place where it stands."""
    broken = {
        (anywhere(field), reason)
        for case in INVALID
        if case["message"] == message
        for field, reason in case["violations"]
    }

    assert [each for each in broken if each[0] == anywhere(path) and each[1].startswith(rule)]
