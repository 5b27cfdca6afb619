"""A transport that is closed once the other side has had time to read the answer.

A connection that is closed while bytes still come is reset, and a reset may overtake the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.receiver.in_one_piece import InOnePiece


class Lingering(InOnePiece):
    """Ends its own half where more may come; somebody else sees to it that this has an end."""

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, lingers: Callable[[], bool]
    ) -> None:
        """Builds it.

        Args:
            transport: The connection.
            loop: Its loop.
            lingers: Asked at the end whether more may come.
        """
        super().__init__(transport, loop)
        self._lingers = lingers
        self._has_ended = False

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self._has_ended or self._transport.is_closing()

    def close(self) -> None:
        """Writes what is gathered, and closes, or waits for the other side to do so."""
        if self._has_ended:
            return
        if not self._transport.is_closing() and self._lingers():
            self._flush()
            self._has_ended = True
            if self._transport.can_write_eof():  # TLS cannot
                self._transport.write_eof()
        else:
            super().close()
