"""From what reports told to how each recipient's call went. Pure: the same evidence gives the same outcome.

Source: design of outcomes: dispositions merge by precedence, states only move forward, except that a redial which the
request's retry rules allow brings ENDED back to RINGING.
"""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.ledger.evidence import Attempt, Attempts, Evidence, merged, rank
from gateway.ledger.redials import may_redial
from voicegateway.v1.outbound_call_pb2 import (
    RECIPIENT_STATE_ANSWERED,
    RECIPIENT_STATE_ENDED,
    RECIPIENT_STATE_RINGING,
    RECIPIENT_STATE_WAITING,
    OutboundCall,
    OutboundCallRequest,
    RecipientOutcome,
    RecipientState,
)


def outcomes_of(call: OutboundCallRequest, evidence: Evidence, before: bytes = b"", place: int | None = None) -> bytes:
    """Renders every recipient's outcome, in the request's order, without the recipients themselves.

    Args:
        call: The request.
        evidence: What reports told.
        before: The outcomes as they were, if there are any.
        place: The only recipient whom they told something new about; None for any.
    """
    told = OutboundCall.FromString(before)
    changed = range(len(call.recipients)) if place is None or not before else [place]
    while len(told.recipients) < len(call.recipients):
        told.recipients.add()
    for each in changed:
        told.recipients[each].CopyFrom(outcome_of(call, evidence.attempts.get(each, {}), is_stale=evidence.is_stale))
    return told.SerializeToString(deterministic=True)


def outcome_of(call: OutboundCallRequest, told: Attempts, *, is_stale: bool) -> RecipientOutcome:
    """Renders one recipient's outcome."""
    attempts = _told_apart(told)
    ended = {known: attempt for known, attempt in attempts.items() if attempt.ended is not None}
    state = _state(call, attempts, ended)
    outcome = RecipientOutcome(state=state, attempts=sum(1 for known in attempts if known))
    outcome.stale = is_stale and state != RECIPIENT_STATE_ENDED
    if attempts:
        _show_the_end(outcome, attempts, ended)
        shown = ended if state == RECIPIENT_STATE_ENDED else {k: v for k, v in attempts.items() if k not in ended}
        known = max(shown, key=lambda known: (_progress(shown[known]), rank(shown[known].best()), known))
        _show(outcome, known, shown[known])
    return outcome


def is_over(call: OutboundCallRequest, evidence: Evidence) -> bool:
    """Whether every recipient's call has ended and no redial is possible."""
    return len(call.recipients) == len(evidence.attempts) and all(
        _is_over(call, told) for told in evidence.attempts.values()
    )


def _is_over(call: OutboundCallRequest, told: Attempts) -> bool:
    attempts = _told_apart(told)
    ended = [attempt.best() for attempt in attempts.values() if attempt.ended is not None]
    return bool(ended) and not may_redial(call, ended)


def _told_apart(told: Attempts) -> Attempts:
    """Adds reports without an id to the attempt that there is, if it is one; else they are one of their own."""
    known = [each for each in told if each]
    if "" not in told or len(known) != 1:
        return told
    return {known[0]: merged(told[known[0]], told[""])}


def _state(call: OutboundCallRequest, attempts: Attempts, ended: Attempts) -> RecipientState.ValueType:
    going_on = max((_progress(each) for each in attempts.values() if each.ended is None), default=None)
    if not ended:
        return RECIPIENT_STATE_WAITING if going_on is None else going_on
    is_redialed = going_on is not None and going_on > RECIPIENT_STATE_WAITING
    if is_redialed and going_on is not None and may_redial(call, [each.best() for each in ended.values()]):
        return going_on
    return RECIPIENT_STATE_ENDED


def _progress(attempt: Attempt) -> RecipientState.ValueType:
    if attempt.ended is not None:
        return RECIPIENT_STATE_ENDED
    if attempt.answered is not None:
        return RECIPIENT_STATE_ANSWERED
    return RECIPIENT_STATE_WAITING if attempt.started is None else RECIPIENT_STATE_RINGING


def _show_the_end(outcome: RecipientOutcome, attempts: Attempts, ended: Attempts) -> None:
    """Shows the disposition that stands among all attempts once one has ended, and the status that says so."""
    if ended:
        best = max(ended.values(), key=lambda each: (rank(each.best()), rank(each.disposition), each.status))
        outcome.disposition = max(best.best(), *(each.end for each in attempts.values()), key=rank)
        outcome.provider_status = best.status


def _show(outcome: RecipientOutcome, known: str, attempt: Attempt) -> None:
    """Shows one attempt's times, durations and the rest."""
    outcome.provider_call_id = known
    outcome.provider_status = outcome.provider_status or attempt.word
    _show_times(outcome, attempt)
    if attempt.ring is not None:
        outcome.ring_duration.CopyFrom(_duration(attempt.ring))
    if attempt.billed is not None:
        outcome.billed_duration.CopyFrom(_duration(attempt.billed))
    outcome.keypress, outcome.credits = attempt.keys, attempt.credits


def _show_times(outcome: RecipientOutcome, attempt: Attempt) -> None:
    """Shows when reports arrived; one that was late is no later than what came after it in the call."""
    times = (
        (outcome.start_time, attempt.started, (attempt.answered, attempt.ended)),
        (outcome.answer_time, attempt.answered, (attempt.ended,)),
        (outcome.end_time, attempt.ended, ()),
    )
    for shown, arrived, later in times:
        if arrived is not None:
            _set(shown, min(arrived, *(each for each in later if each is not None), arrived))
            outcome.times_estimated = True


def _set(time: Timestamp, microseconds: int) -> None:
    time.seconds, rest = divmod(microseconds, 1_000_000)
    time.nanos = rest * 1000
    time.SetInParent()


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
