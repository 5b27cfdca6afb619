"""Runs an ASGI app under uvicorn in the current event loop, and lets it break its connections.

ASGI has no way to cut or reset a connection, but it lets a server offer more under `scope["extensions"]`. The protocol
below, uvicorn's own with one addition, offers a `Connection` there.
"""

import os
import socket
import struct
from asyncio import Transport
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTION: Final = "kaleyra.sandbox.connection"
"""The key of a request's `Connection` under its `scope["extensions"]`."""

# Longer than any client's own idle time, so that a reused connection is not closed under a request.
_IDLE_SECONDS: Final = 75


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection under a request."""

    _transport: Transport

    def close(self) -> None:
        """Closes the connection once what was written is sent."""
        self._transport.close()

    def reset(self) -> None:
        """Resets the connection: the client sees ECONNRESET, not an orderly end."""
        # A socket that does not linger is closed with RST. Set on a duplicate: a real socket under any event loop.
        with socket.socket(fileno=os.dup(self._transport.get_extra_info("socket").fileno())) as duplicate:
            duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the `Connection` extension."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.access_log = False
        inner: ASGIApp = self.app
        extensions = {CONNECTION: Connection(transport)}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "extensions": extensions}, receive, send)

        self.app = app

    def shutdown(self) -> None:
        """Ends the connection at once, even under a request that would never be answered."""
        self.transport.abort()


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int) -> AsyncIterator[str]:
    """Serves the app while the context lasts; yields the base URL. Port 0 takes a free one.

    Raises OSError if the address cannot be bound. Signals and logging are left to the caller.
    """
    with _listener(host, port) as listener:
        config = uvicorn.Config(
            app, http=_Protocol, ws="none", lifespan="off", log_config=None, timeout_keep_alive=_IDLE_SECONDS
        )
        config.load()
        # Server.serve() would install signal handlers and poll; these two steps of it do neither.
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            yield _base_url(*listener.getsockname()[:2])
        finally:
            await server.shutdown(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    # socket.create_server() leaves the protocol unnamed, and asyncio sets TCP_NODELAY only on sockets that name it: the
    # end of every answer would wait some 40 ms for the client's acknowledgement of its beginning.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _base_url(host: str, port: int) -> str:
    """Returns a URL that reaches the listener from this machine."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
