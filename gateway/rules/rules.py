"""The protos' rules, and the server's own beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.message import Message

from gateway.rules.json_text import json_problem
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway_client.rules import Rules as RulesOfTheProtos
from voicegateway_client.times import is_timestamp
from voicegateway_client.violation import Violation

SCHEDULE_WINDOW: Final = (timedelta(minutes=15), timedelta(days=90))
"""How far from now a schedule_time may lie."""


class Rules(RulesOfTheProtos):
    """Finds every rule that a request breaks."""

    def __init__(self, requests: Iterable[type[Message]], *, now: Callable[[], datetime]) -> None:
        """Compiles the rules of every type that a request may hold, so that a bad one stops the start and not a call.

        Raises:
            protovalidate.CompilationError: A rule does not compile.
        """
        super().__init__(requests)
        self._now = now

    def violations(self, request: Message) -> list[Violation]:
        """Lists the broken rules with their fields' paths."""
        found = super().violations(request)
        call = getattr(request, "call", None)
        if isinstance(call, OutboundCallRequest):
            found += self._of_the_server(call, {violation.field for violation in found})
        return found

    def _of_the_server(self, call: OutboundCallRequest, accused: set[str]) -> Iterator[Violation]:
        if call.HasField("timeout_json") and "call.timeout_json" not in accused:
            problem = json_problem(call.timeout_json)
            if problem:
                yield Violation("call.timeout_json", "STRING_JSON", problem)
        if call.HasField("schedule_time") and is_timestamp(call.schedule_time):
            earliest, latest = (self._now() + bound for bound in SCHEDULE_WINDOW)
            if not earliest <= call.schedule_time.ToDatetime(UTC) <= latest:
                yield Violation("call.schedule_time", "TIMESTAMP_WINDOW", "must be 15 minutes to 90 days from now")
