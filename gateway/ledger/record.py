"""What is recorded of one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import status_pb2

from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_SENDING,
    RECIPIENT_STATE_WAITING,
    Dispatch,
    OutboundCall,
    OutboundCallRequest,
    Recipient,
    RecipientOutcome,
)
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse, Warning  # noqa: A004 - the contract's word


class Key(NamedTuple):
    """Names an intent to call: two requests with the same key are one call."""

    account: str
    request_id: str


class Stage(IntEnum):
    """How much of a record is left."""

    WHOLE = 0
    ERASED = 1
    """Without numbers and texts."""
    TOMBSTONE = 2
    """Only what a repeat is answered from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One call as the ledger holds it. Messages are kept encoded; times are the ledger's clock.

    Attributes:
        request: The OutboundCallRequest as given, in deterministic encoding; empty once it is erased.
        request_hash: Its SHA-256, which tells a repeat from another request also after the erasure.
        attempt: Counts the attempts, from 1; only a free outcome is followed by another.
        owner: The token of whoever runs this attempt; only its owner may write the attempt's outcome. Empty in a
            tombstone.
        is_free: Nobody was dialed, and the next request with this key is a new attempt.
        was_unknown: The outcome was unknown once: it is never free again.
        send_deadline: When this attempt has certainly ended, as far as its owner is alive.
        updated: When the dispatch changed last.
        scheduled: When the provider was asked to dial; None when at once.
        error: The google.rpc.Status that PlaceCall answers; empty while it is SENDING, and when it was accepted.
        reply: The ProviderReply; empty when nothing readable came.
        warnings: A PlaceCallResponse with the warnings alone.
        resolution: The Resolution; empty when the outcome was never unknown, or still is.
        stage: How much of it is left.
        erased: When its numbers and texts were erased; None while they are there.
        tokens: The SHA-256 of each attempt's report token, one after the other; empty without a receiver.
        evidence: What reports told, as `evidence.encoded`; empty until one came, and once it is erased.
        outcomes: How each recipient's call went: an OutboundCall with these alone, each without its `recipient`, which
            the request has; empty until anything was heard.
        heard: When that changed last.
        stale_at: When silence about recipients counts as stale; None where it does not, or has done so.
    """

    account: str
    request_id: str
    call_id: str
    request: bytes = field(repr=False)
    request_hash: bytes = field(repr=False)
    attempt: int
    owner: str = field(repr=False)
    dispatch: Dispatch.ValueType
    is_free: bool = False
    was_unknown: bool = False
    send_deadline: datetime
    created: datetime
    updated: datetime
    scheduled: datetime | None = None
    error: bytes = field(default=b"", repr=False)
    reply: bytes = field(default=b"", repr=False)
    warnings: bytes = field(default=b"", repr=False)
    resolution: bytes = field(default=b"", repr=False)
    stage: Stage = Stage.WHOLE
    erased: datetime | None = None
    tokens: bytes = field(default=b"", repr=False)
    evidence: bytes = field(default=b"", repr=False)
    outcomes: bytes = field(default=b"", repr=False)
    heard: datetime | None = None
    stale_at: datetime | None = None

    @property
    def key(self) -> Key:
        """The key that the record is found by."""
        return Key(self.account, self.request_id)

    @property
    def is_settled(self) -> bool:
        """Whether it is known what happened to the phones; until then a record is kept as it is."""
        return self.dispatch not in _UNSETTLED

    @property
    def changed(self) -> datetime:
        """When anything of the call changed last."""
        return self.updated if self.heard is None else max(self.updated, self.heard)

    @property
    def expected(self) -> datetime:
        """When phones are expected to ring at the earliest, as far as the request is still there to tell."""
        reserved = self.created if self.attempt == 1 else self.updated  # of a later attempt, not much later than it was
        return max(self.updated, expected_start(self.request, reserved))

    def token_list(self) -> list[bytes]:
        """The hashes of the report tokens of all attempts."""
        return [self.tokens[at : at + TOKEN_BYTES] for at in range(0, len(self.tokens), TOKEN_BYTES)]

    @property
    def retain_from(self) -> datetime:
        """When its retention begins: with the last change of dispatch, or the scheduled time if that is later."""
        return self.updated if self.scheduled is None else max(self.updated, self.scheduled)

    def status(self) -> status_pb2.Status:
        """The stored error."""
        return status_pb2.Status.FromString(self.error)

    def warning_list(self) -> list[Warning]:
        """The stored warnings."""
        return list(PlaceCallResponse.FromString(self.warnings).warnings)

    def to_call(self, erase_after: timedelta | None = None) -> OutboundCall:
        """Renders the call as callers read it.

        Args:
            erase_after: For how long numbers and texts are kept; None when for ever.
        """
        call = OutboundCall(
            call_id=self.call_id,
            request_id=self.request_id,
            account=self.account,
            dispatch=self.dispatch,
            create_time=timestamp(self.created),
            update_time=timestamp(self.changed),
        )
        if self.request:
            call.request.MergeFromString(self.request)
        if self.reply:
            call.provider_reply.MergeFromString(self.reply)
        if self.error:
            call.error.MergeFromString(self.error)
        if self.resolution:
            call.resolution.MergeFromString(self.resolution)
        if self.dispatch in _MAY_RING:
            call.recipients.extend(outcomes(self.outcomes, call.request.recipients))
        erase_time = self._erase_time(erase_after)
        if erase_time is not None:
            call.erase_time.CopyFrom(timestamp(erase_time))
        return call

    def _erase_time(self, erase_after: timedelta | None) -> datetime | None:
        if self.erased is not None or erase_after is None or not self.is_settled:
            return self.erased
        return self.retain_from + erase_after


def outcomes(stored: bytes, recipients: Sequence[Recipient]) -> Iterator[RecipientOutcome]:
    """Renders stored outcomes with the recipients that the request names, as far as it is still there."""
    told = OutboundCall.FromString(stored).recipients or [WAITING] * len(recipients)
    for place, outcome in enumerate(told):
        rendered = RecipientOutcome()
        rendered.CopyFrom(outcome)
        if place < len(recipients):
            rendered.recipient.CopyFrom(recipients[place])
        yield rendered


WAITING: Final = RecipientOutcome(state=RECIPIENT_STATE_WAITING)
"""The outcome of a recipient of whom nothing was heard yet."""

TOKEN_BYTES: Final = 32

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSETTLED = frozenset({DISPATCH_SENDING, DISPATCH_OUTCOME_UNKNOWN})
_MAY_RING = frozenset({DISPATCH_SENDING, DISPATCH_ACCEPTED, DISPATCH_OUTCOME_UNKNOWN})


def encoded(request: OutboundCallRequest) -> bytes:
    """Encodes a request so that the same request always gives the same bytes."""
    return request.SerializeToString(deterministic=True)


def hashed(request: bytes) -> bytes:
    """Hashes an encoded request."""
    return sha256(request).digest()


def schedule_time(request: bytes) -> datetime | None:
    """Reads when an encoded request asks to be dialed; None when at once."""
    call = OutboundCallRequest.FromString(request)
    return call.schedule_time.ToDatetime(UTC) if call.HasField("schedule_time") else None


def expected_start(request: bytes, now: datetime) -> datetime:
    """When an encoded request asks to be dialed at the earliest, if it is sent now."""
    call = OutboundCallRequest.FromString(request)
    if call.HasField("schedule_time"):
        return max(now, call.schedule_time.ToDatetime(UTC))
    return now + call.delay.ToTimedelta()


def timestamp(time: datetime) -> Timestamp:
    """Renders a time."""
    seconds, microseconds = divmod((time - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)
