"""At most once, as pure functions: what may become of a record, and who may make it so.

Every function takes the record as it stands and gives the record that it becomes, or None where nothing changes. A
late or repeated write of attempt n can neither free nor overwrite attempt n+1: attempt, owner and state are compared.
Nothing leads from SENDING, ACCEPTED or OUTCOME_UNKNOWN to another attempt. ACCEPTED is final.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.errors import GatewayError
from gateway.kaleyra.numbers import recipient_of
from gateway.kaleyra.reports import Report
from gateway.ledger.evidence import Evidence, decoded, encoded
from gateway.ledger.recipients import is_over, outcomes_of
from gateway.ledger.record import Key, Record, Stage, expected_start, hashed, schedule_time, timestamp
from gateway.statuses import to_status
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_LEDGER_UNAVAILABLE,
    ERROR_REASON_OUTCOME_UNKNOWN,
    ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
    ERROR_REASON_PROVIDER_MISCONFIGURED,
    ERROR_REASON_PROVIDER_REFUSED,
    ERROR_REASON_PROVIDER_THROTTLED,
    RETRY_ADVICE_NEW_REQUEST_ID,
)
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_NOT_SENT,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    DISPATCH_SENDING,
    RESOLUTION_SOURCE_OPERATOR,
    RESOLUTION_SOURCE_REPLY,
    RESOLUTION_SOURCE_REPORT,
    OutboundCallRequest,
    Resolution,
    ResolutionSource,
)

FREE_REASONS = frozenset(
    {
        ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
        ERROR_REASON_PROVIDER_MISCONFIGURED,
        ERROR_REASON_PROVIDER_THROTTLED,
    }
)
"""Refusals that leave the request_id free: they were not about the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request to place a call, as it asks for a reservation.

    Attributes:
        age: How long ago it arrived: only a request that arrives after a free outcome makes a new attempt.
        send_within: How long the attempt may take in all.
        token: The SHA-256 of the token that reports about this attempt bear; empty without a receiver.
        stale_after: How long after the expected start silence counts as stale; None without a receiver.
    """

    key: Key
    call_id: str
    request: bytes = field(repr=False)
    warnings: bytes = field(repr=False)
    owner: str = field(repr=False)
    age: timedelta
    send_within: timedelta
    token: bytes = field(default=b"", repr=False)
    stale_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        error: Why it was not accepted; None when it was.
        reply: The ProviderReply, encoded; empty when nothing readable came.
    """

    error: GatewayError | None
    reply: bytes = field(default=b"", repr=False)


def reserve(record: Record | None, wish: Wish, now: datetime) -> Record | None:
    """Takes the key for an attempt: the first one, or the next one after a free outcome.

    None means that there is a record which answers instead: of the same request, or of another.
    """
    if record is None:
        return Record(
            account=wish.key.account,
            request_id=wish.key.request_id,
            call_id=wish.call_id,
            request=wish.request,
            request_hash=hashed(wish.request),
            attempt=1,
            owner=wish.owner,
            dispatch=DISPATCH_SENDING,
            send_deadline=now + wish.send_within,
            created=now,
            updated=now,
            scheduled=schedule_time(wish.request),
            warnings=wish.warnings,
            tokens=wish.token,
            stale_at=_stale_at(wish, now),
        )
    if not record.is_free or not is_same(record, wish.request) or now - wish.age <= record.updated:
        return None
    return replace(
        record,
        request=wish.request,  # it may have been erased
        attempt=record.attempt + 1,
        owner=wish.owner,
        dispatch=DISPATCH_SENDING,
        is_free=False,
        send_deadline=now + wish.send_within,
        updated=now,
        scheduled=schedule_time(wish.request),
        error=b"",
        reply=b"",
        warnings=wish.warnings,
        stage=Stage.WHOLE,
        erased=None,
        tokens=record.tokens + wish.token,
        stale_at=_stale_at(wish, now),
    )


def is_same(record: Record, request: bytes) -> bool:
    """Whether a request is the recorded one: compared as given, never with defaults filled in."""
    return record.request_hash == hashed(request)


def finish(record: Record | None, attempt: int, owner: str, outcome: Outcome, now: datetime) -> Record | None:
    """Writes the outcome of an attempt, by its owner alone."""
    if record is None or (record.attempt, record.owner) != (attempt, owner):
        return None
    if record.dispatch == DISPATCH_SENDING:
        return _concluded(record, outcome, now)
    if record.dispatch == DISPATCH_OUTCOME_UNKNOWN:
        return _late(record, outcome, now)
    return None if outcome.error is not None else _also_accepted(record, outcome, now)


def release(record: Record | None, owner: str, now: datetime) -> Record | None:
    """Gives back a reservation for which nothing was sent, by its owner's token."""
    if record is None or record.dispatch != DISPATCH_SENDING or record.owner != owner:
        return None
    error = GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE)
    error.dispatch = DISPATCH_NOT_SENT
    return _concluded(record, Outcome(error=error), now)


def expire(record: Record | None, now: datetime, *, owner_is_dead: bool = False) -> Record | None:
    """Gives up on an attempt whose time has passed, or whose owner is known dead: nobody can say what became of it."""
    if record is None or record.dispatch != DISPATCH_SENDING:
        return None
    if not owner_is_dead and now <= record.send_deadline:
        return None
    return _concluded(record, Outcome(error=GatewayError(ERROR_REASON_OUTCOME_UNKNOWN)), now)


def resolve(record: Record | None, *, accepted: bool, note: str, now: datetime) -> Record | None:
    """Records an operator's finding about an unknown outcome; it never sends."""
    if record is None or record.dispatch != DISPATCH_OUTCOME_UNKNOWN or now <= record.send_deadline:
        return None
    error = None if accepted else GatewayError(ERROR_REASON_PROVIDER_REFUSED)
    return _resolved(record, RESOLUTION_SOURCE_OPERATOR, Outcome(error=error), now, note)


def report(record: Record | None, token: bytes, told: Report, now: datetime) -> Record | None:
    """Applies a report that bears the token of any attempt of this call.

    It proves that the provider accepted the call, whatever else is known, and tells how a recipient's call goes.
    """
    if record is None or token not in record.token_list():
        return None
    heard = _hear(_accepted_by_report(record, now), told, now)
    return None if heard is record else heard


def go_stale(record: Record | None, now: datetime) -> Record | None:
    """Notes that the end of recipients' calls was not reported in time; nothing is made up about them."""
    if record is None or record.stale_at is None or now <= record.stale_at or record.dispatch == DISPATCH_SENDING:
        return None
    told = replace(record, stale_at=None)
    if record.dispatch not in {DISPATCH_ACCEPTED, DISPATCH_OUTCOME_UNKNOWN} or not record.request:
        return told
    return _with_evidence(told, replace(decoded(record.evidence), is_stale=True), now)


def _accepted_by_report(record: Record, now: datetime) -> Record:
    if record.dispatch == DISPATCH_ACCEPTED:
        return record
    if record.was_unknown:
        return _resolved(record, RESOLUTION_SOURCE_REPORT, Outcome(error=None), now)
    return replace(record, dispatch=DISPATCH_ACCEPTED, is_free=False, error=b"", updated=now)


def _hear(record: Record, told: Report, now: datetime) -> Record:
    if not record.request:
        return record  # its numbers are erased: nobody can say whom it is about
    place = recipient_of(OutboundCallRequest.FromString(record.request), told.callee)
    if place is None:
        return record
    return _with_evidence(record, decoded(record.evidence).with_report(place, told), now, place)


def _with_evidence(record: Record, evidence: Evidence, now: datetime, place: int | None = None) -> Record:
    """Renders anew what evidence changes: one recipient's outcome, or all of them."""
    stored = encoded(evidence)
    if stored == record.evidence:
        return record
    call = OutboundCallRequest.FromString(record.request)
    outcomes = outcomes_of(call, evidence, record.outcomes, place)
    return replace(
        record,
        evidence=stored,
        outcomes=outcomes,
        heard=now if outcomes != record.outcomes else record.heard,
        stale_at=None if is_over(call, evidence) else record.stale_at,
    )


def _stale_at(wish: Wish, now: datetime) -> datetime | None:
    return None if wish.stale_after is None else expected_start(wish.request, now) + wish.stale_after


def _concluded(record: Record, outcome: Outcome, now: datetime) -> Record:
    error = outcome.error
    if error is None:
        return replace(record, dispatch=DISPATCH_ACCEPTED, reply=outcome.reply, updated=now)
    dispatch = DISPATCH_OUTCOME_UNKNOWN if error.dispatch is None else error.dispatch
    return replace(
        record,
        dispatch=dispatch,
        is_free=dispatch == DISPATCH_NOT_SENT or error.reason in FREE_REASONS,
        was_unknown=dispatch == DISPATCH_OUTCOME_UNKNOWN,
        error=_status(record, error),
        reply=outcome.reply,
        updated=now,
    )


def _late(record: Record, outcome: Outcome, now: datetime) -> Record | None:
    """A verdict after the outcome was called unknown: true, and never free. A late "not sent" proves nothing."""
    if outcome.error is not None and outcome.error.dispatch != DISPATCH_REJECTED:
        return None
    return _resolved(record, RESOLUTION_SOURCE_REPLY, outcome, now)


def _resolved(
    record: Record, source: ResolutionSource.ValueType, outcome: Outcome, now: datetime, note: str = ""
) -> Record:
    error = outcome.error
    if error is not None and error.reason in FREE_REASONS:
        error.retry = RETRY_ADVICE_NEW_REQUEST_ID
    return replace(
        record,
        dispatch=DISPATCH_ACCEPTED if error is None else DISPATCH_REJECTED,
        error=b"" if error is None else _status(record, error),
        reply=outcome.reply or record.reply,
        resolution=Resolution(source=source, note=note, resolve_time=timestamp(now)).SerializeToString(),
        updated=now,
    )


def _also_accepted(record: Record, outcome: Outcome, now: datetime) -> Record | None:
    """A verdict "accepted" after somebody else's word: it overrules an operator, and completes what a report told."""
    if _by_operator(record):
        return _resolved(record, RESOLUTION_SOURCE_REPLY, outcome, now)
    if record.dispatch == DISPATCH_ACCEPTED and not record.reply and outcome.reply:
        return replace(record, reply=outcome.reply)
    return None


def _status(record: Record, error: GatewayError) -> bytes:
    error.metadata |= {"request_id": record.request_id, "call_id": record.call_id}
    return to_status(error).SerializeToString()


def _by_operator(record: Record) -> bool:
    return (
        record.dispatch == DISPATCH_REJECTED
        and Resolution.FromString(record.resolution).source == RESOLUTION_SOURCE_OPERATOR
    )
