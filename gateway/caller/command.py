"""`kaleyra-gateway call`: the options that a person types, and what the terminal shows."""

from __future__ import annotations

import json
import shlex
import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from google.protobuf.json_format import MessageToDict
from rich.console import Console

from gateway.caller.answer import ACCEPTED, INVALID, NOT_SENT, REFUSED, UNKNOWN, Answer
from gateway.caller.page import Page
from gateway.caller.request import (
    PLAYED,
    Options,
    UsageError,
    read,
    request_from,
    request_from_file,
    timestamp,
)
from gateway.caller.send import NoGatewayError, send
from gateway.caller.typed import Typed, typed
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

WRONG_COMMAND: Final = 2
WIDTH: Final = 110

EPILOG: Final = f"""\b
Examples:
  kaleyra-gateway call --to +13236550107 --say "Your appointment is tomorrow." --language en-US
  kaleyra-gateway call --to +13236550107 --to +13236550108 --flow SG_night-duty --retry 2 --interval 20
  kaleyra-gateway call --to +13236550107 --sound 13 --say "Press 1 to confirm." --sound 14 --dry-run
  kaleyra-gateway call --file request.json --json

\b
Exit status: {ACCEPTED} accepted (or a good dry run), {WRONG_COMMAND} a wrong command line, {REFUSED} refused by the
provider, {NOT_SENT} not sent, {INVALID} invalid, {UNKNOWN} unknown: phones may ring.
"""

Text = str | None
Number = int | None


def call(
    context: typer.Context,
    to: Annotated[list[str] | None, typer.Option(help="Whom to call; again for more.", metavar="NUMBER")] = None,
    flow: Annotated[Text, typer.Option(help="Connect to this flow.", metavar="ID")] = None,
    _say: Annotated[
        list[str] | None, typer.Option("--say", help="Speak a text; again for more.", metavar="TEXT")
    ] = None,
    _language: Annotated[
        list[str] | None, typer.Option("--language", help="Of the --say before it, such as en-US.", metavar="TAG")
    ] = None,
    _speed: Annotated[
        list[str] | None, typer.Option("--speed", help="Of the --say before it, such as medium.", metavar="RATE")
    ] = None,
    _sound: Annotated[
        list[str] | None, typer.Option("--sound", help="Play a sound; again for more.", metavar="ID")
    ] = None,
    bridge: Annotated[Text, typer.Option(help="The number to call from.", metavar="NUMBER")] = None,
    prefix: Annotated[Text, typer.Option(help="The country code of numbers without +.", metavar="DIGITS")] = None,
    delay: Annotated[Number, typer.Option(help="Start this many seconds later.", metavar="SECONDS")] = None,
    at: Annotated[Text, typer.Option(help="Start then, such as 2026-12-01T09:00:00+01:00.", metavar="TIME")] = None,
    retry: Annotated[Number, typer.Option(help="Redial at most this often.", metavar="COUNT")] = None,
    interval: Annotated[Number, typer.Option(help="Seconds between redials.", metavar="SECONDS")] = None,
    timeout: Annotated[Number, typer.Option(help="The provider's timeout.", metavar="SECONDS")] = None,
    custom: Annotated[Text, typer.Option(help="Your reference at the provider.", metavar="TEXT")] = None,
    dial_before: Annotated[Text, typer.Option(help="Never send later than this.", metavar="TIME")] = None,
    account: Annotated[Text, typer.Option(help="The gateway's account to call with.", metavar="NAME")] = None,
    request_id: Annotated[
        Text, typer.Option(help="Names this wish to call; made up if not given.", metavar="ID")
    ] = None,
    file: Annotated[Text, typer.Option(help="A PlaceCallRequest as JSON; - is standard input.", metavar="FILE")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it and show the form; send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    server: Annotated[
        str, typer.Option(help="The gateway.", metavar="HOST:PORT", envvar="GATEWAY_SERVER")
    ] = "127.0.0.1:50051",
    tls: Annotated[bool, typer.Option("--tls", help="Connect with TLS.")] = False,
    ca: Annotated[Path | None, typer.Option(help="Trust this authority; implies --tls.", metavar="FILE")] = None,
) -> None:
    """Place a call, or show what would be sent."""
    line = typed(context)
    try:
        described = Options(
            to=to or (),
            flow=flow,
            played=line.in_order(PLAYED),
            prefix=prefix,
            bridge=bridge,
            delay=delay,
            at=_time("--at", at),
            retry=retry,
            interval=interval,
            timeout=timeout,
            custom=custom,
        )
        request = _request(described, file, line)
        _complete(request, request_id, account, dial_before, dry_run=dry_run)
        authority = Path(ca) if ca else None
        if authority is not None:
            read(str(authority), None)
    except UsageError as error:
        _stop(str(error), WRONG_COMMAND)
    terminal = Terminal(request, line, as_json=as_json)
    terminal.before()
    try:
        answer = send(request, server, tls=tls, authority=authority)
    except NoGatewayError as error:
        terminal.no_gateway(str(error))
        raise typer.Exit(NOT_SENT) from None
    terminal.after(answer)
    raise typer.Exit(answer.exit_status)


def _request(described: Options, file: str | None, line: Typed) -> PlaceCallRequest:
    if file is None:
        if not described.to:
            raise UsageError("whom to call? Give --to, or a whole request with --file")
        return request_from(described)
    if described != Options():
        given = ", ".join(sorted(line.names() - _BESIDE_A_FILE))
        raise UsageError(f"--file holds the whole call: leave out {given}")
    return request_from_file(file, read(file, sys.stdin.read() if file == "-" else None))


_BESIDE_A_FILE: Final = frozenset(
    {"--file", "--request-id", "--account", "--dial-before", "--dry-run", "--json", "--server", "--tls", "--ca"}
)


def _complete(
    request: PlaceCallRequest, request_id: str | None, account: str | None, dial_before: str | None, *, dry_run: bool
) -> None:
    """Adds what options say beside the call, over a file."""
    request.request_id = request_id or request.request_id or f"call-{uuid.uuid4()}"
    request.account = account or request.account
    request.validate_only = dry_run or request.validate_only
    limit = _time("--dial-before", dial_before)
    if limit is not None:
        request.dial_before.CopyFrom(timestamp(limit))


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise UsageError(f"{option} wants a time with its offset, such as 2026-12-01T09:00:00+01:00")
    return time


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


def _stop(why: str, status: int) -> NoReturn:
    typer.echo(f"kaleyra-gateway call: {why}", err=True)
    raise typer.Exit(status)
