"""Which rules a request breaks: the protos' own, and the few that no annotation can say.

The rules are protovalidate's, so that callers in Go and Java can apply the same ones before they send. What is added
here depends on the clock (`timestamp.window`), needs a JSON parser (`string.json`), or guards the rule engine, which
raises on times that no Duration or Timestamp can hold (`value.range`).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.unknown_fields import UnknownFieldSet

from gateway.errors import Violation
from gateway.hints import HINT_BY_FIELD
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

SCHEDULE_WINDOW: Final = (timedelta(minutes=15), timedelta(days=90))
JSON_DEPTH_LIMIT: Final = 32

_LARGE: Final = 32 * 1024  # bytes, from which a request's lists are cut before its rules are applied
_UNKNOWN_SHOWN: Final = 100

_DURATION_SECONDS: Final = 315_576_000_000
_TIMESTAMP_SECONDS: Final = range(-62_135_596_800, 253_402_300_800)
_NANOS: Final = 1_000_000_000

Path = tuple[FieldDescriptor, ...]
AnyDescriptor = Any  # two classes by the stubs: pure Python's and upb's


class Rules:
    """Finds every rule that a request breaks, all at once."""

    def __init__(self, requests: Iterable[type[Message]], *, now: Callable[[], datetime]) -> None:
        """Compiles the rules of every request type, so that a bad rule stops the start and not a call.

        Raises:
            protovalidate.CompilationError: A rule does not compile.
        """
        self._validator = protovalidate.Validator()
        self._now = now
        self._times_by_type = {request.DESCRIPTOR: tuple(_time_paths(request.DESCRIPTOR)) for request in requests}
        for request in requests:
            self._validator.collect_violations(request())

    def violations(self, request: Message) -> list[Violation]:
        """Lists the broken rules with their fields' paths; never a value."""
        out_of_range = [path for path in self._times_by_type[request.DESCRIPTOR] if not _in_range(request, path)]
        found = [_range_violation(path) for path in out_of_range]
        found += self._broken_rules(_without(request, out_of_range) if out_of_range else request)
        call = getattr(request, "call", None)
        if isinstance(call, OutboundCallRequest):
            accused = {violation.field for violation in found}
            found += [violation for violation in self._of_the_server(call) if violation.field not in accused]
        return found

    def _broken_rules(self, request: Message) -> list[Violation]:
        if request.ByteSize() > _LARGE:
            request = _without(request, ())
            _cut_lists(request)
        return [_violation(request.DESCRIPTOR, each.proto) for each in self._validator.collect_violations(request)]

    def _of_the_server(self, call: OutboundCallRequest) -> Iterator[Violation]:
        if call.HasField("timeout_json"):
            problem = _json_problem(call.timeout_json)
            if problem:
                yield Violation("call.timeout_json", "STRING_JSON", problem)
        if call.HasField("schedule_time") and _valid_timestamp(call.schedule_time):
            earliest, latest = (self._now() + bound for bound in SCHEDULE_WINDOW)
            if not earliest <= call.schedule_time.ToDatetime(UTC) <= latest:
                yield Violation("call.schedule_time", "TIMESTAMP_WINDOW", "must be 15 minutes to 90 days from now")


def unknown_fields(request: Message) -> list[Violation]:
    """Lists the fields that this gateway does not know, at any depth: what cannot be honoured is not dropped."""
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    # Sizes tell at the speed of C; only a request that has unknown fields is walked.
    if known.ByteSize() == request.ByteSize():
        return []
    return list(itertools.islice(_unknown_below(request, ""), _UNKNOWN_SHOWN))


def _unknown_below(message: Message, path: str) -> Iterator[Violation]:
    for unknown in UnknownFieldSet(message):  # type: ignore[attr-defined] # it iterates; its stubs do not
        text = f"this gateway knows no field number {unknown.field_number} here; drop it, or upgrade the gateway"
        yield Violation(path, "MESSAGE_UNKNOWN_FIELD", text)
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for place, each in _placed(field, value):
            yield from _unknown_below(each, f"{path}.{place}" if path else place)


def _placed(field: FieldDescriptor, value: Any) -> Iterator[tuple[str, Message]]:
    if field.is_repeated:
        yield from ((f"{field.name}[{index}]", each) for index, each in enumerate(value))
    else:
        yield field.name, value


def _violation(request: AnyDescriptor, broken: Any) -> Violation:
    elements = broken.field.elements if broken.field is not None else []
    description = broken.message
    if broken.rule_id == "string.pattern":
        description = f"must be {HINT_BY_FIELD[_full_name(request, elements)]}"
    return Violation(_path(elements), broken.rule_id.replace(".", "_").upper(), description)


def _path(elements: Iterable[Any]) -> str:
    """Builds `call.recipients[3].number`: the engine gives the elements, not the text."""
    return ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "") for element in elements
    )


def _full_name(message: AnyDescriptor | None, elements: Iterable[Any]) -> str:
    name = ""
    for element in elements:
        if message is not None:
            field = message.fields_by_name[element.field_name]
            name, message = field.full_name, field.message_type
    return name


# Times that no Duration or Timestamp can hold


def _time_paths(message: AnyDescriptor) -> Iterator[Path]:
    """Finds every Duration and Timestamp of a request type; none stands in a list (a test holds that)."""
    for field in message.fields:
        if field.message_type is None or field.is_repeated:
            continue
        if field.message_type in (Duration.DESCRIPTOR, Timestamp.DESCRIPTOR):
            yield (field,)
        else:
            yield from ((field, *rest) for rest in _time_paths(field.message_type))


def _at(message: Message, path: Path) -> Message | None:
    for field in path:
        if not message.HasField(field.name):
            return None
        message = getattr(message, field.name)
    return message


def _in_range(request: Message, path: Path) -> bool:
    value = _at(request, path)
    if isinstance(value, Duration):
        same_sign = value.seconds == 0 or value.nanos == 0 or (value.seconds > 0) == (value.nanos > 0)
        return abs(value.seconds) <= _DURATION_SECONDS and abs(value.nanos) < _NANOS and same_sign
    return not isinstance(value, Timestamp) or _valid_timestamp(value)


def _valid_timestamp(value: Timestamp) -> bool:
    return value.seconds in _TIMESTAMP_SECONDS and 0 <= value.nanos < _NANOS


def _range_violation(path: Path) -> Violation:
    text = "no Duration or Timestamp can hold this value"
    return Violation(".".join(field.name for field in path), "VALUE_RANGE", text)


def _without(request: Message, paths: Iterable[Path]) -> Message:
    copy = type(request)()
    copy.CopyFrom(request)
    for path in paths:
        holder = _at(copy, path[:-1])
        if holder is not None:
            holder.ClearField(path[-1].name)
    return copy


def _cut_lists(message: Message) -> None:
    """Shortens each list to one more than its rule allows: a million bad items are refused as fast as one too many."""
    for field, value in message.ListFields():
        if field.is_repeated:
            limit = field.GetOptions().Extensions[validate_pb2.field].repeated.max_items
            if limit:
                del value[limit + 1 :]
        if field.message_type is not None:
            for each in value if field.is_repeated else (value,):
                _cut_lists(each)


# JSON that the provider can read


def _json_problem(text: str) -> str:
    if _depth(text) > JSON_DEPTH_LIMIT:
        return f"must be nested at most {JSON_DEPTH_LIMIT} deep"
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except ValueError as problem:
        where = f" (at character {problem.pos})" if isinstance(problem, json.JSONDecodeError) else ""
        return f"must be JSON as in RFC 8259{where}"
    return ""


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity: Python reads them, JSON has none


def _depth(text: str) -> int:
    """Counts the deepest nesting outside of strings, without recursion: the text is a stranger's."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string, escaped = escaped or character != '"', not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
