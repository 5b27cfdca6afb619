"""Places what a person asked for, and shows the answer: a page for people, or one JSON document for programs."""

from __future__ import annotations

import json
import shlex
import ssl
import sys
import uuid
from typing import Final

from google.protobuf.json_format import MessageToDict
from rich.console import Console

from gateway.caller.answer import Answer
from gateway.caller.exit_status import NOT_SENT, UNKNOWN
from gateway.caller.options import Options, Sending, UsageError
from gateway.caller.page import Page
from gateway.caller.request import read, request_from, request_from_file, timestamp
from gateway.caller.send import InterruptedCallError, NoGatewayError, send
from gateway.caller.typed import Typed
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

WIDTH: Final = 110

_BESIDE_A_FILE: Final = frozenset(
    {"--file", "--request-id", "--account", "--dial-before", "--dry-run", "--json", "--server", "--tls", "--ca"}
)


def place(described: Options, sending: Sending, line: Typed) -> int:
    """Sends the request and shows the answer.

    Returns:
        The exit status.

    Raises:
        UsageError: The command line is wrong; nothing was sent.
    """
    broken = line.not_utf8()
    if broken:
        raise UsageError(f"{broken} is not UTF-8")
    request = _request(described, sending.file, line)
    _complete(request, sending)
    if sending.authority is not None:
        _require_certificates(str(sending.authority))
    terminal = Terminal(request, line, as_json=sending.as_json)
    terminal.before()
    try:
        answer = send(request, sending.server, tls=sending.tls, authority=sending.authority)
    except NoGatewayError as error:
        terminal.no_gateway(str(error))
        return NOT_SENT
    except InterruptedCallError:
        terminal.interrupted()
        return UNKNOWN
    terminal.after(answer)
    return answer.exit_status


def _require_certificates(file: str) -> None:
    read(file, None)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise UsageError(f"{file}: holds no certificate as PEM") from None


def _request(described: Options, file: str | None, line: Typed) -> PlaceCallRequest:
    if file is None:
        if not described.to:
            raise UsageError("whom to call? Give --to, or a whole request with --file")
        return request_from(described)
    given = line.names() - _BESIDE_A_FILE
    if given:
        raise UsageError(f"--file holds the whole call: leave out {', '.join(sorted(given))}")
    return request_from_file(file, read(file, sys.stdin.read() if file == "-" else None))


def _complete(request: PlaceCallRequest, sending: Sending) -> None:
    """Adds what options say beside the call, over a file."""
    request.request_id = sending.request_id or request.request_id or f"call-{uuid.uuid4()}"
    request.account = sending.account or request.account
    request.validate_only = sending.dry_run or request.validate_only
    if sending.dial_before is not None:
        request.dial_before.CopyFrom(timestamp(sending.dial_before))


class Terminal:
    """What the command shows: a page for people, or one JSON document for programs."""

    def __init__(self, request: PlaceCallRequest, line: Typed, *, as_json: bool) -> None:
        self._request = request
        self._line = line
        self._as_json = as_json
        console = Console()
        self._page = Page(console if console.is_terminal else Console(width=WIDTH))

    def before(self) -> None:
        """Shows the request with its id, before anything is sent: it is what a repeat needs."""
        if not self._as_json:
            self._page.request(MessageToDict(self._request, preserving_proto_field_name=True))

    def after(self, answer: Answer) -> None:
        """Shows the answer, and the command that repeats it where a repeat is safe."""
        if self._as_json:
            print(json.dumps({"request_id": self._request.request_id} | answer.to_json(), ensure_ascii=False, indent=2))  # noqa: T201
            return
        self._page.answer(answer)
        if answer.advice == "RETRY_ADVICE_REPEAT" and answer.dispatch in {"DISPATCH_NOT_SENT", "DISPATCH_REJECTED"}:
            self._offer_a_repeat()

    def interrupted(self) -> None:
        """Says that a call goes on without the person who interrupted the command."""
        why = "what reached the gateway, it sees through"
        if self._as_json:
            error = {"message": f"interrupted: {why}", "retry": "RETRY_ADVICE_LOOK_UP"}
            print(json.dumps({"request_id": self._request.request_id, "error": error}, indent=2))  # noqa: T201
            return
        self._page.heading(f"Interrupted: phones may ring, or not: {why}.", "red")

    def no_gateway(self, why: str) -> None:
        """Says that there was no gateway to send to."""
        if self._as_json:
            error = {"message": why, "dispatch": "DISPATCH_NOT_SENT", "retry": "RETRY_ADVICE_REPEAT"}
            print(json.dumps({"request_id": self._request.request_id, "error": error}, indent=2))  # noqa: T201
            return
        self._page.heading(f"Not sent: {why}. Is `kaleyra-gateway serve` running there?", "red")
        self._offer_a_repeat()

    def _offer_a_repeat(self) -> None:
        self._page.line(f"Repeat it safely: {shlex.join(self._line.with_request_id(self._request.request_id))}")
