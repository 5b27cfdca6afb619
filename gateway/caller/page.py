"""How a request and its answer look to people: names to the left, values to the right, verdicts in words."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from rich.console import Console
from rich.text import Text

from gateway.caller.answer import Answer
from gateway.caller.words import (
    ADVICE_BY_REASON,
    DID_NOT_ARRIVE,
    DRY_RUN,
    MAKE_IT_ARRIVE,
    NOT_OURS,
    RECORDED,
    REPLAYED,
    UNTOLD,
    UNTOLD_BY_REASON,
    WORDS_BY_ADVICE,
    WORDS_BY_DISPATCH,
    WORDS_BY_REASON,
)
from voicegateway.v1.outbound_call_pb2 import RECIPIENT_STATE_WAITING
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse


class Page:
    """Writes to a console: colours at a terminal, plain text in a pipe, long values never cut."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def title(self, text: str) -> None:
        """Begins a part."""
        self._console.print()
        self._console.rule(Text(text, style="bold"), align="left", characters="─")

    def heading(self, text: str, style: str = "cyan") -> None:
        """Begins a paragraph."""
        self._console.print()
        self._console.print(Text(f"  {text}", style=style), soft_wrap=True)

    def line(self, text: str, style: str = "") -> None:
        """Writes a line of a paragraph."""
        self._console.print(Text(f"    {text}", style=style), soft_wrap=True)

    def text(self, text: Text) -> None:
        """Writes a line whose parts look different."""
        self._console.print(Text.assemble("    ", text), soft_wrap=True)

    @property
    def width(self) -> int:
        """Characters of a line of a paragraph, before the terminal breaks it."""
        return self._console.width - 4

    def pairs(self, pairs: Mapping[str, Any]) -> None:
        """Writes a name and a value a line."""
        self._rows(pairs.items())

    def _rows(self, rows: Collection[tuple[str, Any]]) -> None:
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            self._console.print(Text.assemble(f"    {name:<{width}}  ", (text, "bold")), soft_wrap=True)

    def request(self, request: Mapping[str, Any]) -> None:
        """Shows a request by the paths that violations name."""
        self.heading("The request: PlaceCall")
        call = {f"call.{name}": value for name, value in request.get("call", {}).items()}
        self.pairs({name: value for name, value in request.items() if name != "call"} | call)

    def answer(self, answer: Answer, *, is_dry_run: bool = False) -> None:
        """Shows an answer, and what it means."""
        if answer.response is None:
            self._error(answer, is_dry_run=is_dry_run)
        elif answer.response.HasField("preview"):
            self._preview(answer.response)
        else:
            self._reply(answer.response, answer)

    def _preview(self, reply: PlaceCallResponse) -> None:
        self.heading(f"The answer: what a call would send to {reply.preview.url}", "green")
        self.pairs({each.name: each.value for each in reply.preview.fields})
        if reply.replayed:
            self.line(f"In words: {RECORDED}.", "bold green")
        self._warnings(reply)

    def _reply(self, reply: PlaceCallResponse, answer: Answer) -> None:
        call = MessageToDict(reply.call, preserving_proto_field_name=True)
        call.pop("request", None)  # as given; the caller has it
        if all(each.state == RECIPIENT_STATE_WAITING for each in reply.call.recipients):
            call.pop("recipients", None)
        self.heading("The answer: OK", "green")
        self.pairs({f"call.{name}": value for name, value in call.items()})
        self._replay(answer, call.get("update_time", ""), "bold green")
        self.line(f"In words: {WORDS_BY_DISPATCH.get(call.get('dispatch', ''), UNTOLD)}.", "bold green")
        self._warnings(reply)

    def _warnings(self, reply: PlaceCallResponse) -> None:
        for warning in reply.warnings:
            place = f"{warning.field}: " if warning.field else ""
            self.line(f"Warning: {place}{warning.description}.", "yellow")

    def _error(self, answer: Answer, *, is_dry_run: bool) -> None:
        self.heading(f"The answer: {answer.code}, {answer.reason or answer.message}", "red")
        self._rows(answer.violations)  # two may be of the same place
        told = {"dispatch": answer.dispatch, "retry": answer.advice, **dict(sorted(answer.facts.items()))}
        self.pairs({name: value for name, value in told.items() if value})
        self._replay(answer, answer.facts.get("original_time", ""), "bold red")
        self.line(f"In words: {_in_words(answer, is_dry_run=is_dry_run)}.", "bold red")
        if answer.advice:
            self.line(f"What to do: {_what_to_do(answer)}.", "bold red")

    def _replay(self, answer: Answer, time: str, style: str) -> None:
        if answer.is_replay:
            self.line(f"A replay: {REPLAYED}. The outcome is of {time}.", style)


def _what_to_do(answer: Answer) -> str:
    if answer.did_not_arrive:
        return MAKE_IT_ARRIVE
    return ADVICE_BY_REASON.get(answer.reason) or WORDS_BY_ADVICE.get(answer.advice, answer.advice)


def _in_words(answer: Answer, *, is_dry_run: bool) -> str:
    if answer.did_not_arrive:
        return DID_NOT_ARRIVE
    told = WORDS_BY_REASON.get(answer.reason) or WORDS_BY_DISPATCH.get(answer.dispatch)
    if told:
        return told
    untold = UNTOLD_BY_REASON.get(answer.reason, UNTOLD) if answer.reason else NOT_OURS
    return DRY_RUN if is_dry_run else untold
