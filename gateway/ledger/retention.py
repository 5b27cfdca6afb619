"""How long a record keeps what: numbers and texts, then the record itself, then its tombstone. Pure.

A record whose outcome is awaited or unknown is kept as it is: somebody has to find out what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2

from gateway.ledger.record import WAITING, Record, Stage
from gateway.settings import Ledger
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    OutboundCall,
    OutboundCallRequest,
    ProviderReply,
    Resolution,
)

M = TypeVar("M", bound=Message)

_TOLD_BY_A_TOMBSTONE: Final = frozenset({"dispatch", "retry", "request_id", "call_id", "provider_code"})
"""What is left of an error's metadata: what a repeat must be answered with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long after `Record.retain_from` something is kept.

    Attributes:
        erase_after: Numbers and texts.
        entomb_after: The record; not shorter than numbers and texts.
        forget_after: What a repeat is answered from; not shorter than the record.
    """

    erase_after: timedelta
    entomb_after: timedelta
    forget_after: timedelta

    @classmethod
    def of(cls, settings: Ledger) -> Retention:
        """Reads the settings, which are in days."""
        return cls(
            erase_after=timedelta(days=settings.erase_days or settings.keep_days),
            entomb_after=timedelta(days=settings.keep_days),
            forget_after=timedelta(days=settings.tombstone_days),
        )


def retain(record: Record | None, retention: Retention, now: datetime) -> Record | None:
    """Reduces a record to what may still be kept of it; None where that is all of it."""
    return entomb(record, retention, now) or erase(record, retention, now)


def erase(record: Record | None, retention: Retention, now: datetime) -> Record | None:
    """Empties what holds numbers and texts, or may repeat them: the provider's words, and an operator's note."""
    if record is None or not _is_due(record, Stage.ERASED, retention.erase_after, now):
        return None
    return replace(
        record,
        request=b"",
        error=_edited(record.error, status_pb2.Status(), _drop_texts),
        reply=_edited(record.reply, ProviderReply(), lambda reply: reply.ClearField("message")),
        resolution=_edited(record.resolution, Resolution(), lambda resolution: resolution.ClearField("note")),
        stage=Stage.ERASED,
        erased=now,
        evidence=b"",
        outcomes=_edited(_outcomes(record), OutboundCall(), _drop_keys),
        stale_at=None,
    )


def entomb(record: Record | None, retention: Retention, now: datetime) -> Record | None:
    """Leaves what a repeat is answered from: key, call_id, hash, dispatch, reason, times, code and warnings."""
    if record is None or not _is_due(record, Stage.TOMBSTONE, retention.entomb_after, now):
        return None
    return replace(
        record,
        request=b"",
        owner="",
        error=_edited(record.error, status_pb2.Status(), _keep_reason),
        reply=_edited(record.reply, ProviderReply(), _keep_code),
        resolution=b"",
        stage=Stage.TOMBSTONE,
        erased=record.erased or now,
        tokens=b"",
        evidence=b"",
        outcomes=b"",
        stale_at=None,
    )


def _is_due(record: Record, stage: Stage, after: timedelta, now: datetime) -> bool:
    return record.is_settled and record.stage < stage and record.retain_from + after < now


def _outcomes(record: Record) -> bytes:
    """How each recipient's call went; that so many phones may have rung is kept where nothing was heard of them."""
    if record.outcomes or record.dispatch != DISPATCH_ACCEPTED:
        return record.outcomes
    recipients = OutboundCallRequest.FromString(record.request).recipients
    return OutboundCall(recipients=[WAITING] * len(recipients)).SerializeToString()


def _edited(encoded: bytes, message: M, edit: Callable[[M], None]) -> bytes:
    message.ParseFromString(encoded)
    edit(message)
    return message.SerializeToString()


def _drop_texts(status: status_pb2.Status) -> None:
    """Keeps which fields were wrong and by which rule, and what was not found; drops words for people."""
    for detail in status.details:
        info, bad_request = details_pb2.ErrorInfo(), details_pb2.BadRequest()
        if detail.Unpack(info):
            info.metadata.pop("provider_message", None)
            detail.Pack(info)
        elif detail.Unpack(bad_request):
            for violation in bad_request.field_violations:
                violation.ClearField("description")
            detail.Pack(bad_request)


def _drop_keys(call: OutboundCall) -> None:
    for outcome in call.recipients:
        outcome.ClearField("keypress")


def _keep_reason(status: status_pb2.Status) -> None:
    info = details_pb2.ErrorInfo()
    if any(detail.Unpack(info) for detail in status.details):
        for name in set(info.metadata) - _TOLD_BY_A_TOMBSTONE:
            del info.metadata[name]
        status.ClearField("details")
        status.details.add().Pack(info)


def _keep_code(reply: ProviderReply) -> None:
    code = reply.code
    reply.Clear()
    reply.code = code
