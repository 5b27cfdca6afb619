"""The way in with TLS: so many handshakes at once, and who takes too long over one makes room.

asyncio's own servers take every connection, and tell of it once its handshake is done: until then strangers could hold
as many files as the process may open, and calls could not leave.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

AT_LEAST: Final = 1.0
"""Seconds that a handshake has for itself, however many wait."""

_BREATH: Final = 0.1
"""Seconds until the next try where the system gives no more files."""

Connect = Callable[[socket.socket], Awaitable[object]]
"""Makes a connection of a socket; returns once its handshake is done. It closes the socket where that fails."""


class Handshakes:
    """Accepts connections."""

    def __init__(self, listening: socket.socket, connect: Connect, most: int) -> None:
        """Begins nothing yet.

        Args:
            listening: A socket that listens; it is closed in the end.
            connect: Shakes hands.
            most: How many handshakes there may be at once; who comes next waits in the system's backlog.
        """
        self._listening = listening
        self._connect = connect
        self._most = most
        self._begun: dict[asyncio.Task[None], float] = {}
        """The handshakes that go on, the oldest first, and when each began."""
        self._accepting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to accept."""
        self._listening.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(), name="receiver")

    def close(self) -> None:
        """Accepts nothing more, and ends the handshakes that go on."""
        for task in (self._accepting, *self._begun):
            if task is not None:
                task.cancel()
        self._listening.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._room()
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:
                await asyncio.sleep(_BREATH)
                continue
            task = asyncio.create_task(self._shake(connection))
            self._begun[task] = loop.time()
            task.add_done_callback(self._begun.pop)

    async def _room(self) -> None:
        while len(self._begun) >= self._most:
            oldest, begun = next(iter(self._begun.items()))
            left = begun + AT_LEAST - asyncio.get_running_loop().time()
            if left <= 0:
                oldest.cancel()
            await asyncio.wait(self._begun, timeout=max(left, 0) or None, return_when=asyncio.FIRST_COMPLETED)

    async def _shake(self, connection: socket.socket) -> None:
        with suppress(OSError):  # what is no TLS, too slow, or gone; ssl's errors and timeouts are OSErrors
            await self._connect(connection)
