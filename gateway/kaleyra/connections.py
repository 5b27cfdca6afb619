"""The connections to the provider, used again only when nothing is left on them."""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpcore2

from gateway.settings import InvalidSettingsError, Provider

_REUSE_LIMIT: Final = 32 * 1024
"""Bytes of a reply after which its connection is not used again."""


class Pool(httpcore2.AsyncConnectionPool):
    """Keeps connections alive, and has each looked at once more before it is used."""

    def __init__(self, settings: Provider) -> None:
        """Builds it; nothing is connected yet.

        Raises:
            InvalidSettingsError: `ca_file` cannot be used.
        """
        super().__init__(max_connections=settings.max_connections, max_keepalive_connections=settings.max_connections)
        self._trust = _trust(settings.ca_file)
        self._expiry = settings.keepalive_expiry
        self._backend = _Backend()

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        """Makes one, not connected yet."""
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
