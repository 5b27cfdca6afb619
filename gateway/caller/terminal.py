"""What the command shows: a page for people, or one JSON document for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from rich.console import Console

from gateway.caller.answer import Answer
from gateway.caller.following import View
from gateway.caller.options import Subject
from gateway.caller.page import Page
from gateway.caller.repeat import LOOKS_FIRST, SENDS_NOTHING, TRIES_AGAIN, call_to_look_up, what_a_repeat_does
from gateway.caller.typed import Typed
from gateway.caller.views import DocumentView, PageView, beside
from gateway.caller.words import DRY_RUN
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

WIDTH: Final = 110
"""Characters of a line that no terminal shows."""

_SEEN_THROUGH: Final = "what reached the gateway, it sees through"


def page_here() -> Page:
    """A page on standard output."""
    console = Console()
    return Page(console if console.is_terminal else Console(width=WIDTH))


class Terminal:
    """Shows one request and what came of it."""

    def __init__(self, request: PlaceCallRequest, line: Typed, *, as_json: bool) -> None:
        self._request = request
        self._line = line
        self._as_json = as_json
        self._page = page_here()

    def before(self) -> None:
        """Shows the request with its id, before anything is sent: it is what a repeat needs."""
        if not self._as_json:
            self._page.request(MessageToDict(self._request, preserving_proto_field_name=True))

    def after(self, answer: Answer) -> None:
        """Shows the answer, and the commands that help further."""
        if self._as_json:
            self._document(answer.to_json())
            return
        self._page.answer(answer, is_dry_run=self._request.validate_only)
        self._offer_help(answer)

    def waits(self, answer: Answer, subject: Subject) -> View:
        """Shows the answer, unless it is part of the one document; the view shows the rest."""
        if self._as_json:
            return DocumentView(self._request.request_id, answer, subject)
        self._page.answer(answer)
        self._page.heading("What becomes of it; Ctrl-C ends the waiting, not the call", "cyan")
        return PageView(self._page, subject)

    def does_not_wait(self, why: str) -> None:
        """Says why there is nothing to wait for."""
        if self._as_json:
            beside(why)
        else:
            self._page.line(why, "yellow")

    def _offer_help(self, answer: Answer) -> None:
        call_id = call_to_look_up(answer)
        if call_id:
            self._page.line(f"Look it up: kaleyra-gateway calls show {call_id}")
        self._offer_a_repeat(what_a_repeat_does(answer))

    def interrupted(self) -> None:
        """Says that a call goes on without the person who interrupted the command."""
        is_dry_run = self._request.validate_only
        if self._as_json:
            why = DRY_RUN if is_dry_run else _SEEN_THROUGH
            dispatch = {"dispatch": "DISPATCH_NOT_SENT"} if is_dry_run else {}
            self._document({"error": {"message": f"interrupted: {why}", **dispatch, "retry": "RETRY_ADVICE_REPEAT"}})
            return
        why = DRY_RUN if is_dry_run else f"phones may ring, or not: {_SEEN_THROUGH}"
        self._page.heading(f"Interrupted: {why}.", "red")
        self._offer_a_repeat(LOOKS_FIRST)

    def no_gateway(self, why: str) -> None:
        """Says that there was no gateway to send to."""
        if self._as_json:
            error = {"message": why, "dispatch": "DISPATCH_NOT_SENT", "retry": "RETRY_ADVICE_REPEAT"}
            self._document({"error": error})
            return
        self._page.heading(f"Not sent: {why}. Is `kaleyra-gateway serve` running there?", "red")
        self._offer_a_repeat(TRIES_AGAIN)

    def _document(self, answer: Mapping[str, Any]) -> None:
        document = {"request_id": self._request.request_id, **answer}
        print(json.dumps(document, ensure_ascii=False, indent=2), flush=True)  # noqa: T201

    def _offer_a_repeat(self, what: str) -> None:
        """Shows the command that repeats the request, and says what it does."""
        if not what:
            return
        again = ", with the same request on standard input" if self._line.reads_standard_input() else ""
        command = shlex.join(self._line.with_request_id(self._request.request_id))
        self._page.line(f"Repeat it safely{again}: {command}")
        self._page.line(f"The repeat cannot ring twice: {SENDS_NOTHING if self._request.validate_only else what}.")
