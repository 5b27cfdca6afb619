"""From events to lines that a person follows: when, which call, who, and what happened."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.caller.outcome_words import what_changed
from gateway.operator.printable import printable
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_NOT_SENT,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    DISPATCH_SENDING,
    DISPATCH_UNSPECIFIED,
    DISPOSITION_ANSWERED,
    DISPOSITION_UNSPECIFIED,
    RECIPIENT_STATE_ANSWERED,
    RECIPIENT_STATE_ENDED,
    Dispatch,
    Recipient,
    RecipientOutcome,
)
from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_CREATED, CallEvent

MOST_CALLS: Final = 1000
"""Calls that are remembered, for what changed; of an older one, it is said how it stands."""

THE_CALL: Final = "the call"

WORDS_BY_DISPATCH: Final[Mapping[Dispatch.ValueType, str]] = {
    DISPATCH_SENDING: "sent once more: the attempt before dialed nobody",
    DISPATCH_NOT_SENT: "not sent: nobody was dialed",
    DISPATCH_ACCEPTED: "accepted by the provider",
    DISPATCH_REJECTED: "refused by the provider: nobody was dialed",
    DISPATCH_OUTCOME_UNKNOWN: "unknown: phones may ring, or not",
}
"""What an event tells of the phones; the first attempt is told as recorded."""

AFTER_ALL_BY_DISPATCH: Final[Mapping[Dispatch.ValueType, str]] = {
    DISPATCH_ACCEPTED: "not unknown any more: the provider accepted it",
    DISPATCH_REJECTED: "not unknown any more: nobody was dialed",
}
"""What is told after an unknown outcome."""

STYLE_BY_DISPATCH: Final[Mapping[Dispatch.ValueType, str]] = {
    DISPATCH_ACCEPTED: "green",
    DISPATCH_NOT_SENT: "red",
    DISPATCH_REJECTED: "red",
    DISPATCH_OUTCOME_UNKNOWN: "bold red",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a person reads it.

    Attributes:
        is_first: Whether it is the first one about its call.
        style: What the words look like at a terminal with colours.
    """

    time: datetime
    call_id: str
    request_id: str
    who: str
    what: str
    style: str
    is_first: bool


@dataclass(slots=True)
class _Known:
    dispatch: Dispatch.ValueType = DISPATCH_UNSPECIFIED
    outcomes: dict[str, RecipientOutcome] = field(default_factory=dict)


class Story:
    """Tells events as lines, and remembers what it told, as far as that says what changed."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, _Known] = OrderedDict()

    def line(self, event: CallEvent) -> Line:
        """Tells one event."""
        is_first = event.call_id not in self._calls
        known = self._known(event.call_id)
        who, what, style = self._told(event, known)
        known.dispatch = event.dispatch
        return Line(
            time=event.occur_time.ToDatetime(UTC),
            call_id=event.call_id,
            request_id=event.request_id,
            who=who,
            what=what,
            style=style,
            is_first=is_first,
        )

    def _known(self, call_id: str) -> _Known:
        known = self._calls.pop(call_id, _Known())
        self._calls[call_id] = known
        if len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)
        return known

    def _told(self, event: CallEvent, known: _Known) -> tuple[str, str, str]:
        if event.HasField("recipient"):
            now, number = event.recipient, event.recipient.recipient.number
            before = known.outcomes.get(number)
            known.outcomes[number] = now
            return name_of(now.recipient), what_changed(before, now), _style_of(now)
        if event.type == CALL_EVENT_TYPE_CREATED:
            return THE_CALL, "recorded", ""
        return THE_CALL, _dispatch(event.dispatch, known.dispatch), STYLE_BY_DISPATCH.get(event.dispatch, "")


def name_of(recipient: Recipient) -> str:
    """Whom a caller knows by it: the number, and his own reference."""
    return printable(f"{recipient.number or 'a recipient'} {recipient.reference}".rstrip())


def _dispatch(now: Dispatch.ValueType, before: Dispatch.ValueType) -> str:
    told = WORDS_BY_DISPATCH.get(now, "in a state that this program does not know")
    return AFTER_ALL_BY_DISPATCH.get(now, told) if before == DISPATCH_OUTCOME_UNKNOWN else told


def _style_of(outcome: RecipientOutcome) -> str:
    if outcome.disposition == DISPOSITION_ANSWERED or outcome.state == RECIPIENT_STATE_ANSWERED:
        return "bold green" if outcome.state == RECIPIENT_STATE_ENDED else "green"
    if outcome.stale or outcome.state == RECIPIENT_STATE_ENDED:
        return "yellow"
    return "cyan" if outcome.disposition == DISPOSITION_UNSPECIFIED else "magenta"  # rings, for the first time or not
