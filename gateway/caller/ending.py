"""How a call ended, for a script and in words."""

from __future__ import annotations

from gateway.caller.exit_status import ANSWERED, EXIT_BY_DISPATCH, NO_NEWS, NOT_ANSWERED, UNKNOWN
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPOSITION_ANSWERED,
    RECIPIENT_STATE_ENDED,
    Dispatch,
    OutboundCall,
)


def exit_status_of(call: OutboundCall) -> int:
    """Tells apart: everybody answered, not everybody, not told; and for a call that was not accepted, why."""
    if call.dispatch != DISPATCH_ACCEPTED:
        return EXIT_BY_DISPATCH.get(_name(call.dispatch), UNKNOWN)
    if not call.recipients or any(each.state != RECIPIENT_STATE_ENDED for each in call.recipients):
        return NO_NEWS
    return ANSWERED if _answered(call) == len(call.recipients) else NOT_ANSWERED


def in_words(call: OutboundCall) -> str:
    """Says how an accepted call ended."""
    count, answered = len(call.recipients), _answered(call)
    untold = sum(1 for each in call.recipients if each.state != RECIPIENT_STATE_ENDED)
    if untold or not count:
        return f"not told for {untold} of {count}, {answered} answered" if count > 1 else "not told"
    if count == 1:
        return "answered" if answered else "not answered"
    return f"{answered} of {count} answered"


def _answered(call: OutboundCall) -> int:
    return sum(
        1
        for each in call.recipients
        if each.state == RECIPIENT_STATE_ENDED and each.disposition == DISPOSITION_ANSWERED
    )


def _name(dispatch: Dispatch.ValueType) -> str:
    return Dispatch.Name(dispatch) if dispatch in Dispatch.values() else ""
