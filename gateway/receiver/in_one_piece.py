"""A transport that sends the head and the body of an answer together.

uvicorn writes one after the other. A process that is killed in between has sent a 200 without its end, which the other
side takes for a broken connection.
"""

from __future__ import annotations

import asyncio
from typing import Any


class InOnePiece:
    """Gathers what is written in one turn of the loop; all else is the transport's."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._gathered = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Writes in a moment."""
        if data and not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered += data

    def close(self) -> None:
        """Writes what is gathered, and closes."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._gathered and not self._transport.is_closing():
            self._transport.write(bytes(self._gathered))
        self._gathered.clear()
