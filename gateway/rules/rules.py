"""The rule engine, and the server's own rules beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import protovalidate
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.errors import Violation
from gateway.rules.hints import hint_for
from gateway.rules.json_text import json_problem
from gateway.rules.long_lists import Lists
from gateway.rules.times import Times, is_timestamp
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

SCHEDULE_WINDOW: Final = (timedelta(minutes=15), timedelta(days=90))
"""How far from now a schedule_time may lie."""


class Rules:
    """Finds every rule that a request breaks."""

    def __init__(self, requests: Iterable[type[Message]], *, now: Callable[[], datetime]) -> None:
        """Compiles the rules of every type that a request may hold, so that a bad one stops the start and not a call.

        Raises:
            protovalidate.CompilationError: A rule does not compile.
        """
        self._validator = protovalidate.Validator()
        self._now = now
        self._times_by_type = {request.DESCRIPTOR: Times(request.DESCRIPTOR) for request in requests}
        self._lists_by_type = {request.DESCRIPTOR: Lists(request.DESCRIPTOR) for request in requests}
        # The engine compiles the rules of a type when it first meets one: a message inside another is another type.
        for kind in {kind.full_name: kind for request in requests for kind in _kinds(request.DESCRIPTOR)}.values():
            self._validator.collect_violations(GetMessageClass(kind)())

    def cut_long_lists(self, request: Message) -> list[Violation]:
        """Shortens each list of a request, in place, to one item more than allowed.

        The engine tells of each broken item on its own, and would take a minute for a request of 4 MiB. A request with
        such a list is refused in any case.

        Returns:
            The lists that no rule of the protos will refuse for their length.
        """
        return list(self._lists_by_type[request.DESCRIPTOR].cut(request))

    def violations(self, request: Message) -> list[Violation]:
        """Lists the broken rules with their fields' paths."""
        times = self._times_by_type[request.DESCRIPTOR]
        beyond = list(times.out_of_range(request))
        found = [Violation(".".join(path), "VALUE_RANGE", "no Duration or Timestamp can hold this") for path in beyond]
        # The engine raises on such times, and would tell of no other violation.
        found += self._of_the_protos(times.without(request, beyond) if beyond else request)
        call = getattr(request, "call", None)
        if isinstance(call, OutboundCallRequest):
            found += self._of_the_server(call, {violation.field for violation in found})
        return found

    def _of_the_protos(self, request: Message) -> list[Violation]:
        return [_violation(request, each.proto) for each in self._validator.collect_violations(request)]

    def _of_the_server(self, call: OutboundCallRequest, accused: set[str]) -> Iterator[Violation]:
        if call.HasField("timeout_json") and "call.timeout_json" not in accused:
            problem = json_problem(call.timeout_json)
            if problem:
                yield Violation("call.timeout_json", "STRING_JSON", problem)
        if call.HasField("schedule_time") and is_timestamp(call.schedule_time):
            earliest, latest = (self._now() + bound for bound in SCHEDULE_WINDOW)
            if not earliest <= call.schedule_time.ToDatetime(UTC) <= latest:
                yield Violation("call.schedule_time", "TIMESTAMP_WINDOW", "must be 15 minutes to 90 days from now")


def _kinds(message: Any) -> Iterator[Any]:
    """Lists the descriptors of a message type and of all types below it."""
    yield message
    for field in message.fields:
        if field.message_type is not None:
            yield from _kinds(field.message_type)


def _violation(request: Message, broken: Any) -> Violation:
    elements = broken.field.elements if broken.field is not None else []
    description = hint_for(request.DESCRIPTOR, broken.rule_id, elements) or broken.message
    return Violation(_path(elements), broken.rule_id.replace(".", "_").upper(), description)


def _path(elements: Iterable[Any]) -> str:
    """Builds `call.recipients[3].number`: the engine gives the elements, not the text."""
    return ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "") for element in elements
    )
