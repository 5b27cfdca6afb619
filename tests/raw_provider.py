"""A provider on a raw socket, which can misbehave at every point of an exchange, and counts the POSTs that arrived."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

ACCEPTED = {"code": "RBC3007", "message": "Submitted Successfully", "data": {"to": "+13236550107"}, "error": {}}


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
    served: int = 0

    async def receive(self) -> Post:
        """Reads one whole request, and counts it."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        post = Post(head, b"")
        post.body = await self.reader.readexactly(int(post.headers.get("content-length", "0")))
        self.provider.posts.append(post)
        self.served += 1
        self.provider.arrived.set()
        return post

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Ends the connection with a RST: what was sent before may be lost."""
        self.writer.transport.abort()


Behavior = Callable[[Connection], Awaitable[None]]
"""Serves one connection from its beginning to its end."""


@dataclass
class RawProvider:
    """Listens on a free port of the loopback and behaves as told."""

    posts: list[Post] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    behavior: Behavior | None = None
    url: str = ""
    connections: int = 0
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

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await (self.behavior or answering(http(json.dumps(ACCEPTED).encode())))(Connection(reader, writer, self))
        writer.close()
        self._tasks.discard(task)


def http(body: bytes, status: int = 200, headers: str = "") -> bytes:
    """Renders a whole HTTP reply with a content-length."""
    head = f"HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode("latin-1") + body


def answering(reply: bytes) -> Behavior:
    """Answers every request of a connection with the same bytes, and keeps it alive."""

    async def behavior(connection: Connection) -> None:
        while True:
            await connection.receive()
            await connection.send(reply)

    return behavior
