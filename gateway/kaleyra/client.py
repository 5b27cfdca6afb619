"""One POST, and whether any byte of it left. The only outbound HTTP of the gateway; the only room that knows httpx2.

    DeliveryError
     ├─ NotSentError     no byte of the request left: proven by the trace of the connection
     └─ ReplyLostError   it left, wholly or in part, and no whole reply came back

Nothing here repeats a request, follows a redirect, reads a proxy from the environment, or keeps a cookie: the POST goes
straight to a transport, which can do none of that.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, Protocol, cast

import httpcore2
import httpx2

from gateway import __version__
from gateway.clock import utc_now
from gateway.kaleyra.form import CONTENT_TYPE
from gateway.kaleyra.reply import HttpReply
from gateway.settings import Provider

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of a reply that are read, decoded; the provider's own are a few hundred. A longer one has no verdict."""


class DeliveryError(Exception):
    """The POST brought no whole reply.

    Attributes:
        cause: What failed, in one word without values: the name of the exception behind it.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class NotSentError(DeliveryError):
    """No byte of the request left: nobody was dialed."""


class ReplyLostError(DeliveryError):
    """The request left, wholly or in part: nobody can say whether phones ring."""


class Fence(Protocol):
    """Says, right before a connection is used, whether the request may still leave."""

    def check(self) -> None:
        """Raises an exception of the caller's when it may not."""
        ...


class ProviderClient:
    """Posts forms to the provider over a pool of kept-alive connections."""

    def __init__(self, settings: Provider) -> None:
        self._reply_timeout = settings.reply_timeout
        # Waiting for the pool, and then for name, connection and TLS together; the fence of the contract.
        self._begin_timeout = 2 * settings.connect_timeout
        self._timeouts = {"pool": settings.connect_timeout, "connect": settings.connect_timeout}
        self._transport = _Transport(settings)

    async def post(self, url: str, api_key: str, body: bytes, fence: Fence) -> HttpReply:
        """Sends one form, once.

        Args:
            url: Where to.
            api_key: The account's key.
            body: The encoded form.
            fence: Checked when the connection is ready, before the first byte; what it raises passes through.

        Raises:
            NotSentError: No byte left.
            ReplyLostError: At least the first byte left, and no whole reply came within `reply_timeout`.
        """
        exchange = _Exchange(fence, self._reply_timeout)
        request = httpx2.Request(
            "POST",
            url,
            headers=_headers(api_key),
            content=body,
            extensions={"trace": exchange.trace, "timeout": self._timeouts},
        )
        try:
            async with asyncio.timeout(self._begin_timeout) as exchange.deadline:
                return await self._reply_to(request)
        except Exception as failure:
            if exchange.refusal is not None:
                raise exchange.refusal from None
            error = ReplyLostError if exchange.sent else NotSentError
            raise error(type(failure).__name__) from failure

    async def _reply_to(self, request: httpx2.Request) -> HttpReply:
        response = await self._transport.handle_async_request(request)
        try:
            if response.extensions["network_stream"].stale:
                raise httpx2.RemoteProtocolError("this reply was there before its request")
            body = await _read(response)
        except BaseException:
            # Not aclose() of the response alone: a connection with an unread rest must not be used again.
            await response.extensions["network_stream"].aclose()
            raise
        finally:
            await response.aclose()
        return HttpReply(response.status_code, body, response.headers.get("retry-after", ""), utc_now())

    async def aclose(self) -> None:
        """Closes the pool."""
        await self._transport.aclose()


def _headers(api_key: str) -> dict[str, str]:
    return {
        "api-key": api_key,
        "content-type": CONTENT_TYPE,
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"kaleyra-gateway/{__version__}",
    }


class _Exchange:
    """One request on its way: the proof of whether a byte left, and the time that its reply has."""

    def __init__(self, fence: Fence, reply_timeout: float) -> None:
        self.sent = False
        self.refusal: Exception | None = None
        self.deadline: asyncio.Timeout
        self._fence = fence
        self._reply_timeout = reply_timeout

    async def trace(self, event: str, _info: object) -> None:
        """Hears of each step of the exchange before it is taken; what it raises stops that step."""
        if not event.endswith("send_request_headers.started"):
            return
        try:
            self._fence.check()
        except Exception as refusal:
            self.refusal = refusal
            raise
        self.sent = True
        self.deadline.reschedule(asyncio.get_running_loop().time() + self._reply_timeout)


# A bounded body


async def _read(response: httpx2.Response) -> bytes:
    """Reads a whole body, decoded, with bounded memory: one that is too long or unreadable is a lost reply."""
    decompressor = _decompressor(response.headers.get("content-encoding", "").lower())
    body = bytearray()
    async for chunk in cast(httpx2.AsyncByteStream, response.stream):
        # With a limit: a kilobyte of gzip can hold a megabyte.
        body += decompressor.decompress(chunk, BODY_LIMIT + 1 - len(body)) if decompressor else chunk
        if len(body) > BODY_LIMIT:
            raise httpx2.DecodingError("the body is too long")
    if decompressor and not decompressor.eof:
        raise httpx2.DecodingError("the compressed body is cut")
    return bytes(body)


def _decompressor(encoding: str) -> Any:
    """Finds a decompressor for an encoding that we did not ask for; None where there is nothing to decompress."""
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip"}:
        return zlib.decompressobj(zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        return zlib.decompressobj()
    raise httpx2.DecodingError("the body's encoding is unknown")


# The transport: httpx2's interface over httpcore2's pool, and streams that know when they were last heard


class _Transport(httpx2.AsyncBaseTransport):
    """Sends over a pool. It follows no redirect, repeats nothing and trusts no environment, having no code for it."""

    def __init__(self, settings: Provider) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(cafile=settings.ca_file),
            max_connections=settings.max_connections,
            max_keepalive_connections=settings.max_connections,
            keepalive_expiry=settings.keepalive_expiry,
            retries=0,
            network_backend=_ListeningBackend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a request and receives the head of its reply."""
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class _ListeningBackend(httpcore2.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return _ListeningStream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _ListeningStream(httpcore2.AsyncNetworkStream):
    """A connection that knows whether anything was heard since the last request was written.

    A provider that answers twice leaves a second reply behind; the pool would read it as the answer to the next
    request, and that call would be told another's verdict.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self.stale = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(max_bytes, timeout)
        self.stale = False
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stale = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return _ListeningStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
