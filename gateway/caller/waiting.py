"""`call --wait`: follows what was placed to its end."""

from __future__ import annotations

from typing import Final

import grpc

from gateway.caller.answer import Answer
from gateway.caller.connecting import followed_channel
from gateway.caller.exit_status import INVALID, NO_NEWS
from gateway.caller.following import Follower, View
from gateway.caller.options import Subject
from gateway.caller.server import OPTIONS, Server
from gateway.caller.typed import Typed
from voicegateway.v1.outbound_call_service_pb2 import WARNING_REASON_NO_REPORTS, PlaceCallRequest

NOBODY_REPORTS: Final = (
    "Not waiting: the gateway has no receiver and the call no URL of your own, so nobody is told how it goes."
)

_MAY_RING: Final = frozenset({"DISPATCH_SENDING", "DISPATCH_OUTCOME_UNKNOWN"})


def subject_of(answer: Answer, request: PlaceCallRequest) -> Subject | None:
    """The call that there is to wait for: one whose phones may ring; None where there is none."""
    call_id = ""
    if answer.response is not None:
        call_id = answer.response.call.call_id  # none in a dry run
    elif answer.dispatch in _MAY_RING and answer.reason != "ERROR_REASON_REQUEST_ID_REUSED":
        call_id = answer.facts.get("call_id", "")
    return Subject(call_id=call_id, account=request.account) if call_id else None


def nobody_reports(answer: Answer) -> bool:
    """Whether nothing will be told of the call."""
    warnings = () if answer.response is None else answer.response.warnings
    return any(warning.reason == WARNING_REASON_NO_REPORTS for warning in warnings)


def wait(subject: Subject, view: View, server: Server, credentials: grpc.ChannelCredentials | None, line: Typed) -> int:
    """Follows it.

    Returns:
        The exit status. None says that the request itself was wrong: it was sent.
    """
    follower = Follower(subject, view, line.only(OPTIONS))
    with followed_channel(server, credentials) as channel:
        status = follower.run(channel)
    return NO_NEWS if status == INVALID else status
