"""How a request and its answer look to people: names to the left, values to the right, verdicts in words."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from rich.console import Console
from rich.text import Text

from gateway.caller.answer import Answer
from gateway.caller.words import WORDS_BY_ADVICE, WORDS_BY_DISPATCH
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse

_NOT_OURS: Final = "this answer is not the gateway's, so it is not known what happened to the phones"
_UNTOLD: Final = "this answer does not tell what happened to the phones"


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

    def answer(self, answer: Answer) -> None:
        """Shows an answer, and what it means."""
        if answer.response is not None:
            self._reply(answer.response)
        else:
            self._error(answer)

    def _reply(self, reply: PlaceCallResponse) -> None:
        if reply.HasField("preview"):
            self.heading(f"The answer: what a call would send to {reply.preview.url}", "green")
            self.pairs({each.name: each.value for each in reply.preview.fields})
        else:
            call = MessageToDict(reply.call, preserving_proto_field_name=True)
            call.pop("request", None)  # as given; the caller has it
            self.heading("The answer: OK", "green")
            self.pairs({f"call.{name}": value for name, value in call.items()})
            self.line(f"In words: {WORDS_BY_DISPATCH.get(call.get('dispatch', ''), _UNTOLD)}.", "bold green")
        for warning in reply.warnings:
            place = f"{warning.field}: " if warning.field else ""
            self.line(f"Warning: {place}{warning.description}.", "yellow")

    def _error(self, answer: Answer) -> None:
        self.heading(f"The answer: {answer.code}, {answer.reason or answer.message}", "red")
        self._rows(answer.violations)  # two may be of the same place
        told = {"dispatch": answer.dispatch, "retry": answer.advice, **dict(sorted(answer.facts.items()))}
        self.pairs({name: value for name, value in told.items() if value})
        self.line(
            f"In words: {WORDS_BY_DISPATCH.get(answer.dispatch, _UNTOLD if answer.reason else _NOT_OURS)}.", "bold red"
        )
        if answer.advice:
            self.line(f"What to do: {WORDS_BY_ADVICE.get(answer.advice, answer.advice)}.", "bold red")
