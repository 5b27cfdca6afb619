"""From an answer to what a person needs to know: what happened to the phones, what to do, and an exit status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from gateway.caller.exit_status import ACCEPTED, EXIT_BY_DISPATCH, INVALID, NOT_SENT, UNKNOWN
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse
from voicegateway_client.errors import CallError, error_from


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the gateway, or what a proxy or the gRPC library said in its place.

    Attributes:
        code: The gRPC code.
        message: The status's own words; empty for OK.
        reason: The gateway's reason; empty for OK, and for a status that the gateway did not write.
        dispatch: What happened to the phones; empty when the answer does not tell.
        advice: What to do next; empty when there is nothing to do.
        violations: Broken rules, as (field, description).
        facts: Further metadata of the error.
        response: The reply, when there was one.
        did_not_arrive: Nothing reached the gateway, and the same request would not the next time either.
    """

    code: str = "OK"
    message: str = ""
    reason: str = ""
    dispatch: str = ""
    advice: str = ""
    violations: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    response: PlaceCallResponse | None = None
    did_not_arrive: bool = False

    @property
    def is_replay(self) -> bool:
        """Whether it repeats an earlier outcome, so that nothing was sent for it."""
        if self.response is not None:
            return self.response.replayed and self.response.HasField("call")
        return self.facts.get("replayed") == "true"

    @property
    def exit_status(self) -> int:
        """Tells accepted, refused, not sent, invalid and unknown apart."""
        if self.response is not None:
            return ACCEPTED
        if self.did_not_arrive:
            return NOT_SENT
        if self.advice == "RETRY_ADVICE_CORRECT" or self.reason == "ERROR_REASON_REQUEST_ID_REUSED":
            return INVALID  # dispatch tells of the other request that has the id
        return EXIT_BY_DISPATCH.get(self.dispatch, UNKNOWN)

    def to_json(self) -> dict[str, Any]:
        """The answer as a program reads it; the reply's fields in the proto's names."""
        if self.response is not None:
            return MessageToDict(self.response, preserving_proto_field_name=True)
        shown = {
            "code": self.code,
            "message": self.message,
            "reason": self.reason,
            "dispatch": self.dispatch,
            "retry": self.advice,
            "violations": [{"field": place, "description": text} for place, text in self.violations],
            "metadata": dict(self.facts),
        }
        return {"error": {name: value for name, value in shown.items() if value}}


def answer_from_error(error: grpc.RpcError) -> Answer:
    """Reads the error of a request to place a call: ours by its ErrorInfo, any other by what its code proves."""
    told = error_from(error)
    answer = answer_of(told)
    if told.from_gateway or told.may_repeat:
        return answer
    return replace(answer, dispatch="DISPATCH_NOT_SENT", advice="RETRY_ADVICE_CORRECT", did_not_arrive=True)


def answer_of(told: CallError) -> Answer:
    """An error as it was told."""
    facts = dict(told.metadata)
    return Answer(
        code=told.code.name,
        message=told.message,
        reason=told.reason_name,
        dispatch=facts.pop("dispatch", ""),
        advice=facts.pop("retry", ""),
        violations=tuple((each.field, each.description) for each in told.violations),
        facts=facts,
    )
