"""What reports told of each attempt to reach a recipient: kept so that their order and repetition make no difference.

Each report adds to what is known; two pieces of knowledge are merged by a rule that does not ask which came first: the
earlier of two times, the longer of two durations, the disposition of higher precedence. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.kaleyra.reports import Report, ReportKind
from voicegateway.v1.outbound_call_pb2 import (
    DISPOSITION_ANSWERED,
    DISPOSITION_BUSY,
    DISPOSITION_FAILED,
    DISPOSITION_NOT_ANSWERED,
    DISPOSITION_NOT_DIALED,
    DISPOSITION_OTHER,
    DISPOSITION_REJECTED,
    DISPOSITION_UNREACHABLE,
    DISPOSITION_UNSPECIFIED,
    Disposition,
)

PRECEDENCE: Final[Sequence[Disposition.ValueType]] = (
    DISPOSITION_ANSWERED,
    DISPOSITION_REJECTED,
    DISPOSITION_BUSY,
    DISPOSITION_NOT_ANSWERED,
    DISPOSITION_UNREACHABLE,
    DISPOSITION_FAILED,
    DISPOSITION_NOT_DIALED,
    DISPOSITION_OTHER,
    DISPOSITION_UNSPECIFIED,
)
"""Of two dispositions, the one that stands."""

_RANK: Final = {disposition: -place for place, disposition in enumerate(PRECEDENCE)}

MOST_ATTEMPTS: Final = 1001
"""Attempts kept of one recipient: what 10 rules of 100 redials ask for."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of one attempt; times are when the first report of a kind arrived, in microseconds since 1970.

    Attributes:
        started: A report for its start.
        answered: A report for its answer.
        ended: A report for its end, or one of how it went.
        disposition: How it ended, by its status.
        status: The status that says so, raw.
        word: The raw status of a report that came earlier in the call, of no certain meaning.
        ring: Seconds it rang.
        billed: Seconds it is billed for.
        keys: The keys that were pressed.
        credits: What it cost, raw.
    """

    started: int | None = None
    answered: int | None = None
    ended: int | None = None
    disposition: Disposition.ValueType = DISPOSITION_UNSPECIFIED
    status: str = ""
    word: str = ""
    ring: float | None = None
    billed: float | None = None
    keys: str = field(default="", repr=False)
    credits: str = ""

    @property
    def end(self) -> Disposition.ValueType:
        """How it ended; somebody who picked up did so, whatever else a report says."""
        return DISPOSITION_UNSPECIFIED if self.answered is None else DISPOSITION_ANSWERED

    def best(self) -> Disposition.ValueType:
        """Its disposition, once it has ended."""
        if self.ended is None:
            return DISPOSITION_UNSPECIFIED
        return max(self.disposition, self.end, key=rank)

    def end_told(self) -> Mapping[str, Any]:
        """What is told of an attempt at its end, by the attribute's name."""
        return {name: getattr(self, name) for name in ("ended", "ring", "billed", "keys", "credits")}


Attempts = Mapping[str, Attempt]
"""By the provider's call id; empty for reports that told none."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What reports told of a call: the attempts at each recipient, by the recipient's place in the request.

    Attributes:
        is_stale: Whether the time has passed in which every recipient's end should have been reported.
    """

    attempts: Mapping[int, Attempts] = field(default_factory=dict)
    is_stale: bool = False

    def with_report(self, place: int, report: Report) -> Evidence:
        """Adds a report about one recipient."""
        told, known = self.attempts.get(place, {}), report.provider_call_id
        if known not in told and len(told) >= MOST_ATTEMPTS:
            return self
        attempt = merged(told.get(known, Attempt()), attempt_of(report))
        return replace(self, attempts={**self.attempts, place: {**told, known: attempt}})


def rank(disposition: Disposition.ValueType) -> int:
    """Orders dispositions: the highest stands."""
    return _RANK.get(disposition, _RANK[DISPOSITION_OTHER])


def attempt_of(report: Report) -> Attempt:
    """What one report tells."""
    arrived = (report.received - _EPOCH) // timedelta(microseconds=1)
    is_end = report.kind is ReportKind.END or (report.kind is ReportKind.DLR and _says_how_it_went(report))
    return Attempt(
        started=arrived if report.kind is ReportKind.START else None,
        answered=arrived if report.kind is ReportKind.ANSWER else None,
        ended=arrived if is_end else None,
        disposition=report.disposition if is_end else DISPOSITION_UNSPECIFIED,
        status=report.status if is_end else "",
        word="" if is_end else report.status,
        ring=_seconds(report.ring_duration),
        billed=_seconds(report.billed_duration),
        keys=report.keypress,
        credits=report.credits,
    )


def merged(one: Attempt, other: Attempt) -> Attempt:
    """Merges two pieces of knowledge about one attempt; their order makes no difference."""
    disposition, status = max(
        (one.disposition, one.status), (other.disposition, other.status), key=lambda told: (rank(told[0]), told[1])
    )
    return Attempt(
        started=_either(min, one.started, other.started),
        answered=_either(min, one.answered, other.answered),
        ended=_either(min, one.ended, other.ended),
        disposition=disposition,
        status=status,
        word=_fuller(one.word, other.word),
        ring=_either(max, one.ring, other.ring),
        billed=_either(max, one.billed, other.billed),
        keys=_fuller(one.keys, other.keys),
        credits=_fuller(one.credits, other.credits),
    )


def encoded(evidence: Evidence) -> bytes:
    """Encodes evidence for the ledger; the same evidence always gives the same bytes."""
    attempts = {
        str(place): {known: _written(told[known]) for known in sorted(told)}
        for place, told in sorted(evidence.attempts.items())
    }
    return json.dumps([evidence.is_stale, attempts], separators=(",", ":")).encode()


def decoded(stored: bytes) -> Evidence:
    """Reads evidence back; nothing stored is none."""
    if not stored:
        return Evidence()
    is_stale, attempts = json.loads(stored)
    return Evidence(
        {int(place): {known: Attempt(*values) for known, values in told.items()} for place, told in attempts.items()},
        is_stale,
    )


_ALL: Final = [each.name for each in fields(Attempt)]


def _written(attempt: Attempt) -> list[Any]:
    return [getattr(attempt, name) for name in _ALL]


def _says_how_it_went(report: Report) -> bool:
    """Whether more of a `dlrurl` was substituted than whom it is about."""
    told = (report.status, report.ring_duration, report.billed_duration, report.keypress, report.credits)
    return any(each not in {None, ""} for each in told)


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _either(choose: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _fuller(one: str, other: str) -> str:
    return max(one, other, key=lambda text: (len(text), text))
