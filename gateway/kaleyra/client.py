"""One POST, and whether any byte of it left. The only outbound HTTP of the gateway.

    DeliveryError
     ├─ NotSentError     no byte of the request left: proven by the trace of the connection
     └─ ReplyLostError   it left, wholly or in part, and no whole and readable reply came back

Nothing here repeats a request, follows a redirect, reads a proxy from the environment, or keeps a cookie: the POST goes
straight to a pool of connections, which can do none of that. Only this room and `connections.py` know httpcore2.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from contextlib import aclosing
from functools import lru_cache
from typing import Final, Protocol

import httpcore2
import httpx2

from gateway import __version__
from gateway.clock import utc_now
from gateway.kaleyra.connections import Pool
from gateway.kaleyra.form import CONTENT_TYPE
from gateway.kaleyra.reply import HttpReply
from gateway.settings import Provider

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of a reply that are read, and bytes that they may hold decoded; the provider's own are a few hundred."""

_WBITS_BY_ENCODING: Final = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class DeliveryError(Exception):
    """The POST brought no whole reply.

    Attributes:
        cause: What failed, without values: the name of the exception, and of the system's behind it.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class NotSentError(DeliveryError):
    """No byte of the request left: nobody was dialed."""


class ReplyLostError(DeliveryError):
    """The request left, wholly or in part: nobody can say whether phones ring."""


class UnreadableBodyError(Exception):
    """A reply's body is too long, or is not what its content-encoding says."""


class Fence(Protocol):
    """Says, right before a connection is used, whether the request may still leave."""

    def check(self) -> None:
        """Lets it leave.

        Raises:
            NotSentError: It may not, any more.
        """
        ...


class ProviderClient:
    """Posts forms to the provider over a pool of kept-alive connections."""

    def __init__(self, settings: Provider) -> None:
        """Builds the pool; nothing is connected yet.

        Raises:
            InvalidSettingsError: `ca_file` cannot be used.
        """
        self._reply_timeout = settings.reply_timeout
        # Waiting for the pool, and then for name, connection and TLS together; the fence of the contract.
        self._begin_timeout = 2 * settings.connect_timeout
        self._timeouts = {"pool": settings.connect_timeout, "connect": settings.connect_timeout}
        self._pool = Pool(settings)

    async def post(self, url: str, api_key: str, body: bytes, fence: Fence) -> HttpReply:
        """Sends one form, once.

        Nobody cancels this but the end of the process; whatever ends it, it says whether the request left.

        Args:
            url: Where to.
            api_key: The account's key.
            body: The encoded form.
            fence: Checked when the connection is ready, before the first byte.

        Raises:
            NotSentError: No byte left.
            ReplyLostError: At least the first byte left, and no whole reply came within `reply_timeout`.
        """
        exchange = _Exchange(fence, self._reply_timeout)
        try:
            async with asyncio.timeout(self._begin_timeout) as exchange.deadline:
                return await self._reply_to(self._request(url, api_key, body, exchange))
        except DeliveryError:
            raise
        except (Exception, asyncio.CancelledError) as failure:
            error = ReplyLostError if exchange.sent else NotSentError
            raise error(_cause(failure)) from failure

    def _request(self, url: str, api_key: str, body: bytes, exchange: _Exchange) -> httpcore2.Request:
        target, host = _target(url)
        headers = [
            ("host", host),
            ("content-length", str(len(body))),
            ("content-type", CONTENT_TYPE),
            ("api-key", api_key),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", f"kaleyra-gateway/{__version__}"),
        ]
        extensions = {"trace": exchange.trace, "timeout": self._timeouts}
        return httpcore2.Request("POST", target, headers=headers, content=body, extensions=extensions)

    async def _reply_to(self, request: httpcore2.Request) -> HttpReply:
        response = await self._pool.handle_async_request(request)
        try:
            body = _decoded(await _read(response), _header(response, b"content-encoding").lower())
            response.extensions["network_stream"].end_of_reply()
        finally:
            await response.aclose()
        return HttpReply(response.status, body, _header(response, b"retry-after"), utc_now())

    async def aclose(self) -> None:
        """Closes the pool."""
        await self._pool.aclose()


class _Exchange:
    """One request on its way: the proof of whether a byte left, and the time that its reply has."""

    def __init__(self, fence: Fence, reply_timeout: float) -> None:
        self.sent = False
        self.deadline: asyncio.Timeout
        self._fence = fence
        self._reply_timeout = reply_timeout

    async def trace(self, event: str, _info: object) -> None:
        """Hears of each step of the exchange before it is taken; what it raises stops that step."""
        if event.endswith("send_request_headers.started"):
            self._fence.check()
            self.deadline.reschedule(asyncio.get_running_loop().time() + self._reply_timeout)
            self.sent = True


@lru_cache(maxsize=64)
def _target(url: str) -> tuple[httpcore2.URL, str]:
    """Finds where to connect to, what to ask for there, and the host header."""
    parsed = httpx2.URL(url)  # knows international names
    target = httpcore2.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)
    return target, parsed.netloc.decode("ascii")


def _cause(failure: BaseException) -> str:
    """Names an exception, and the system's behind it: a ConnectError alone may be a name, a port or a certificate."""
    names = [type(failure).__name__]
    behind = failure.__cause__ or failure.__context__
    while behind is not None:
        if isinstance(behind, OSError) and not isinstance(behind, TimeoutError | ssl.SSLWantReadError):
            names[1:] = [type(behind).__name__]
        behind = behind.__cause__ or behind.__context__
    return "/".join(names)


# A bounded body


async def _read(response: httpcore2.Response) -> bytes:
    """Reads a whole body, and not more than `BODY_LIMIT` of it."""
    body = bytearray()
    async with aclosing(response.aiter_stream()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > BODY_LIMIT:
                raise UnreadableBodyError
    return bytes(body)


def _decoded(body: bytes, encoding: str) -> bytes:
    """Undoes an encoding that was not asked for; some proxies compress whatever passes.

    Raises:
        UnreadableBodyError: It is unknown, cut, or followed by something, or a little of it holds a lot.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in _WBITS_BY_ENCODING:
        raise UnreadableBodyError
    decompressor = zlib.decompressobj(_WBITS_BY_ENCODING[encoding])
    try:
        document = decompressor.decompress(body, BODY_LIMIT)
    except zlib.error as error:
        raise UnreadableBodyError from error
    if not decompressor.eof or decompressor.unused_data:
        raise UnreadableBodyError
    return document


def _header(response: httpcore2.Response, name: bytes) -> str:
    """Finds a header's value, or its values as one."""
    values = [value.decode("latin-1").strip() for each, value in response.headers if each.lower() == name]
    return ", ".join(values)
