"""What is recorded of one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

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

    @property
    def key(self) -> Key:
        """The key that the record is found by."""
        return Key(self.account, self.request_id)

    @property
    def is_settled(self) -> bool:
        """Whether it is known what happened to the phones; until then a record is kept as it is."""
        return self.dispatch not in _UNSETTLED

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
            update_time=timestamp(self.updated),
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
            for recipient in call.request.recipients:
                call.recipients.add(recipient=recipient, state=RECIPIENT_STATE_WAITING)
        erase_time = self._erase_time(erase_after)
        if erase_time is not None:
            call.erase_time.CopyFrom(timestamp(erase_time))
        return call

    def _erase_time(self, erase_after: timedelta | None) -> datetime | None:
        if self.erased is not None or erase_after is None or not self.is_settled:
            return self.erased
        return self.retain_from + erase_after


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


def timestamp(time: datetime) -> Timestamp:
    """Renders a time."""
    seconds, microseconds = divmod((time - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)
