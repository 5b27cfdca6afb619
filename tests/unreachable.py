"""Places where no request can be sent to; each yields its URL and counts the requests that arrived all the same."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faults
import trustme
from raw_provider import Post, RawProvider, certified
from waiting import forever


@dataclass
class Place:
    """Somewhere to post to, and what arrived there."""

    url: str
    posts: list[Post] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    """What a gateway needs to get as far as the failure."""


Unreachable = Callable[[Path], AbstractAsyncContextManager[Place]]
"""Makes such a place; a folder is for the files that it needs."""


@asynccontextmanager
async def nobody_listens(_folder: Path) -> AsyncIterator[Place]:
    with socket.socket() as bound:  # bound and not listening: the port is nobody else's
        bound.bind(("127.0.0.1", 0))
        yield Place(f"http://127.0.0.1:{bound.getsockname()[1]}")


@asynccontextmanager
async def no_such_name(_folder: Path) -> AsyncIterator[Place]:
    yield Place("https://nobody.invalid")  # RFC 6761: never resolves


@asynccontextmanager
async def no_possible_name(_folder: Path) -> AsyncIterator[Place]:
    yield Place(f"https://{'.'.join(['a' * 63] * 5)}.invalid")  # a name has at most 253 characters


@asynccontextmanager
async def connecting_hangs(_folder: Path) -> AsyncIterator[Place]:
    """A listener whose queue is full: Linux drops whatever comes on top."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield Place(f"http://127.0.0.1:{listener.getsockname()[1]}")


@asynccontextmanager
async def untrusted_certificate(_folder: Path) -> AsyncIterator[Place]:
    async with RawProvider.listening(certified(trustme.CA())) as provider:
        yield Place(provider.url, provider.posts)


@asynccontextmanager
async def certificate_of_another(folder: Path) -> AsyncIterator[Place]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    async with RawProvider.listening(certified(authority, "127.0.0.2")) as provider:
        yield Place(provider.url, provider.posts, {"ca_file": folder / "ca.pem"})


@asynccontextmanager
async def plain_port(_folder: Path) -> AsyncIterator[Place]:
    """Answers a TLS greeting as a plain web server does."""

    async def puzzled(connection: faults.Connection) -> None:
        await connection.reader.read(1)
        await connection.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await forever()

    async with RawProvider.listening() as provider:
        provider.behave(puzzled)
        yield Place(_https(provider), provider.posts)


@asynccontextmanager
async def tls_handshake_hangs(_folder: Path) -> AsyncIterator[Place]:
    async with RawProvider.listening() as provider:
        provider.behave(faults.never_reads)
        yield Place(_https(provider), provider.posts)


@asynccontextmanager
async def tls_handshake_is_reset(_folder: Path) -> AsyncIterator[Place]:
    async with RawProvider.listening() as provider:
        provider.behave(faults.resets_at_the_first_byte)
        yield Place(_https(provider), provider.posts)


def _https(provider: RawProvider) -> str:
    return provider.url.replace("http:", "https:")
