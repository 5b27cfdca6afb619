"""One POST, and whether any byte of it left. The only outbound HTTP of the gateway; the only room that knows httpcore2.

    DeliveryError
     ├─ NotSentError     no byte of the request left: proven by the trace of the connection
     └─ ReplyLostError   it left, wholly or in part, and no whole and readable reply came back

Nothing here repeats a request, follows a redirect, reads a proxy from the environment, or keeps a cookie: the POST goes
straight to a pool of connections, which can do none of that.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import zlib
from collections.abc import Iterable
from contextlib import aclosing, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import httpcore2
import httpx2

from gateway import __version__
from gateway.clock import utc_now
from gateway.kaleyra.form import CONTENT_TYPE
from gateway.kaleyra.reply import HttpReply
from gateway.settings import InvalidSettingsError, Provider

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of a reply that are read, and bytes that they may hold decoded; the provider's own are a few hundred."""

_REUSE_LIMIT: Final = 32 * 1024
"""Bytes of a reply after which its connection is not used again."""

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
        self._pool = _Pool(settings)

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


# Connections that are used again only when nothing is left on them


class _Pool(httpcore2.AsyncConnectionPool):
    def __init__(self, settings: Provider) -> None:
        super().__init__(max_connections=settings.max_connections, max_keepalive_connections=settings.max_connections)
        self._trust = _trust(settings.ca_file)
        self._expiry = settings.keepalive_expiry
        self._backend = _Backend()

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        return _Connection(
            origin,
            ssl_context=self._trust,
            keepalive_expiry=self._expiry,
            retries=0,
            network_backend=self._backend,
        )


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise InvalidSettingsError([f"provider.ca_file: {ca_file} cannot be used: {error.strerror}"]) from None


class _Connection(httpcore2.AsyncHTTPConnection):
    """Looks at an idle connection once more when its turn has come: the pool looked when it chose it, a while ago."""

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        if self.is_idle() and self.has_expired():
            raise httpcore2.ConnectionNotAvailable  # no byte left; the pool closes this one and chooses another
        return await super().handle_async_request(request)


class _Backend(httpcore2.AsyncNetworkBackend):
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
        return _Stream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that may be used again only when nothing was heard on it beyond its last reply.

    A provider that answers twice leaves a second answer behind. Taken for the answer to the next request, it would tell
    that call another's verdict. It can wait in four places: in the kernel, where the pool looks by itself; in the TLS
    layer; in the stream's own queue, which only a long reply fills; and, cut from the reply before it, in the HTTP
    parser.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        # Asked for once: each time takes longer than what is then done with it.
        self._tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
        self._socket = stream.get_extra_info("socket")
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._unsent = b""
        self._held = b""
        self._heard = 0
        self._reusable = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - it waits in read
        # Head and body come apart, and leave together: one packet, one system call, one turn of the event loop.
        self._heard = 0
        self._reusable = False
        self._unsent += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            request, self._unsent = self._unsent, b""
            with suppress(httpcore2.WriteError):  # as httpcore2 does: the provider may have replied before it hung up
                await self._stream.write(request, timeout)
        # The last byte is held back until it is asked for. The parser asks for each byte of a reply and for none
        # beyond it: a byte that is still held when the reply has ended belongs to something else.
        if self._held:
            data, self._held = self._held, b""
            return data
        data = await self._stream.read(max_bytes, timeout)
        self._heard += len(data)
        if len(data) > 1:
            data, self._held = data[:-1], data[-1:]
        return data

    def end_of_reply(self) -> None:
        """Notes that a whole reply was read, and whether anything is left."""
        self._reusable = not (self._held or self._heard > _REUSE_LIMIT or self._has_more_in_tls())

    def _has_more_in_tls(self) -> bool:
        if self._tls is None:
            return False
        try:
            self._tls.read(1)
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            return True
        return True

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # the pool's reason to close an idle connection
            return not self._reusable or self._socket.fileno() < 0 or bool(self._readable.poll(0))
        return self._stream.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            await self.aclose()  # httpcore2 forgets the connection when the handshake is cut short from outside
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()
