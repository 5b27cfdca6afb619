"""The connections that are open, so many at most; who waits too long for nothing makes room."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


class Connections(ServerState):
    """uvicorn's state of a server, with a limit."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._is_closing = False
        self._waiting: dict[H11Protocol, None] = {}
        self._none_left = asyncio.Event()

    def admit(self, connection: H11Protocol) -> None:
        """Lets a connection in, in place of the one that has waited longest for a request, if there are too many."""
        if self._is_closing:
            connection.transport.abort()
        elif len(self.connections) > self._most:
            longest = next(iter(self._waiting), connection)
            self.drop(longest)
            longest.transport.abort()

    def wait(self, connection: H11Protocol) -> None:
        """A connection waits for a request, or for its end."""
        self._waiting.setdefault(connection)

    def serve(self, connection: H11Protocol) -> None:
        """A connection's request is whole: it is not in anybody's way until it is answered."""
        self._waiting.pop(connection, None)

    def drop(self, connection: H11Protocol) -> None:
        """Forgets a connection."""
        self._waiting.pop(connection, None)
        self.connections.discard(connection)
        if not self.connections:
            self._none_left.set()

    async def close(self, within: float) -> None:
        """Closes every connection, those with a request once it is answered, and after so many seconds anyway."""
        self._is_closing = True
        self._none_left.clear()
        for connection in list(self.connections):
            connection.shutdown()
        if self.connections:
            try:
                async with asyncio.timeout(within):
                    await self._none_left.wait()
            except TimeoutError:
                for connection in list(self.connections):
                    connection.transport.abort()
