"""From a record to a row and back: the same columns in every database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from gateway.ledger.events import Event
from gateway.ledger.record import Record, Stage
from gateway.ledger.store import Filter
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest, RecipientOutcome

COLUMNS: Final = tuple(field.name for field in fields(Record))
TIMES: Final = frozenset({"send_deadline", "created", "updated", "scheduled", "erased", "heard", "stale_at"})
FLAGS: Final = frozenset({"is_free", "was_unknown"})

_ALL: Final = attrgetter(*COLUMNS)
_TIME_PLACES: Final = [place for place, name in enumerate(COLUMNS) if name in TIMES]

DUE: Final = "WHERE stage = ? AND dispatch NOT IN (2, 5) AND retain_from < ? ORDER BY retain_from LIMIT ?"
"""Finds what retention looks for: SENDING and OUTCOME_UNKNOWN are kept."""


def values(record: Record, time: Callable[[Any], Any]) -> list[Any]:
    """Lists a record's values in the order of COLUMNS, its times as the database keeps them."""
    listed = list(_ALL(record))
    for place in _TIME_PLACES:
        listed[place] = listed[place] and time(listed[place])
    return listed


def changes(before: Record, after: Record, time: Callable[[Any], Any]) -> dict[str, Any]:
    """Lists the values that differ, by column, its times as the database keeps them."""
    pairs = zip(COLUMNS, _ALL(before), _ALL(after), strict=True)
    return {name: new and time(new) if name in TIMES else new for name, old, new in pairs if new != old}


def record(row: Sequence[Any], time: Callable[[Any], Any]) -> Record:
    """Builds a record from a row of COLUMNS."""
    given = dict(zip(COLUMNS, row, strict=True))
    for name in TIMES:
        given[name] = None if given[name] is None else time(given[name])
    for name in FLAGS:
        given[name] = bool(given[name])
    given["stage"] = Stage(given["stage"])
    return Record(**given)


def as_it_is(time: Any) -> Any:
    """Leaves a time alone, for a database that knows times."""
    return time


def custom_of(record: Record) -> str:
    """The `custom` as it was sent: the caller's, or the call id; empty once it is erased."""
    if not record.request:
        return ""
    return OutboundCallRequest.FromString(record.request).custom or record.call_id


def numbers_of(record: Record) -> list[str]:
    """The recipients' numbers as digits, each as given and with the prefix where it lacks a country code."""
    request = OutboundCallRequest.FromString(record.request)
    prefix = request.prefix.removeprefix("+")
    digits: set[str] = set()
    for recipient in request.recipients:
        number = recipient.number.removeprefix("+")
        digits |= {number} if recipient.number.startswith("+") else {number, prefix + number}
    return sorted(digits)


def new_tokens(before: Record | None, after: Record) -> list[bytes]:
    """The hashed report tokens that a change adds."""
    known = frozenset() if before is None else frozenset(before.token_list())
    return [token for token in after.token_list() if token not in known]


def lost_tokens(before: Record, after: Record) -> list[bytes]:
    """The hashed report tokens that a change takes away."""
    return [] if after.tokens else before.token_list()


def is_erasure(before: Record, after: Record) -> bool:
    """Whether a change takes numbers and texts away, which events may repeat."""
    return before.stage == Stage.WHOLE < after.stage


def without_keypress(outcome: bytes) -> bytes | None:
    """What is left of an event's outcome after an erasure; None where that is all of it."""
    told = RecipientOutcome.FromString(outcome)
    if not told.keypress:
        return None
    told.ClearField("keypress")
    return told.SerializeToString()


EVENT_COLUMNS: Final = ("account", "call_id", "occurred", "type", "dispatch", "place", "outcome")
"""How events are stored, by the names of their fields."""

_ALL_OF_AN_EVENT: Final = attrgetter(*EVENT_COLUMNS)


def event_values(event: Event, time: Callable[[Any], Any]) -> list[Any]:
    """Lists an event's values in the order of EVENT_COLUMNS."""
    listed = list(_ALL_OF_AN_EVENT(event))
    listed[2] = time(event.occurred)
    return listed


def forgettable(oldest: Sequence[tuple[int, Any]], before: Any) -> int | None:
    """Finds up to which sequence events are older than a time, in the order of their numbers: nothing in between."""
    last = None
    for sequence, occurred in oldest:
        if occurred >= before:
            break
        last = sequence
    return last


def conditions(wanted: Filter, time: Callable[[Any], Any]) -> tuple[str, list[Any]]:
    """Writes a filter as an SQL condition with question marks, and the values for them, in order."""
    conditions, values = ["account = ?"], list[Any]([wanted.account])

    def add(condition: str, *given: Any) -> None:
        conditions.append(condition)
        values.extend(given)

    if wanted.dispatches:
        add(f"dispatch IN ({', '.join('?' * len(wanted.dispatches))})", *wanted.dispatches)
    if wanted.number:
        add(
            "call_id IN (SELECT call_id FROM call_numbers WHERE account = ? AND digits = ?)",
            wanted.account,
            wanted.number,
        )
    if wanted.custom:
        add("custom = ?", wanted.custom)
    if wanted.after is not None:
        add("created >= ?", time(wanted.after))
    if wanted.before is not None:
        add("created < ?", time(wanted.before))
    if wanted.older_than is not None:
        created, call_id = wanted.older_than
        add("(created, call_id) < (?, ?)", time(created), call_id)
    return " AND ".join(conditions), values
