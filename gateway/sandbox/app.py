"""The sandbox: an HTTP app that answers as the provider would, and remembers what it was asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from random import Random
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.sandbox.answer import LATE_SECONDS
from gateway.sandbox.attempt import Attempt, Order
from gateway.sandbox.delivery import response
from gateway.sandbox.judge import Arrival, Judgement, judge
from gateway.sandbox.live_page import LivePage
from gateway.sandbox.phones import Phones
from gateway.sandbox.placeholders import Placeholder
from gateway.sandbox.record import Record, RecordBook
from gateway.sandbox.server import serving

LARGEST_BODY: Final = 1024 * 1024
DEFAULT_SID: Final = "HXXXXXXX071US"
DEFAULT_KEY: Final = "sandbox-key"
DEFAULT_BRIDGE: Final = "+13236550100"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the stand-in: its SID, and the API keys that open it."""

    sid: str = DEFAULT_SID
    keys: frozenset[str] = field(default=frozenset({DEFAULT_KEY}), repr=False)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A strict stand-in for the provider. Nothing is shared between two of them.

    `now` has to return aware times. `on_record` is called with each record as it is made, before the request is
    answered. `late_seconds` is how long a late answer takes. `latency` are the shortest and the longest time in seconds
    that any answer takes. With the same `seed` whatever is random comes again. `app` is the ASGI app; `serve` runs it.

    While it is served, it plays the phones of accepted requests and fetches their `callback` URLs and `dlrurl`. `speed`
    is how many times as fast as real time; the larger, the sooner phones are answered. `placeholders` are the syntaxes
    in which the variables of these URLs are replaced, a `Placeholder` or its text each. With `dlr_answered_only`,
    `dlrurl` is fetched for answered calls only. `report_timeout` is how long one fetch may take, in real seconds, and
    `report_ssl` says whom to trust behind https. Of phones, the latest `phone_limit` attempts are kept.

    Raises ValueError if the speed is not above 0, or a placeholder is unknown.
    """

    def __init__(
        self,
        *,
        accounts: Iterable[Account] = (Account(),),
        now: Callable[[], datetime] = _utc_now,
        on_record: Callable[[Record], None] | None = None,
        record_limit: int = 10_000,
        late_seconds: float = LATE_SECONDS,
        latency: tuple[float, float] = (0.0, 0.0),
        seed: int | None = None,
        speed: float = 1.0,
        placeholders: Iterable[Placeholder | str] = tuple(Placeholder),
        dlr_answered_only: bool = False,
        report_timeout: float = 10.0,
        report_ssl: ssl.SSLContext | None = None,
        phone_limit: int = 10_000,
    ) -> None:
        self._latency = latency
        self._random = Random(seed)  # noqa: S311 - it decides how long an answer takes, and guards nothing
        self._keys_by_sid: Mapping[str, frozenset[str]] = {account.sid: account.keys for account in accounts}
        self._now = now
        self._on_record = on_record
        self._records = RecordBook(record_limit)
        self._late_seconds = late_seconds
        self._phones = Phones(
            now=now,
            speed=speed,
            seed=seed,
            placeholders=frozenset(map(Placeholder, placeholders)),
            dlr_answered_only=dlr_answered_only,
            report_timeout=report_timeout,
            ssl_context=report_ssl,
            limit=phone_limit,
        )
        page = LivePage(self._phones, self._records, _example(self._keys_by_sid))
        self.app = Starlette(
            lifespan=lambda _: self._phones.playing(),
            routes=[
                Route("/v1/{sid}/voice/outbound", self._outbound, methods=["POST"]),
                Route("/requests", self._list_requests, methods=["GET"]),
                Route("/requests", self._clear_requests, methods=["DELETE"]),
                Route("/requests/{number:int}", self._one_request, methods=["GET"]),
                Route("/rings", self._count_rings, methods=["GET"]),
                Route("/phones", self._list_phones, methods=["GET"]),
                Route("/healthz", self._healthz, methods=["GET"]),
                *page.routes,
            ],
        )
        self.app.router.redirect_slashes = False

    @property
    def records(self) -> tuple[Record, ...]:
        """The records, oldest first."""
        return self._records.find()

    @property
    def phones(self) -> tuple[Attempt, ...]:
        """The attempts to reach phones, oldest first, as far as they got."""
        return self._phones.book.find()

    async def played(self) -> None:
        """Returns when every phone of every request is silent for good, and every report of it was sent."""
        await self._phones.played()

    def clear(self) -> None:
        """Forgets every record and every phone; what was still to ring or to be reported does not come."""
        self._records.clear()
        self._phones.clear()

    @asynccontextmanager
    async def serve(self, listen_host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serves the sandbox while the context lasts; yields its base URL, such as `http://127.0.0.1:8080`.

        Runs in the current event loop and installs no signal handlers. Port 0 takes a free one. On leaving, connections
        are cut, held ones too. Raises OSError if the address cannot be bound.
        """
        async with self._phones.playing(), serving(self.app, listen_host, port) as base_url:
            yield base_url

    async def _outbound(self, request: Request) -> Response:
        try:
            arrival = await self._arrival(request)
        except ClientDisconnect:
            return Response()  # Nobody is there to read it, and nothing was asked.
        now = self._now()
        judgement = judge(arrival, now)
        record = _record(arrival, judgement, now)
        number = self._remember(record)
        if judgement.form is not None:
            self._phones.play(Order(number, record, judgement.form), judgement.called)
        await asyncio.sleep(self._random.uniform(*self._latency))
        return response(judgement.answer, self._late_seconds)

    async def _arrival(self, request: Request) -> Arrival:
        sid: str = request.path_params["sid"]
        return Arrival(
            sid=sid,
            sid_known=sid in self._keys_by_sid,
            key_valid=self._is_valid(sid, request.headers.getlist("api-key")),
            content_type=request.headers.get("content-type", ""),
            body=await _read_body(request),
        )

    def _is_valid(self, sid: str, given: list[str]) -> bool:
        keys = self._keys_by_sid.get(sid, frozenset())
        return len(given) == 1 and any(compare_digest(given[0].encode(), key.encode()) for key in keys)

    def _remember(self, record: Record) -> int:
        number = self._records.add(record)
        self._phones.pulse.beat()
        if self._on_record is not None:
            self._on_record(record)
        return number

    async def _list_requests(self, request: Request) -> Response:
        return _unknown_filter(request) or JSONResponse(
            [record.to_json() for record in self._records.find(**dict(request.query_params))]
        )

    async def _one_request(self, request: Request) -> Response:
        record = self._records.get(request.path_params["number"])
        return PlainTextResponse("Not Found", 404) if record is None else JSONResponse(record.to_json())

    async def _list_phones(self, request: Request) -> Response:
        return _unknown_filter(request) or JSONResponse(
            [attempt.to_json() for attempt in self._phones.book.find(**dict(request.query_params))]
        )

    async def _count_rings(self, request: Request) -> Response:
        return _unknown_filter(request) or JSONResponse(self._records.rings(**dict(request.query_params)))

    async def _clear_requests(self, _: Request) -> Response:
        self.clear()
        return Response(status_code=204)

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})


def _example(keys_by_sid: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Returns what a reader of the page may place a call with; of the keys, only the one that everybody knows."""
    sid = min(keys_by_sid, default=DEFAULT_SID)
    known = DEFAULT_KEY in keys_by_sid.get(sid, ())
    return {"sid": sid, "key": DEFAULT_KEY if known else "API-KEY", "bridge": DEFAULT_BRIDGE}


def _record(arrival: Arrival, judgement: Judgement, now: datetime) -> Record:
    return Record(
        arrived=now,
        sid=arrival.sid,
        key_valid=arrival.key_valid,
        fields=judgement.fields,
        wrapped=judgement.wrapped,
        verdict=judgement.answer.verdict,
        errors=judgement.errors,
        rang=judgement.rang,
        body=(arrival.body or b"").decode("utf-8", "backslashreplace"),
    )


def _unknown_filter(request: Request) -> Response | None:
    unknown = request.query_params.keys() - {"custom", "number"}
    return PlainTextResponse(f"unknown filter: {min(unknown)}\n", status_code=400) if unknown else None


async def _read_body(request: Request) -> bytes | None:
    """Returns the whole body; None if it is larger than the sandbox reads."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)
