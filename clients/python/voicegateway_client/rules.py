"""The rules of the protos, applied by protovalidate, and what guards its engine. The gateway runs this very code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import protovalidate
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from voicegateway_client.hints import hint_for
from voicegateway_client.long_lists import Lists
from voicegateway_client.times import Times
from voicegateway_client.violation import Violation


class Rules:
    """Finds every rule of the protos that a request breaks."""

    def __init__(self, requests: Iterable[type[Message]]) -> None:
        """Compiles the rules of every type that a request may hold, so that a bad one is found here and not later.

        Raises:
            protovalidate.CompilationError: A rule does not compile.
        """
        kinds = [request.DESCRIPTOR for request in requests]
        self._validator = protovalidate.Validator()
        self._times_by_type = {kind: Times(kind) for kind in kinds}
        self._lists_by_type = {kind: Lists(kind) for kind in kinds}
        # The engine compiles the rules of a type when it first meets one: a message inside another is another type.
        for each in {below.full_name: below for kind in kinds for below in _kinds(kind)}.values():
            self._validator.collect_violations(GetMessageClass(each)())

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
        judged = times.without(request, beyond) if beyond else request
        found += [_violation(request, each.proto) for each in self._validator.collect_violations(judged)]
        return found


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
