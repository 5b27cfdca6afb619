"""What is recorded of one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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
    ProviderReply,
    RecipientOutcome,
    Resolution,
)
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse, Warning  # noqa: A004 - the contract's word


class Key(NamedTuple):
    """Names an intent to call: two requests with the same key are one call."""

    account: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One call as the ledger holds it. Messages are kept encoded; times are the ledger's clock.

    Attributes:
        request: The OutboundCallRequest as given, in deterministic encoding; empty once it is erased.
        request_hash: Its SHA-256, which tells a repeat from another request also after the erasure.
        attempt: Counts the attempts, from 1; only a free outcome is followed by another.
        owner: The token of whoever runs this attempt; only its owner may write the attempt's outcome.
        is_free: Nobody was dialed, and the next request with this key is a new attempt.
        was_unknown: The outcome was unknown once: it is never free again.
        send_deadline: When this attempt has certainly ended, as far as its owner is alive.
        error: The google.rpc.Status that PlaceCall answers; empty while it is SENDING, and when it was accepted.
        reply: The ProviderReply; empty when nothing readable came.
        warnings: A PlaceCallResponse with the warnings alone.
        resolution: The Resolution; empty when the outcome was never unknown, or still is.
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
    error: bytes = field(default=b"", repr=False)
    reply: bytes = field(default=b"", repr=False)
    warnings: bytes = field(default=b"", repr=False)
    resolution: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> Key:
        """The key that the record is found by."""
        return Key(self.account, self.request_id)

    def status(self) -> status_pb2.Status:
        """The stored error."""
        return status_pb2.Status.FromString(self.error)

    def warning_list(self) -> list[Warning]:
        """The stored warnings."""
        return list(PlaceCallResponse.FromString(self.warnings).warnings)

    def to_call(self) -> OutboundCall:
        """Renders the call as callers read it."""
        call = OutboundCall(
            call_id=self.call_id, request_id=self.request_id, account=self.account, dispatch=self.dispatch
        )
        request = OutboundCallRequest.FromString(self.request)
        if self.request:
            call.request.CopyFrom(request)
        if self.reply:
            call.provider_reply.CopyFrom(ProviderReply.FromString(self.reply))
        if self.error:
            call.error.CopyFrom(self.status())
        if self.resolution:
            call.resolution.CopyFrom(Resolution.FromString(self.resolution))
        call.create_time.CopyFrom(timestamp(self.created))
        call.update_time.CopyFrom(timestamp(self.updated))
        if self.dispatch in _MAY_RING:
            call.recipients.extend(
                RecipientOutcome(recipient=recipient, state=RECIPIENT_STATE_WAITING) for recipient in request.recipients
            )
        return call


_MAY_RING = frozenset({DISPATCH_SENDING, DISPATCH_ACCEPTED, DISPATCH_OUTCOME_UNKNOWN})


def encoded(request: OutboundCallRequest) -> bytes:
    """Encodes a request so that the same request always gives the same bytes."""
    return request.SerializeToString(deterministic=True)


def hashed(request: bytes) -> bytes:
    """Hashes an encoded request."""
    return sha256(request).digest()


def timestamp(time: datetime) -> Timestamp:
    """Renders a time."""
    value = Timestamp()
    value.FromDatetime(time)
    return value
