"""What following calls looks like: a page for people, or a JSON object a line for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from gateway.caller.answer import Answer, answer_of
from gateway.caller.live_page import LivePage
from gateway.caller.options import Subject
from gateway.caller.page import Page
from gateway.caller.why_not import why_not
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import CallEvent
from voicegateway_client import CallError


class PageView:
    """For people."""

    def __init__(self, page: Page, subject: Subject) -> None:
        self._page = page
        self._subject = subject
        self._live = LivePage(page, is_one_call=subject.is_one_call)

    def event(self, event: CallEvent) -> None:
        """Writes a line."""
        self._live.event(event)

    def note(self, words: str) -> None:
        """Writes a dim line."""
        self._live.note(words)

    def ended(self, call: OutboundCall) -> None:
        """Writes the table."""
        self._live.record(call)

    def failed(self, error: CallError, command: str) -> None:
        """Writes why, and the way out."""
        self._page.heading(f"Not followed: {why_not(error, self._subject)}", "red")
        if command:
            self._page.line(f"Go on from here: {command}")

    def interrupted(self, command: str) -> None:
        """Writes that calls go on."""
        self._page.heading("Interrupted: the call goes on." if self._subject.is_one_call else "Interrupted.", "red")
        self._page.line(f"Go on from here: {command}")


class JsonView:
    """For programs: events as they come, then the final record; what else there is to say goes to standard error."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def event(self, event: CallEvent) -> None:
        """Prints a CallEvent."""
        _print(_object(event))

    def note(self, words: str) -> None:
        """Prints it beside."""
        beside(words)

    def ended(self, call: OutboundCall) -> None:
        """Prints an object with the call alone, as GetCall answers it."""
        _print({"call": _object(call)})

    def failed(self, error: CallError, command: str) -> None:
        """Prints the error as `call --json` does."""
        _print(answer_of(error).to_json())
        go_on = f" Go on from here: {command} --json" if command else ""
        beside(why_not(error, self._subject) + go_on)

    def interrupted(self, command: str) -> None:
        """Prints beside how to go on."""
        beside(f"interrupted. Go on from here: {command} --json")


class DocumentView:
    """For programs that place a call and wait: one document, as without waiting, with the call as it is at the end."""

    def __init__(self, request_id: str, answer: Answer, subject: Subject) -> None:
        self._document: dict[str, Any] = {"request_id": request_id, **answer.to_json()}
        self._subject = subject

    def event(self, event: CallEvent) -> None:
        """Shows nothing."""

    def note(self, words: str) -> None:
        """Prints it beside."""
        beside(words)

    def ended(self, call: OutboundCall) -> None:
        """Prints the document, without an error that was overtaken."""
        if call.dispatch == DISPATCH_ACCEPTED:
            self._document.pop("error", None)
        self._document["call"] = _object(call)
        self._print()

    def failed(self, error: CallError, command: str) -> None:
        """Prints what was answered at first."""
        self._print()
        beside(f"{why_not(error, self._subject)} Go on from here: {command}")

    def interrupted(self, command: str) -> None:
        """Prints what was answered at first."""
        self._print()
        beside(f"interrupted: the call goes on. Go on from here: {command}")

    def _print(self) -> None:
        print(json.dumps(self._document, ensure_ascii=False, indent=2), flush=True)  # noqa: T201


def beside(words: str) -> None:
    """Says something that is no part of what a program reads."""
    print(f"kaleyra-gateway: {words}", file=sys.stderr, flush=True)  # noqa: T201


def _object(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)


def _print(document: Mapping[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201
