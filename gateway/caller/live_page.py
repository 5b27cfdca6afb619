"""How a call that goes on looks to people: a calm line an event, and a table at the end."""

from __future__ import annotations

from datetime import date, datetime

from rich.text import Text

from gateway.caller.ending import exit_status_of, in_words
from gateway.caller.exit_status import ANSWERED
from gateway.caller.final_record import resolution_of, rows_of
from gateway.caller.page import Page
from gateway.caller.story import Line, Story, name_of
from gateway.caller.words import UNTOLD, WORDS_BY_DISPATCH
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, Dispatch, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import CallEvent

_ID_SHOWN = 6
"""Characters that tell calls apart: the last ones, which are random."""

_NUMBER = 12
"""Characters of most numbers."""

_WIDEST = 40
"""How far the column of names grows with what stands in it."""


class LivePage:
    """Writes events and final records; times are those of this machine's own time zone."""

    def __init__(self, page: Page, *, is_one_call: bool) -> None:
        """Begins a page.

        Args:
            page: Where to write.
            is_one_call: Whether the reader knows which call it is about.
        """
        self._page = page
        self._is_one_call = is_one_call
        self._story = Story()
        self._day = _today()
        self._widest = _NUMBER

    def event(self, event: CallEvent) -> None:
        """Writes an event's line, and before it what a reader needs once: another day, or which call it is."""
        line = self._story.line(event)
        self._make_room(line.who, *(name_of(each.recipient) for each in event.call.recipients))
        time = line.time.astimezone()
        if time.date() != self._day:
            self._day = time.date()
            self.note(f"{self._day:%Y-%m-%d}")
        if line.is_first and not self._is_one_call:
            self.note(f"{_short(line.call_id)} is call {line.call_id}, request_id {line.request_id}")
        self._page.text(self._written(line, time))

    def note(self, text: str) -> None:
        """Writes what is no event."""
        self._page.line(text, "dim")

    def record(self, call: OutboundCall) -> None:
        """Writes how it ended, and for whom."""
        if call.dispatch != DISPATCH_ACCEPTED:
            name = Dispatch.Name(call.dispatch) if call.dispatch in Dispatch.values() else ""
            self._page.heading(f"The end: {WORDS_BY_DISPATCH.get(name, UNTOLD)}.", "bold red")
            return
        style = "bold green" if exit_status_of(call) == ANSWERED else "bold yellow"
        self._page.heading(f"The end: {in_words(call)}.", style)
        for number, row in enumerate(rows_of(call, self._page.width)):
            for line in row:
                self._page.line(line, "" if number else "dim")
        if resolution_of(call):
            self._page.line(resolution_of(call))

    def _make_room(self, *names: str) -> None:
        self._widest = min(_WIDEST, max(self._widest, *map(len, names)))

    def _written(self, line: Line, time: datetime) -> Text:
        call = "" if self._is_one_call else f"{_short(line.call_id)}  "
        who = f"{line.who:<{self._widest}}"
        return Text.assemble((f"{time:%H:%M:%S}  {call}", "dim"), who, "  ", (line.what, line.style))


def _short(call_id: str) -> str:
    return call_id[-_ID_SHOWN:]


def _today() -> date:
    return datetime.now().astimezone().date()
