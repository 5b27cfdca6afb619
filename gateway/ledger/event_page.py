"""Events as they are read, some at a time: each request that they are told with once, and not too many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from gateway.ledger.events import Event, NumberedEvent
from gateway.ledger.rows import EVENT_COLUMNS
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_CREATED

PAGE_BYTES: Final = 512 * 1024
"""What the requests of a page's calls take together; a larger one has a page of its own."""

EVENTS: Final = f"""
    SELECT sequence, {", ".join(f"events.{name}" for name in EVENT_COLUMNS)},
        coalesce(calls.request_id, ''), CASE WHEN type = 2 THEN 0 ELSE coalesce(length(calls.request), 0) END
    FROM events LEFT JOIN calls ON calls.call_id = events.call_id
    WHERE events.{{whose}} = ? AND sequence > ? ORDER BY sequence LIMIT ?
"""  # noqa: S608 - constants

_CALL_ID: Final = 1 + EVENT_COLUMNS.index("call_id")
_PLACE: Final = 1 + EVENT_COLUMNS.index("place")


def events_query(account: str, after: int, call_id: str | None, limit: int) -> tuple[str, list[Any]]:
    """Writes what reads events after a number, with the size of the request that each is told with.

    A change of dispatch (2) tells nothing of the request.
    """
    if call_id is None:
        return EVENTS.format(whose="account"), [account, after, limit]
    return EVENTS.format(whose="call_id"), [call_id, after, limit]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Rows of EVENTS that are told at once.

    Attributes:
        call_ids: Of the calls whose requests they are told with.
        is_followed: Whether there may be more after them.
    """

    rows: Sequence[Sequence[Any]]
    call_ids: Sequence[str]
    is_followed: bool

    @classmethod
    def of(cls, found: Sequence[Sequence[Any]], limit: int) -> Self:
        """Takes of the rows that were found, of at most so many, those whose requests may be held at once."""
        sizes = dict[str, int]()
        for count, row in enumerate(found):
            call_id, size = row[_CALL_ID], row[-1]
            if not size or call_id in sizes:
                continue
            if sizes and sum(sizes.values()) + size > PAGE_BYTES:
                return cls(found[:count], list(sizes), is_followed=True)
            sizes[call_id] = size
        return cls(found, list(sizes), is_followed=len(found) == limit)

    def events(self, requests: Mapping[str, bytes], time: Callable[[Any], Any]) -> list[NumberedEvent]:
        """Builds the events; one that is about a recipient holds nothing of the others.

        Args:
            requests: By call id, as far as they are not erased.
            time: Reads a time as the database keeps it.
        """
        about_one = {row[_CALL_ID] for row in self.rows if row[_PLACE] is not None}
        calls = {each: OutboundCallRequest.FromString(requests[each]) for each in about_one & requests.keys()}
        events = []
        for number, (sequence, *values, request_id, _) in enumerate(self.rows, start=1):
            event = Event(**_named(values, time))
            events.append(
                NumberedEvent(
                    sequence,
                    event,
                    request_id,
                    request=requests.get(event.call_id, b"") if event.type == CALL_EVENT_TYPE_CREATED else b"",
                    recipient=_recipient(calls.get(event.call_id), event.place),
                    is_followed=self.is_followed and number == len(self.rows),
                )
            )
        return events


def _named(values: Sequence[Any], time: Callable[[Any], Any]) -> dict[str, Any]:
    given = dict(zip(EVENT_COLUMNS, values, strict=True))
    given["occurred"] = time(given["occurred"])
    return given


def _recipient(call: OutboundCallRequest | None, place: int | None) -> bytes:
    if call is None or place is None or not call.recipients:
        return b""
    return call.recipients[place].SerializeToString()
