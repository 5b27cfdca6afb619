"""Places what a person asked for, and shows what came of it."""

from __future__ import annotations

import sys
import uuid
from typing import Final

import grpc

from gateway.caller.answer import Answer
from gateway.caller.connecting import NoGatewayError, credentials_of
from gateway.caller.exit_status import NO_NEWS, NOT_SENT, UNKNOWN
from gateway.caller.options import Options, Sending, UsageError
from gateway.caller.request import EMPTY_ID, read, request_from, request_from_file, timestamp
from gateway.caller.send import InterruptedCallError, send
from gateway.caller.server import OPTIONS
from gateway.caller.terminal import Terminal
from gateway.caller.typed import Typed
from gateway.caller.waiting import NOBODY_REPORTS, nobody_reports, subject_of, wait
from gateway.output import OutputError
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

NOTHING_SENT: Final = "Nothing was sent"
UNSHOWN: Final = (
    "What reached the gateway, it sees through. With --request-id {} the same command cannot ring twice, and tells what"
    " became of it"
)

_BESIDE_A_FILE: Final = frozenset(
    {"--file", "--request-id", "--account", "--dial-before", "--dry-run", "--json", "--wait", *OPTIONS}
)


def place(described: Options, sending: Sending, line: Typed) -> int:
    """Sends the request and shows the answer.

    Returns:
        The exit status.

    Raises:
        UsageError: The command line is wrong; nothing was sent.
        OutputError: What happened cannot be shown.
    """
    broken = line.not_utf8()
    if broken:
        raise UsageError(f"{broken} is not UTF-8")
    request = _request(described, sending.file, line)
    _complete(request, sending)
    credentials = credentials_of(sending.server)
    terminal = Terminal(request, line, as_json=sending.as_json)
    try:
        terminal.before()
    except OutputError as error:
        raise OutputError(error.why, NOTHING_SENT) from None
    try:
        return _sent(request, sending, credentials, terminal, line)
    except OutputError as error:
        raise OutputError(error.why, UNSHOWN.format(request.request_id)) from None


def _sent(
    request: PlaceCallRequest,
    sending: Sending,
    credentials: grpc.ChannelCredentials | None,
    terminal: Terminal,
    line: Typed,
) -> int:
    """Sends it, and shows what came of it."""
    try:
        answer = send(request, sending.server, credentials)
    except NoGatewayError as error:
        terminal.no_gateway(str(error))
        return NOT_SENT
    except InterruptedCallError:
        terminal.interrupted()
        return NOT_SENT if request.validate_only else UNKNOWN
    subject = subject_of(answer, request) if sending.wait else None
    if subject is not None and not nobody_reports(answer):
        return wait(subject, terminal.waits(answer, subject), sending.server, credentials, line)
    terminal.after(answer)
    if subject is not None:
        terminal.does_not_wait(NOBODY_REPORTS)
        return NO_NEWS
    return _exit_status(answer, request)


def _exit_status(answer: Answer, request: PlaceCallRequest) -> int:
    return NOT_SENT if request.validate_only and answer.exit_status == UNKNOWN else answer.exit_status


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
    if sending.request_id == "":
        raise UsageError(EMPTY_ID.format("--request-id"))
    request.request_id = sending.request_id or request.request_id or f"call-{uuid.uuid4()}"
    request.account = sending.account or request.account
    request.validate_only = sending.dry_run or request.validate_only
    if sending.dial_before is not None:
        request.dial_before.CopyFrom(timestamp(sending.dial_before))
