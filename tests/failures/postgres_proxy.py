"""A network between a gateway and PostgreSQL that fails as told, at the step that a test names."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

_PIECE = 64 * 1024


@dataclass(eq=False)
class _Pair:
    """The two halves of one connection."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter

    def cut(self) -> None:
        """Ends both with a RST."""
        self.near.transport.abort()
        self.far.transport.abort()


Fault = Callable[["PostgresProxy", _Pair, bytes], None]
"""What happens in place of passing on a request; the request is the last argument."""


@dataclass
class PostgresProxy:
    """Passes bytes on, until it is told otherwise.

    Attributes:
        url: Of the database, through this proxy.
        refuses: New connections are reset.
        is_silent: What arrives from either side is swallowed, and nobody is told.
        struck: A fault that was planted at a step has happened.
    """

    url: str = ""
    refuses: bool = False
    is_silent: bool = False
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    _pairs: set[_Pair] = field(default_factory=set)
    _loses: set[_Pair] = field(default_factory=set)
    _late: dict[_Pair, bytes] = field(default_factory=dict)
    _planted: tuple[bytes, Fault] | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def before(cls, database: str) -> AsyncIterator[Self]:
        """Stands before a database until the end of the block."""
        proxy, place = cls(), urlsplit(database)
        assert place.hostname is not None

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            proxy._tasks.add(task)
            with suppress(OSError, asyncio.CancelledError):
                await proxy._serve(reader, writer, place.hostname or "", place.port or 0)
            writer.transport.abort()
            proxy._tasks.discard(task)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        proxy.url = place._replace(netloc=f"{place.username}@127.0.0.1:{port}").geturl()
        try:
            yield proxy
        finally:
            server.close()
            for task in proxy._tasks:
                task.cancel()
            await asyncio.gather(*proxy._tasks, return_exceptions=True)

    def plant(self, words: str, fault: Fault) -> None:
        """Lets a fault strike the next request that holds these words."""
        self.struck.clear()
        self._planted = (words.encode(), fault)

    def cut(self) -> None:
        """Ends every connection with a RST."""
        for pair in list(self._pairs):
            pair.cut()

    def go_down(self) -> None:
        """Ends every connection, and refuses new ones."""
        self.refuses = True
        self.cut()

    def heal(self) -> None:
        """Passes everything on again; what was swallowed is lost, and so are the connections that it was lost on."""
        self.refuses = False
        if self.is_silent:
            self.is_silent = False
            self.cut()

    def deliver(self) -> None:
        """Lets what was held back arrive, though whoever sent it has gone."""
        for pair, request in self._late.items():
            pair.far.write(request)
            pair.far.close()
        self._late.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        if self.refuses:
            return
        far_reader, far_writer = await asyncio.open_connection(host, port)
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        answers = asyncio.create_task(self._answers(far_reader, pair))
        try:
            while request := await reader.read(_PIECE):
                self._request(pair, request)
        finally:
            self._pairs.discard(pair)
            if pair not in self._late:
                answers.cancel()
                far_writer.close()

    def _request(self, pair: _Pair, request: bytes) -> None:
        if pair in self._late:
            self._late[pair] += request  # what follows arrives no earlier
        elif self._planted is not None and self._planted[0] in request:
            fault, self._planted = self._planted[1], None
            self.struck.set()
            fault(self, pair, request)
        elif not self.is_silent:
            pair.far.write(request)

    async def _answers(self, reader: asyncio.StreamReader, pair: _Pair) -> None:
        with suppress(OSError):
            while answer := await reader.read(_PIECE):
                if pair in self._loses:  # the server has done what it was asked; nobody hears of it
                    self._loses.discard(pair)
                    self.cut()
                elif not self.is_silent:
                    pair.near.write(answer)
        pair.near.transport.abort()


# Faults


def cuts(proxy: PostgresProxy, _pair: _Pair, _request: bytes) -> None:
    """The request is lost with its connection, and with all others."""
    proxy.cut()


def goes_down(proxy: PostgresProxy, _pair: _Pair, _request: bytes) -> None:
    """The request is lost, and there is no new connection."""
    proxy.go_down()


def falls_silent(proxy: PostgresProxy, _pair: _Pair, _request: bytes) -> None:
    """The request is swallowed, and everything after it."""
    proxy.is_silent = True


def loses_the_answer(proxy: PostgresProxy, pair: _Pair, request: bytes) -> None:
    """The request is done; its connection breaks before anybody hears of it."""
    proxy._loses.add(pair)
    pair.far.write(request)


def loses_the_answer_and_goes_down(proxy: PostgresProxy, pair: _Pair, request: bytes) -> None:
    """The same, and there is no new connection."""
    proxy.refuses = True
    loses_the_answer(proxy, pair, request)


def does_it_and_falls_silent(proxy: PostgresProxy, pair: _Pair, request: bytes) -> None:
    """The request is done; nobody hears of it, or of anything else."""
    proxy.is_silent = True
    pair.far.write(request)


def is_held_back(proxy: PostgresProxy, pair: _Pair, request: bytes) -> None:
    """The request is on its way until the test says that it arrives."""
    proxy._late[pair] = request
