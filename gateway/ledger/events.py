"""What is told of a call's changes: events, found by comparing a record before and after a change. Pure.

They are committed with the change, whoever makes it, so none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from gateway.ledger.record import WAITING, Record, outcomes, timestamp
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_SENDING,
    Dispatch,
    OutboundCall,
    RecipientOutcome,
)
from voicegateway.v1.outbound_call_service_pb2 import (
    CALL_EVENT_TYPE_CREATED,
    CALL_EVENT_TYPE_DISPATCH_CHANGED,
    CALL_EVENT_TYPE_RECIPIENT_CHANGED,
    CallEvent,
    CallEventType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of one call.

    Attributes:
        place: Which recipient changed, by its place in the request; None for other events.
        outcome: Its RecipientOutcome, without the recipient; empty for other events.
    """

    account: str
    call_id: str
    occurred: datetime
    type: CallEventType.ValueType
    dispatch: Dispatch.ValueType
    place: int | None = None
    outcome: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event with its place among the events of its account, and what of its call it is told with.

    Attributes:
        request: The call's request, where the event tells all of it; empty for others, and once it is erased.
        recipient: The Recipient that it is about, likewise.
        is_followed: Whether there may be more after it: it was the last of as many as are read at once.
    """

    sequence: int
    event: Event
    request_id: str
    request: bytes = field(default=b"", repr=False)
    recipient: bytes = field(default=b"", repr=False)
    is_followed: bool = field(default=False, compare=False)

    def to_call_event(self) -> CallEvent:
        """Renders the event as callers read it."""
        event = self.event
        told = CallEvent(
            sequence=self.sequence,
            occur_time=timestamp(event.occurred),
            type=event.type,
            call_id=event.call_id,
            request_id=self.request_id,
            dispatch=event.dispatch,
        )
        if event.place is not None:
            self._show_recipient(told.recipient)
        if event.type == CALL_EVENT_TYPE_CREATED:
            told.call.CopyFrom(self._call())
        return told

    def _show_recipient(self, shown: RecipientOutcome) -> None:
        shown.ParseFromString(self.event.outcome)
        if self.recipient:
            shown.recipient.ParseFromString(self.recipient)

    def _call(self) -> OutboundCall:
        """The call as it was when it was recorded."""
        created = timestamp(self.event.occurred)
        call = OutboundCall(
            call_id=self.event.call_id,
            request_id=self.request_id,
            account=self.event.account,
            dispatch=DISPATCH_SENDING,
            create_time=created,
            update_time=created,
        )
        if self.request:
            call.request.MergeFromString(self.request)
            call.recipients.extend(outcomes(b"", call.request.recipients))
        return call


class Span(NamedTuple):
    """Which events of an account are kept: those after `forgotten`, up to `newest`."""

    forgotten: int
    newest: int


def events_of(before: Record | None, after: Record) -> list[Event]:
    """Lists what a change is told as; erasing something is no event."""
    if before is None:
        return [_event(after, CALL_EVENT_TYPE_CREATED, after.created)]
    events = []
    if (after.dispatch, after.attempt) != (before.dispatch, before.attempt):
        events.append(_event(after, CALL_EVENT_TYPE_DISPATCH_CHANGED, after.updated))
    if after.outcomes != before.outcomes and after.stage == before.stage:
        events += _of_recipients(before, after)
    return events


def _of_recipients(before: Record, after: Record) -> Iterator[Event]:
    olds, news = _recipients(before), _recipients(after)
    for place, (old, new) in enumerate(zip_longest(olds, news, fillvalue=WAITING)):
        if old != new:
            yield _event(
                after, CALL_EVENT_TYPE_RECIPIENT_CHANGED, after.changed, place=place, outcome=new.SerializeToString()
            )


def _recipients(record: Record) -> list[RecipientOutcome]:
    return list(OutboundCall.FromString(record.outcomes).recipients)


def _event(
    record: Record,
    kind: CallEventType.ValueType,
    occurred: datetime,
    *,
    place: int | None = None,
    outcome: bytes = b"",
) -> Event:
    return Event(
        account=record.account,
        call_id=record.call_id,
        occurred=occurred,
        type=kind,
        dispatch=record.dispatch,
        place=place,
        outcome=outcome,
    )
