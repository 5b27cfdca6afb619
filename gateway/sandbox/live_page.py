"""The live page at the sandbox's root: its files, and the stream of what happens that it listens to."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.sandbox.attempt import Attempt
from gateway.sandbox.delivery import client_left
from gateway.sandbox.phones import Phones
from gateway.sandbox.record import RecordBook

MOST_TOLD: Final = 1000
"""Of how many attempts, the latest ones, the page is told; older ones are in `GET /phones`."""

_PAUSE_SECONDS: Final = 0.15
_RETRY_MILLISECONDS: Final = 1000
_FOLDER: Final = Path(__file__).parent / "page"
_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page was told last: how often everything was forgotten, the change, and how many requests had come."""

    emptied: int
    change: int
    requests: int


class LivePage:
    """The page of one sandbox. `example` is what it tells a reader to place a call with."""

    def __init__(self, phones: Phones, records: RecordBook, example: Mapping[str, str]) -> None:
        self._phones = phones
        self._records = records
        self._example = example
        self.routes = [
            Route("/", self._file, methods=["GET"]),
            Route("/page/{name}", self._file, methods=["GET"]),
            Route("/events", self._events, methods=["GET"]),
        ]

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        path = next((path for path in _FOLDER.iterdir() if path.name == name), None)
        if path is None or path.suffix not in _MEDIA_TYPES:
            return Response("Not Found", 404, media_type="text/plain")
        return Response(path.read_bytes(), headers=_HEADERS, media_type=_MEDIA_TYPES[path.suffix])

    async def _events(self, _: Request) -> Response:
        return _Events(self)

    def first(self) -> tuple[str, Seen]:
        """Returns the message that tells everything, and what was told with it."""
        return self._message(self._phones.book.changed_since(0, MOST_TOLD), reset=True), self._now()

    async def after(self, seen: Seen) -> tuple[str, Seen]:
        """Waits for something to happen, and returns the message that tells it."""
        while seen == self._now():
            await self._phones.pulse.next_beat()
        if seen.emptied != self._phones.book.emptied:
            return self.first()
        return self._message(self._phones.book.changed_since(seen.change, MOST_TOLD), reset=False), self._now()

    def _now(self) -> Seen:
        return Seen(self._phones.book.emptied, self._phones.book.change, self._records.added)

    def _message(self, attempts: Iterable[Attempt], *, reset: bool) -> str:
        told = {
            "reset": reset,
            "attempts": [attempt.to_json() | {"serial": attempt.serial} for attempt in attempts],
            "counts": self._phones.book.count(),
            "requests": len(self._records),
            "example": self._example,
        }
        return f"retry: {_RETRY_MILLISECONDS}\ndata: {json.dumps(told)}\n\n"


class _Events(Response):
    """Server-sent events: everything, and then what changes, a few times a second at most."""

    def __init__(self, page: LivePage) -> None:
        super().__init__(headers=_HEADERS, media_type="text/event-stream")
        del self.headers["content-length"]
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        tasks = [asyncio.create_task(self._tell(send)), asyncio.create_task(client_left(receive))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _tell(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        message, seen = self._page.first()
        while True:
            await send({"type": "http.response.body", "body": message.encode(), "more_body": True})
            await asyncio.sleep(_PAUSE_SECONDS)
            message, seen = await self._page.after(seen)
