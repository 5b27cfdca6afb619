"""From what reports told to how each recipient's call went. Pure: the same evidence gives the same outcome.

Source: design of outcomes: dispositions merge by precedence, states only move forward, except that a redial which the
request's retry rules allow brings ENDED back to RINGING.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.ledger.evidence import Attempt, Attempts, Evidence, merged, rank
from gateway.ledger.redials import may_redial
from voicegateway.v1.outbound_call_pb2 import (
    DISPOSITION_ANSWERED,
    RECIPIENT_STATE_ANSWERED,
    RECIPIENT_STATE_ENDED,
    RECIPIENT_STATE_RINGING,
    RECIPIENT_STATE_WAITING,
    Disposition,
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
    story = _Story.of(told)
    state = story.state(call)
    outcome = RecipientOutcome(state=state, attempts=sum(1 for known in told if known))
    outcome.stale = is_stale and state != RECIPIENT_STATE_ENDED
    if told:
        _show_the_end(outcome, story)
        shown = story.ended if state == RECIPIENT_STATE_ENDED and story.ended else story.going_on
        known = max(shown, key=lambda known: (_progress(shown[known]), rank(shown[known].best()), known))
        _show(outcome, known, story.completed(shown[known]) if state == RECIPIENT_STATE_ENDED else shown[known])
    return outcome


def is_over(call: OutboundCallRequest, evidence: Evidence) -> bool:
    """Whether every recipient's call has ended and no redial is possible."""
    return len(call.recipients) == len(evidence.attempts) and all(
        _Story.of(told).is_over(call) for told in evidence.attempts.values()
    )


@dataclass(frozen=True, slots=True)
class _Story:
    """The attempts at one recipient, told apart.

    The provider may leave its id empty in some kinds of reports. With one attempt it is clear what they are about; with
    several they are about any of them, or all: they make no attempt of their own, neither one that has ended nor one
    that goes on, and tell only what holds whichever it was.

    Attributes:
        ended: Those that have ended.
        going_on: Those that have not.
        nameless: What reports without an id told, where there are several attempts.
    """

    ended: Attempts
    going_on: Attempts
    nameless: Attempt

    @classmethod
    def of(cls, told: Attempts) -> Self:
        attempts, nameless = dict(told), Attempt()
        if "" in told and len(told) > 1:
            nameless = attempts.pop("")
        if len(attempts) == 1:
            attempts = {known: merged(attempt, nameless) for known, attempt in attempts.items()}
            nameless = Attempt()
        ended = {known: attempt for known, attempt in attempts.items() if attempt.ended is not None}
        return cls(ended, {known: attempt for known, attempt in attempts.items() if known not in ended}, nameless)

    def ends(self) -> list[Disposition.ValueType]:
        """How attempts ended, each once: a nameless end is one more only where it cannot be any of the others."""
        ends = [attempt.best() for attempt in self.ended.values()]
        answered = self.nameless.disposition == DISPOSITION_ANSWERED and DISPOSITION_ANSWERED not in ends
        return [*ends, self.nameless.disposition] if self.nameless.ended and (answered or not ends) else ends

    def state(self, call: OutboundCallRequest) -> RecipientState.ValueType:
        """How far it is."""
        ends, progress = self.ends(), self._progress()
        if not ends or (progress > RECIPIENT_STATE_WAITING and may_redial(call, ends)):
            return progress
        return RECIPIENT_STATE_ENDED

    def is_over(self, call: OutboundCallRequest) -> bool:
        """Whether it has ended and no redial is possible."""
        ends = self.ends()
        return bool(ends) and not may_redial(call, ends)

    def completed(self, attempt: Attempt) -> Attempt:
        """Adds to an attempt what only nameless reports of such an end told."""
        end = self.nameless.disposition
        if self.nameless.ended is None or (attempt.ended is not None and attempt.best() != end):
            return attempt
        lacking = {name: told for name, told in self.nameless.end_told().items() if not getattr(attempt, name)}
        return replace(attempt, **lacking)

    def _progress(self) -> RecipientState.ValueType:
        """How far those are that go on; one of them may be what nameless reports are about."""
        if not self.going_on:
            return RECIPIENT_STATE_WAITING
        return max(_progress(each) for each in (*self.going_on.values(), replace(self.nameless, ended=None)))


def _progress(attempt: Attempt) -> RecipientState.ValueType:
    if attempt.ended is not None:
        return RECIPIENT_STATE_ENDED
    if attempt.answered is not None:
        return RECIPIENT_STATE_ANSWERED
    return RECIPIENT_STATE_WAITING if attempt.started is None else RECIPIENT_STATE_RINGING


def _show_the_end(outcome: RecipientOutcome, story: _Story) -> None:
    """Shows the disposition that stands among all attempts once one has ended, and the status that says so."""
    ended = [each for each in (*story.ended.values(), story.nameless) if each.ended is not None]
    if ended:
        best = max(ended, key=lambda each: (rank(each.best()), rank(each.disposition), each.status))
        picked_up = (each.end for each in (*story.going_on.values(), story.nameless))
        outcome.disposition = max(best.best(), *picked_up, key=rank)
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
