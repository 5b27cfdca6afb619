"""Answers the requests that bring reports: an ASGI app."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from gateway.clock import Now
from gateway.kaleyra.reports import Report, ReportKind, read_report
from gateway.receiver.addresses import Addresses
from gateway.receiver.allowance import Allowance
from gateway.receiver.answers import (
    BODY_TOO_LONG,
    FAILED,
    HEADERS_TOO_LONG,
    NOT_A_REPORT,
    TAKEN,
    TARGET_TOO_LONG,
    UNKNOWN_TOKEN,
    Answer,
    limited,
)
from gateway.receiver.limits import Limits
from gateway.receiver.one_by_one import OneByOne
from gateway.receiver.request import ClientLeftError, Request, TooLongError
from gateway.receiver.sources import Sources
from gateway.receiver.taking import Taking
from gateway.receiver.turned_away import TurnedAway
from gateway.receiver.variables import read_variables
from gateway.settings import Receiver as Settings

_TURNED_AWAY: Final = frozenset({429, 503})

log = structlog.stdlib.get_logger(__name__)


class Reception:
    """Takes a request for a report or for none, and answers with a constant.

    Every refusal is the same 404: a method, a path or a token that is wrong tell nothing about each other. HEAD is
    refused as well; a link that is only looked at is no report.
    """

    def __init__(self, settings: Settings, taking: Taking, *, now: Now, limits: Limits) -> None:
        self._addresses = Addresses(settings.public_url)
        self._sources = Sources(settings.trusted_proxies)
        self._allowance = Allowance(settings.refusals_per_minute, now)
        self._spent = OneByOne(limits.spent, limits.patience)
        self._limited = limited(self._allowance.retry_after)
        self._taking = taking
        self._now = now
        self._limits = limits
        self.turned_away = TurnedAway()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, and logs it without what it held.

        The line is for DEBUG: there may be thousands a second. What an operator must know is told by `turned_away`.
        """
        begun = time.perf_counter()
        address = self._addresses.read(scope["raw_path"])
        try:
            answer = await self._answer(Request(scope, receive), address)
        except ClientLeftError:
            return
        except Exception:
            log.exception("a request could not be answered")
            answer = FAILED
        await answer.send(send)
        kind = address[1].value if address else None
        duration_ms = round((time.perf_counter() - begun) * 1000, 1)
        log.debug("report", kind=kind, outcome=answer.outcome, duration_ms=duration_ms)

    async def _answer(self, request: Request, address: tuple[str, ReportKind] | None) -> Answer:
        if request.target_size > self._limits.target:
            return TARGET_TOO_LONG
        if request.headers_size > self._limits.headers:
            return HEADERS_TOO_LONG
        if address is None or request.method not in {"GET", "POST"}:
            return NOT_A_REPORT
        source = self._sources.source_of(request.peer, request.header(b"x-forwarded-for"))
        answer = await self._answer_to(source, request, *address)
        if answer.status in _TURNED_AWAY:
            self.turned_away.count(answer, source)
        return answer

    async def _answer_to(self, source: str, request: Request, token: str, kind: ReportKind) -> Answer:
        try:
            body = await request.body(self._limits.body)
        except TooLongError:
            return BODY_TOO_LONG
        received = self._now()

        def read() -> Report:
            return read_report(kind, read_variables(request.query, request.content_type, body), received)

        async def look_up() -> Answer:
            return await self._look_up(source, token, kind, read)

        if self._allowance.is_spent(source):
            answer = await self._spent.answer(look_up)
            return self._limited if answer is None or answer is UNKNOWN_TOKEN else answer
        answer = await look_up()
        if answer is UNKNOWN_TOKEN:
            self._allowance.spend(source)
        return answer

    async def _look_up(self, source: str, token: str, kind: ReportKind, read: Callable[[], Report]) -> Answer:
        answer = await self._taking.answer(token, kind, read)
        if answer is TAKEN:
            self._allowance.fill(source)
        return answer
