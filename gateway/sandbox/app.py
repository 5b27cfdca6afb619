"""The sandbox: an HTTP app that answers as the provider would, and remembers what it was asked."""

import asyncio
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
from gateway.sandbox.delivery import response
from gateway.sandbox.judge import Arrival, judge
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
    that any answer takes; with the same `seed` the same times come again. `app` is the ASGI app; `serve` runs it.
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
    ) -> None:
        self._latency = latency
        self._random = Random(seed)  # noqa: S311 - it decides how long an answer takes, and guards nothing
        self._keys_by_sid: Mapping[str, frozenset[str]] = {account.sid: account.keys for account in accounts}
        self._now = now
        self._on_record = on_record
        self._records = RecordBook(record_limit)
        self._late_seconds = late_seconds
        self.app = Starlette(
            routes=[
                Route("/v1/{sid}/voice/outbound", self._outbound, methods=["POST"]),
                Route("/requests", self._list_requests, methods=["GET"]),
                Route("/requests", self._clear_requests, methods=["DELETE"]),
                Route("/rings", self._count_rings, methods=["GET"]),
                Route("/healthz", self._healthz, methods=["GET"]),
            ]
        )
        self.app.router.redirect_slashes = False

    @property
    def records(self) -> tuple[Record, ...]:
        """The records, oldest first."""
        return self._records.find()

    def clear(self) -> None:
        """Forgets every record."""
        self._records.clear()

    @asynccontextmanager
    async def serve(self, listen_host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serves the sandbox while the context lasts; yields its base URL, such as `http://127.0.0.1:8080`.

        Runs in the current event loop and installs no signal handlers. Port 0 takes a free one. On leaving, connections
        are cut, held ones too. Raises OSError if the address cannot be bound.
        """
        async with serving(self.app, listen_host, port) as base_url:
            yield base_url

    async def _outbound(self, request: Request) -> Response:
        try:
            arrival = await self._arrival(request)
        except ClientDisconnect:
            return Response()  # Nobody is there to read it, and nothing was asked.
        now = self._now()
        judgement = judge(arrival, now)
        self._remember(
            Record(
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
        )
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

    def _remember(self, record: Record) -> None:
        self._records.add(record)
        if self._on_record is not None:
            self._on_record(record)

    async def _list_requests(self, request: Request) -> Response:
        return _unknown_filter(request) or JSONResponse(
            [record.to_json() for record in self._records.find(**dict(request.query_params))]
        )

    async def _count_rings(self, request: Request) -> Response:
        return _unknown_filter(request) or JSONResponse(self._records.rings(**dict(request.query_params)))

    async def _clear_requests(self, _: Request) -> Response:
        self.clear()
        return Response(status_code=204)

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})


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
