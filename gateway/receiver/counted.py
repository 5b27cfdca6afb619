"""h11's connection, with an end to the chunks of a body."""

from __future__ import annotations

from typing import Any

import h11

from gateway.receiver.limits import Limits


class Counted(h11.Connection):
    """Refuses a body of too many chunks: a chunk of one byte takes longer than a thousand bytes."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(h11.SERVER, limits.target + limits.headers)
        self._most = limits.chunks
        self._chunks = 0

    def next_event(self) -> Any:
        """Reads on.

        Raises:
            h11.RemoteProtocolError: It is no HTTP, or too many chunks.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._chunks = 0
        elif isinstance(event, h11.Data) and event.chunk_end:
            self._chunks += 1
            if self._chunks > self._most:
                raise h11.RemoteProtocolError("too many chunks", error_status_hint=413)
        return event
