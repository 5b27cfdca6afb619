"""The listener that the provider calls back: uvicorn's HTTP in the gateway's own loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

import uvicorn

from gateway.clock import Now
from gateway.receiver.connections import Connections
from gateway.receiver.handshakes import Connect, Handshakes
from gateway.receiver.limits import Limits
from gateway.receiver.listening import BACKLOG, listening_socket, server_context
from gateway.receiver.protocol import Protocol
from gateway.receiver.reception import Reception
from gateway.receiver.taking import Take, Taking
from gateway.settings import Receiver as Settings

_LAST_STEP: Final = 1.0
"""Seconds in which a request that was cut off sees it."""


class Receiver:
    """Takes reports on an address of its own."""

    def __init__(self, settings: Settings, take: Take, *, now: Now, limits: Limits | None = None) -> None:
        """Builds a receiver; nothing listens yet.

        Args:
            settings: Where to listen, with which certificate, and whom to believe.
            take: Writes a report down, given its token; False for a token that nobody knows. A report is answered with
                200 only once this has returned True.
            now: Tells when a report arrived.
            limits: What strangers may cost.
        """
        self._settings = settings
        self._limits = limits or Limits()
        self._taking = Taking(take, self._limits)
        self._reception = Reception(settings, self._taking, now=now, limits=self._limits)
        self._connections = Connections(self._limits.connections)
        self._server: asyncio.Server | Handshakes | None = None

    async def start(self) -> str:
        """Listens.

        Returns:
            The address, HOST:PORT, with the port that was given for port 0.

        Raises:
            InvalidSettingsError: The address cannot be listened on, or a file of `tls` cannot be used.
        """
        tls = None if self._settings.tls is None else server_context(self._settings.tls)
        listening = await listening_socket(self._settings.listen)
        port = listening.getsockname()[1]
        if tls is None:
            # uvicorn's own Server would handle signals, and wait without end for whoever is connected.
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._protocol(), sock=listening, backlog=BACKLOG)
        else:
            self._server = Handshakes(listening, self._handshake(tls), self._limits.handshakes)
            self._server.start()
        return f"{self._settings.listen.rpartition(':')[0]}:{port}"

    async def stop(self) -> None:
        """Takes no more, gives the reports in flight their answers within a few seconds, and closes."""
        if self._server is not None:
            self._server.close()
            goodbye = self._limits.goodbye
            await asyncio.gather(self._connections.close(goodbye), self._taking.end(goodbye))
        if self._connections.tasks:
            await asyncio.wait(self._connections.tasks, timeout=_LAST_STEP)
        self._reception.turned_away.tell()

    def _protocol(self) -> Callable[[], Protocol]:
        config = self._config()
        return lambda: Protocol(config, self._connections, self._limits)

    def _handshake(self, tls: ssl.SSLContext) -> Connect:
        protocol, seconds = self._protocol(), self._limits.handshake

        async def connect(connection: socket.socket) -> None:
            await asyncio.get_running_loop().connect_accepted_socket(
                protocol, connection, ssl=tls, ssl_handshake_timeout=seconds, ssl_shutdown_timeout=seconds
            )

        return connect

    def _config(self) -> uvicorn.Config:
        config = uvicorn.Config(
            self._reception,
            http="h11",
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            timeout_keep_alive=self._limits.idle,
            h11_max_incomplete_event_size=self._limits.target + self._limits.headers,
        )
        config.load()
        # Not what uvicorn wraps around it: a log of requests, with the tokens, and belief in proxies on this machine.
        config.loaded_app = self._reception
        return config
