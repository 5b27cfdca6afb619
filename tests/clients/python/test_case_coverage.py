"""The cases leave nothing out: every field, rule, magic number and reason that they can reach is in one of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor

from gateway.app import SERVICE
from gateway.sandbox.behaviour import ORDINARY
from gateway.sandbox.magic import MAGIC
from voicegateway.v1.error_reason_pb2 import ErrorReason
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import WarningReason

CASES = Path(__file__).parents[2] / "cases"
CALLS = {file.stem: json.loads(file.read_text()) for file in (CASES / "calls").glob("*.json")}
INVALID = json.loads((CASES / "invalid_requests.json").read_text())

OUT_OF_REACH = {
    "REQUEST_IN_PROGRESS",  # needs two calls at once
    "OVERLOADED",  # needs a gateway that is full or stops
    "LEDGER_UNAVAILABLE",  # needs a ledger that fails
    "PAUSED",  # needs an operator
    "INTERNAL",  # needs a bug
    "CURSOR_OUT_OF_RANGE",  # needs WatchCalls, which no case calls
    "UNIMPLEMENTED",  # needs a method that is not built, and all are
    "RATE_LIMITED",  # reserved, as the next two
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
}
"""Reasons that no caller alone can bring about at the sandbox."""


def test_there_are_enough_cases():
    """The set does not shrink unnoticed."""
    assert 100 <= len(CALLS)
    assert 80 <= len(INVALID)
    assert len(INVALID) == len({case["about"] for case in INVALID})
    assert len(CALLS) == len({case["about"] for case in CALLS.values()})


def test_every_reason_in_reach_is_told_by_a_case():
    """Each row of the contract's error table that a caller can meet at the sandbox is spoken."""
    told = {step["expect"].get("reason") for case in CALLS.values() for step in case["steps"]}
    all_there_are = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118

    assert all_there_are - OUT_OF_REACH == {name.removeprefix("ERROR_REASON_") for name in told if name}


def test_every_warning_in_reach_is_told_by_a_case():
    """The receiver is off, so that no report bypasses it."""
    warnings = re.findall(r"WARNING_REASON_[A-Z_]+", json.dumps(CALLS))

    assert set(WarningReason.keys()) - {"WARNING_REASON_UNSPECIFIED", "WARNING_REASON_REPORTS_BYPASS_GATEWAY"} == set(
        warnings
    )


@pytest.mark.parametrize("field", [field.name for field in OutboundCallRequest.DESCRIPTOR.fields])
def test_every_field_of_a_call_is_sent_by_a_case(field):
    """Each option is accepted, and compared with the provider's form, in one case at least."""
    assert [
        name
        for name, case in CALLS.items()
        if "form" in case["sandbox"] and any(field in step["request"].get("call", {}) for step in case["steps"])
    ]


ANSWERS = [magic for magic in MAGIC if magic.behaviour is ORDINARY]
"""Those that decide about the answer; what a phone does after it is told by reports, which no case waits for."""


@pytest.mark.parametrize("magic", ANSWERS, ids=lambda magic: magic.value)
def test_every_magic_value_is_met_by_a_case(magic):
    """Whatever the sandbox can do to a request is done to one."""
    requests = [step["request"] for case in CALLS.values() for step in case["steps"]]
    values = [f'"{magic.value}"', *([f"{magic.value}"] if magic.place == "sound" else [])]
    assert any(value in json.dumps(request) for request in requests for value in values)


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
