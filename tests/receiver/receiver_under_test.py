"""A receiver on port 0, a ledger that does as it is told, and a client that sends any bytes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.kaleyra.reports import Report
from gateway.receiver import Limits, Receiver
from gateway.settings import Receiver as Settings

TOKEN = "0123456789abcdef0123456789abcdef"
WRONG = "f" * 32
PATH = f"/reports/{TOKEN}"
WITHIN = 60


@dataclass
class Ledger:
    """Knows one token. Takes at once, until told to behave otherwise."""

    taken: list[tuple[str, Report]] = field(default_factory=list)
    looked_up: int = 0
    behavior: Callable[[], Awaitable[None]] | None = None

    async def take(self, token: str, read: Callable[[], Report]) -> bool:
        self.looked_up += 1
        if self.behavior is not None:
            await self.behavior()
        if token != TOKEN:
            return False
        self.taken.append((token, read()))
        return True

    @property
    def report(self) -> Report:
        """The only one that was taken."""
        [(_, report)] = self.taken
        return report


class Clock:
    """Stands still, until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Answer:
    """An answer, as its bytes were."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode().split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, has_body: bool = True) -> Answer:
        """Reads one answer."""
        async with asyncio.timeout(WITHIN):
            head = (await self.reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
            answer = Answer(head, b"")
            if has_body and "content-length" in answer.headers:
                answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
            return answer

    async def ask(self, data: bytes, *, has_body: bool = True) -> Answer:
        await self.send(data)
        return await self.answer(has_body=has_body)

    async def end(self) -> bytes:
        """Waits until the other side closes; returns what came before. A reset is an end as well."""
        async with asyncio.timeout(WITHIN):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def reset(self) -> None:
        """Leaves without a word."""
        self.writer.transport.abort()


@dataclass
class ReceiverUnderTest:
    receiver: Receiver
    address: str
    ledger: Ledger
    clock: Clock

    @asynccontextmanager
    async def connection(self, tls: ssl.SSLContext | None = None, name: str = "localhost") -> AsyncIterator[Client]:
        host, _, port = self.address.rpartition(":")
        host = {"[::]": "127.0.0.1", "0.0.0.0": "127.0.0.1"}.get(host, host).strip("[]")
        options = {"ssl": tls, "server_hostname": name} if tls else {}
        reader, writer = await asyncio.open_connection(host, int(port), **options)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()

    async def ask(self, data: bytes, *, has_body: bool = True) -> Answer:
        """Sends bytes over a connection of their own, and reads the answer."""
        async with self.connection() as client:
            return await client.ask(data, has_body=has_body)

    async def get(self, path: str = PATH, **headers: str) -> Answer:
        return await self.ask(request("GET", path, **headers))

    async def post(self, body: bytes, content_type: str = "", path: str = PATH) -> Answer:
        return await self.ask(request("POST", path, body, **{"content-type": content_type} if content_type else {}))


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Writes a request as a usual client would."""
    headers = {"host": "calls.example.com"} | headers
    if body:
        headers["content-length"] = str(len(body))
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def running_receiver(limits: Limits | None = None, **settings: Any) -> AsyncIterator[ReceiverUnderTest]:
    """Runs a receiver until the end of the block."""
    usual = {"listen": "127.0.0.1:0", "public_url": "https://calls.example.com"}
    ledger, clock = Ledger(), Clock()
    receiver = Receiver(Settings.model_validate(usual | settings), ledger.take, now=clock, limits=limits)
    address = await receiver.start()
    try:
        yield ReceiverUnderTest(receiver, address, ledger, clock)
    finally:
        await receiver.stop()
