"""What is told of a recipient, in a few words: what changed since it was told of last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.duration_pb2 import Duration

from gateway.operator.printable import printable
from voicegateway.v1.outbound_call_pb2 import (
    DISPOSITION_ANSWERED,
    DISPOSITION_BUSY,
    DISPOSITION_FAILED,
    DISPOSITION_NOT_ANSWERED,
    DISPOSITION_NOT_DIALED,
    DISPOSITION_OTHER,
    DISPOSITION_REJECTED,
    DISPOSITION_UNREACHABLE,
    RECIPIENT_STATE_ANSWERED,
    RECIPIENT_STATE_ENDED,
    RECIPIENT_STATE_RINGING,
    RECIPIENT_STATE_WAITING,
    Disposition,
    RecipientOutcome,
    RecipientState,
)

WORDS_BY_STATE: Final[Mapping[RecipientState.ValueType, str]] = {
    RECIPIENT_STATE_WAITING: "waiting",
    RECIPIENT_STATE_RINGING: "ringing",
    RECIPIENT_STATE_ANSWERED: "answered",
    RECIPIENT_STATE_ENDED: "ended",
}

WORDS_BY_DISPOSITION: Final[Mapping[Disposition.ValueType, str]] = {
    DISPOSITION_ANSWERED: "answered",
    DISPOSITION_NOT_ANSWERED: "not answered",
    DISPOSITION_BUSY: "busy",
    DISPOSITION_REJECTED: "declined",
    DISPOSITION_UNREACHABLE: "unreachable",
    DISPOSITION_NOT_DIALED: "not dialed",
    DISPOSITION_FAILED: "failed",
    DISPOSITION_OTHER: "otherwise",
}

PLAIN_STATUSES: Final = frozenset({"ANSWER", "BUSY", "NOANSWER", "REJECTED"})
"""The provider's statuses that say no more than the disposition."""

STALE: Final = "no report in time: how it goes is not known"


def what_changed(before: RecipientOutcome | None, now: RecipientOutcome) -> str:
    """Says it.

    Args:
        before: What was told of the recipient last; None where that is not known.
        now: What is told of it now.
    """
    if now.stale and not (before and before.stale):
        return STALE
    if before is None or before.state != now.state or before.disposition != now.disposition:
        return _state(now)
    if before.attempts < now.attempts:
        return _state(now)
    return ", ".join(sorted(set(_details(now)) - set(_details(before)))) or "more is known"


def ended(now: RecipientOutcome) -> str:
    """How it ended, with the provider's own word where that says more."""
    words = WORDS_BY_DISPOSITION.get(now.disposition, "in a way that this program does not know")
    return words + status_in_brackets(now)


def status_in_brackets(now: RecipientOutcome) -> str:
    """The provider's own word where it says more than the disposition."""
    status = now.provider_status
    return "" if not status or status.upper() in PLAIN_STATUSES else f" ({printable(status)})"


def seconds(duration: Duration) -> str:
    """Writes a duration."""
    return f"{duration.ToTimedelta().total_seconds():g} s"


def _state(now: RecipientOutcome) -> str:
    words = WORDS_BY_STATE.get(now.state, "in a state that this program does not know")
    if now.state == RECIPIENT_STATE_RINGING and now.attempts > 1:
        words = f"redialed: ringing again, attempt {now.attempts}"
    if now.state == RECIPIENT_STATE_ENDED:
        words = ", ".join([f"ended: {ended(now)}", *_details(now)])
    return words


def _details(now: RecipientOutcome) -> Iterator[str]:
    if now.HasField("ring_duration"):
        yield f"rang {seconds(now.ring_duration)}"
    if now.HasField("billed_duration") and now.disposition == DISPOSITION_ANSWERED:
        yield f"billed {seconds(now.billed_duration)}"
    if now.keypress:
        yield f"pressed {printable(now.keypress)}"
