"""A provider on a raw socket, which can misbehave at every point of an exchange, and counts the POSTs that arrived.

`faults.py` holds its misbehaviors by name.
"""

import asyncio
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

import trustme

ACCEPTED = {"code": "RBC3007", "message": "Submitted Successfully", "data": {"to": "+13236550107"}, "error": {}}
REFUSED = {"code": "RBC3119", "message": "Bridge number not found", "data": [], "error": {}}


@dataclass
class Post:
    """One request as it arrived, whole."""

    head: str
    body: bytes

    @property
    def path(self) -> str:
        return self.head.split(" ")[1]

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


@dataclass
class Connection:
    """One connection to the provider, for a behavior to read from and write to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    provider: "RawProvider"

    async def receive(self) -> Post:
        """Reads one whole request, and counts it."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if head.startswith("PRI "):  # a client of another test, whose server had this port before
            raise ConnectionResetError("a provider speaks no HTTP/2")
        post = Post(head, b"")
        post.body = await self.reader.readexactly(int(post.headers.get("content-length", "0")))
        self.provider.posts.append(post)
        self.provider.arrived.set()
        return post

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        self.provider.sent += len(data)

    def reset(self) -> None:
        """Ends the connection with a RST: what was sent before may be lost."""
        self.writer.transport.abort()

    def send_now(self, data: bytes) -> None:
        """Sends past the event loop: when this returns, the other end's kernel has it."""
        os.write(self._descriptor(), data)

    def close_now(self) -> None:
        """Closes past the event loop: when this returns, the other end's kernel knows."""
        with socket.socket(fileno=os.dup(self._descriptor())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)

    def _descriptor(self) -> int:
        descriptor: int = self.writer.get_extra_info("socket").fileno()
        return descriptor


Behavior = Callable[[Connection], Awaitable[None]]
"""Serves one connection from its beginning to its end; the connection is closed when it returns."""


@dataclass
class RawProvider:
    """Listens on a free port of the loopback and behaves as told.

    Attributes:
        posts: The requests that arrived whole.
        sent: How many bytes of answers the gateway's side has taken.
        connections: Those that were opened; for TLS, those that were agreed on.
        release: What a behavior may wait for, until a test sets it.
    """

    posts: list[Post] = field(default_factory=list)
    sent: int = 0
    connections: list[Connection] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    behavior: Behavior | None = None
    url: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def listening(cls, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        provider = cls()
        server = await asyncio.start_server(provider._accept, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        provider.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        try:
            yield provider
        finally:
            server.close()
            for task in provider._tasks:
                task.cancel()
            await asyncio.gather(*provider._tasks, return_exceptions=True)

    def behave(self, behavior: Behavior) -> None:
        """Serves every connection from now on so."""
        self.behavior = behavior

    def reply(self, document: Any, status: int = 200, headers: str = "") -> None:
        """Answers every request from now on with a JSON document."""
        self.behave(answering(http(json.dumps(document).encode(), status, headers)))

    async def arrivals(self, count: int, within: float = 60) -> None:
        """Waits until so many requests have arrived."""
        async with asyncio.timeout(within):
            while len(self.posts) < count:
                self.arrived.clear()
                await self.arrived.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = Connection(reader, writer, self)
        self.connections.append(connection)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await (self.behavior or answering(reply(ACCEPTED)))(connection)
        writer.close()
        self._tasks.discard(task)


def certified(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """Builds a provider's side of TLS, with a certificate for one name or address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def http(body: bytes, status: int = 200, headers: str = "") -> bytes:
    """Renders a whole HTTP reply with a content-length."""
    head = f"HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode("latin-1") + body


def reply(document: Any, status: int = 200) -> bytes:
    """Renders a whole HTTP reply with a JSON document."""
    return http(json.dumps(document).encode(), status)


def answering(answer: bytes) -> Behavior:
    """Answers every request of a connection with the same bytes, and keeps it alive."""

    async def behavior(connection: Connection) -> None:
        while True:
            await connection.receive()
            await connection.send(answer)

    return behavior
