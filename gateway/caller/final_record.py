"""The final record of a call as a small table: how it went for each recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.caller.outcome_words import seconds, status_in_brackets
from gateway.operator.printable import printable
from gateway.operator.table import table
from voicegateway.v1.outbound_call_pb2 import (
    RESOLUTION_SOURCE_OPERATOR,
    RESOLUTION_SOURCE_REPLY,
    RESOLUTION_SOURCE_REPORT,
    Disposition,
    OutboundCall,
    RecipientOutcome,
    RecipientState,
    ResolutionSource,
)

HEADER: Final = ("recipient", "state", "disposition", "attempts", "rang", "billed", "keypress", "reference")
_BILLED, _REFERENCE = HEADER.index("billed"), HEADER.index("reference")

SOURCE_IN_WORDS: Final[Mapping[ResolutionSource.ValueType, str]] = {
    RESOLUTION_SOURCE_REPLY: "the provider's late answer",
    RESOLUTION_SOURCE_REPORT: "a report of the provider",
    RESOLUTION_SOURCE_OPERATOR: "an operator",
}


def rows_of(call: OutboundCall, width: int | None) -> list[list[str]]:
    """Lays out the recipients under a header; the lines of each row.

    Args:
        call: The record.
        width: Characters of a line; None when a line may be as long as it is. Where they are few, references go first.
    """
    rows: list[Sequence[str]] = [HEADER, *(_row(each) for each in call.recipients)]
    if any(each.recipient.reference for each in call.recipients):
        return table(rows, width, dispensable=_REFERENCE)
    return table([row[:_REFERENCE] for row in rows], width, dispensable=_BILLED)


def resolution_of(call: OutboundCall) -> str:
    """Says how an unknown outcome became known; empty where there was none."""
    if not call.HasField("resolution"):
        return ""
    source = SOURCE_IN_WORDS.get(call.resolution.source, "somebody")
    return f"Its outcome was unknown at first, and became known by {source}."


def _row(outcome: RecipientOutcome) -> Sequence[str]:
    stale = ", no report" if outcome.stale else ""
    return (
        printable(outcome.recipient.number) or "-",
        _name(RecipientState, "RECIPIENT_STATE_", outcome.state) + stale,
        _disposition(outcome),
        str(outcome.attempts or "-"),
        seconds(outcome.ring_duration) if outcome.HasField("ring_duration") else "-",
        seconds(outcome.billed_duration) if outcome.HasField("billed_duration") else "-",
        printable(outcome.keypress) or "-",
        printable(outcome.recipient.reference),
    )


def _disposition(outcome: RecipientOutcome) -> str:
    name = _name(Disposition, "DISPOSITION_", outcome.disposition)
    return name + status_in_brackets(outcome) if outcome.disposition else "-"


def _name(enum: Any, prefix: str, value: int) -> str:
    return enum.Name(value).removeprefix(prefix) if value in enum.values() else str(value)  # one of a newer gateway
