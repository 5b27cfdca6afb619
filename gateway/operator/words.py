"""What a record means to an operator, and what is to be done about it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from google.rpc import error_details_pb2 as details_pb2

from gateway.caller.words import WORDS_BY_ADVICE, WORDS_BY_DISPATCH
from gateway.errors import DOMAIN
from gateway.ledger.record import Record, Stage
from gateway.ledger.store import Pause
from gateway.operator.options import DispatchWord, Finding, Source
from voicegateway.v1 import outbound_call_pb2 as outbound
from voicegateway.v1.outbound_call_pb2 import Dispatch, OutboundCallRequest

DISPATCH_BY_WORD: Final[Mapping[DispatchWord, Dispatch.ValueType]] = {
    DispatchWord.SENDING: outbound.DISPATCH_SENDING,
    DispatchWord.ACCEPTED: outbound.DISPATCH_ACCEPTED,
    DispatchWord.REJECTED: outbound.DISPATCH_REJECTED,
    DispatchWord.NOT_SENT: outbound.DISPATCH_NOT_SENT,
    DispatchWord.UNKNOWN: outbound.DISPATCH_OUTCOME_UNKNOWN,
}

WORD_BY_DISPATCH: Final[Mapping[Dispatch.ValueType, DispatchWord]] = {
    dispatch: word for word, dispatch in DISPATCH_BY_WORD.items()
}

WORDS_BY_STAGE: Final[Mapping[Stage, str]] = {
    Stage.WHOLE: "whole",
    Stage.ERASED: "without numbers and texts",
    Stage.TOMBSTONE: "only what a repeat is answered from",
}

_KILOBYTE: Final = 1000
_NOTE: Final = "who found what, and where"


def time_of(moment: datetime) -> str:
    """Writes a time in UTC, to the second, so that it can be typed again."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def size_of(count: int) -> str:
    """Writes a number of bytes."""
    if count < _KILOBYTE:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= _KILOBYTE
        if size < _KILOBYTE:
            return f"{size:.1f} {unit}"
    return f"{size / _KILOBYTE:.1f} TB"


def name_of(dispatch: Dispatch.ValueType) -> str:
    """The published name of a dispatch, without what all of them begin with."""
    return Dispatch.Name(dispatch).removeprefix("DISPATCH_")


def error_info(record: Record) -> details_pb2.ErrorInfo:
    """Why a call was not accepted; empty where there is no reason."""
    info = details_pb2.ErrorInfo()
    for detail in record.status().details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            return info
    return details_pb2.ErrorInfo()


def paused(pause: Pause) -> str:
    """Says that dialing is paused."""
    return f"Dialing is paused since {time_of(pause.since)}: {pause.reason}"


def happened(record: Record) -> str:
    """What happened to the phones."""
    return _sentence(WORDS_BY_DISPATCH[Dispatch.Name(record.dispatch)])


def advice(record: Record, source: Source, now: datetime, *, openly: bool) -> list[str]:
    """What is to be done, a paragraph each; a command begins with the program's name."""
    if record.dispatch == outbound.DISPATCH_OUTCOME_UNKNOWN:
        return _find_out(record, source, now, openly=openly)
    if record.dispatch == outbound.DISPATCH_SENDING:
        return [_wait(record, now)]
    if record.dispatch == outbound.DISPATCH_ACCEPTED:
        return ["Nothing. Whether phones rang is told by the reports about its recipients, as far as any came."]
    told = WORDS_BY_ADVICE.get(error_info(record).metadata["retry"], "nothing")
    free = " Its request id is free: the same request would be a new attempt." if record.is_free else ""
    return [f"The caller is told: {told}.{free}"]


def _wait(record: Record, now: datetime) -> str:
    until = time_of(record.send_deadline)
    if now <= record.send_deadline:
        return f"Wait: by {until} it is known, or recorded as OUTCOME_UNKNOWN."
    return f"Its time passed at {until}, and no server of this ledger gave it up: start one, or see its log."


def _find_out(record: Record, source: Source, now: datetime, *, openly: bool) -> list[str]:
    command = ["kaleyra-gateway", "calls", "resolve", record.call_id, *source.repeated(), "--as"]
    sent = f"between {time_of(record.created)} and {time_of(record.send_deadline)}"
    find = "Do not send it again. Find out from the provider whether it placed this call"
    then = "Then record what you found. That sends nothing, and a late answer or a report of the provider wins over it"
    custom = _custom(record, openly=openly)
    words = [
        f"{find}: it was sent with account {record.account} {sent}, and its `custom` is {custom}.",
        f"{then}:",
        *(shlex.join([*command, finding, "--note", _NOTE]) for finding in Finding),
    ]
    if now <= record.send_deadline:
        words.append(f"This can be done from {time_of(record.send_deadline)} on: until then the answer may still come.")
    return words


def _custom(record: Record, *, openly: bool) -> str:
    """What the provider knows the call by; the caller's own words only where they may be shown."""
    given = OutboundCallRequest.FromString(record.request).custom
    if given and not openly:
        return "the caller's own words, which `--numbers` shows, with the numbers"
    return given or record.call_id


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
