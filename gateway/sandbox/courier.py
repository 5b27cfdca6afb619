"""Fetches URLs: a few at once, each for a while only, and none of them twice.

What the provider does about a URL that fails is unknown. Here it is noted, and that is all.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Final

import httpx2

from gateway.sandbox.attempt import Report

AT_ONCE: Final = 32
# Shorter than servers keep an idle connection open, so that none is closed under a request.
_IDLE_SECONDS: Final = 1.0
_LONGEST_BODY: Final = 64 * 1024
_HEADERS: Final = {"user-agent": "kaleyra-gateway-sandbox", "accept": "*/*"}


class Courier:
    """Fetches the URLs of reports, and writes down what came of each.

    Reports of one lane are fetched one after the other, in the order given. No redirect is followed, no proxy asked.
    `on_change` is called when a fetch begins and when it ends. Without an SSL context, servers are verified as the
    system does.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        timeout: float,
        ssl_context: ssl.SSLContext | None,
        on_turn: Callable[[], None],
    ) -> None:
        self._now = now
        self._timeout = timeout
        self._ssl_context = ssl_context
        self._on_turn = on_turn
        self._transports: dict[str, httpx2.AsyncHTTPTransport] = {}
        self._lanes: dict[Hashable, deque[tuple[Report, Callable[[], None]]]] = {}
        self._ready: deque[Hashable] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        """Whether anything is still to be fetched, or is being."""
        return bool(self._lanes)

    def send(self, lane: Hashable, report: Report, on_change: Callable[[], None]) -> None:
        """Has a report's URL fetched."""
        if lane in self._lanes:
            self._lanes[lane].append((report, on_change))
            return
        self._lanes[lane] = deque([(report, on_change)])
        self._ready.append(lane)
        if len(self._workers) < AT_ONCE:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    def clear(self) -> None:
        """Drops what was not fetched, and breaks off what is being fetched."""
        self._lanes.clear()
        self._ready.clear()
        for worker in self._workers:
            worker.cancel()
            worker.add_done_callback(self._leaving.discard)
        self._leaving |= self._workers
        self._workers = set()

    async def aclose(self) -> None:
        """Drops everything, and closes the connections."""
        self.clear()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        while self._transports:
            await self._transports.popitem()[1].aclose()

    async def _work(self) -> None:
        """Goes on until nothing is left to fetch."""
        while self._ready:
            name = self._ready.popleft()
            lane = self._lanes[name]
            await self._deliver(*lane[0])
            lane.popleft()
            if lane:
                self._ready.append(name)
            else:
                del self._lanes[name]
            self._on_turn()

    async def _deliver(self, report: Report, on_change: Callable[[], None]) -> None:
        report.sent = self._now()
        on_change()
        try:
            async with asyncio.timeout(self._timeout):
                report.http_status = await self._status_of(report.url)
        except TimeoutError:
            report.problem = f"no answer within {self._timeout:g} seconds"
        except Exception as exc:  # noqa: BLE001 - a URL is anybody's, and so is what goes wrong with it
            report.problem = type(exc).__name__
        on_change()

    async def _status_of(self, url: str) -> int:
        request = httpx2.Request("GET", url, headers=_HEADERS)
        reply = await self._transport(request.url.scheme).handle_async_request(request)
        try:
            await _pass_over(reply)
        finally:
            await reply.aclose()
        return reply.status_code

    def _transport(self, scheme: str) -> httpx2.AsyncHTTPTransport:
        """Returns the connections of a scheme. To read which authorities are trusted takes a while: only if need be."""
        if scheme not in self._transports:
            self._transports[scheme] = httpx2.AsyncHTTPTransport(
                verify=(self._ssl_context or ssl.create_default_context()) if scheme == "https" else False,
                trust_env=False,
                limits=httpx2.Limits(keepalive_expiry=_IDLE_SECONDS),
            )
        return self._transports[scheme]


async def _pass_over(reply: httpx2.Response) -> None:
    """Reads a body that nobody wants, so that the connection can be used again; gives up on a long one."""
    read = 0
    async for chunk in reply.aiter_raw():
        read += len(chunk)
        if read > _LONGEST_BODY:
            break
