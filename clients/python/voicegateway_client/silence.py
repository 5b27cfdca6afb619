"""Ends a stream over which nothing comes any more, for threads: gRPC's own iterator waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SilenceGuard:
    """Cancels a stream that is waited for longer than allowed. Its thread lives from the first wait until `stop`."""

    def __init__(self, seconds: float | None) -> None:
        """Sets the longest wait.

        Args:
            seconds: How long a wait may be; None for ever.
        """
        self._seconds = seconds
        self._waiting: tuple[Any, float] | None = None
        self._silent: Any = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, stream: Any) -> Iterator[None]:
        """Guards a wait for the stream's next message."""
        if self._seconds is None:
            yield
            return
        self._waiting = stream, time.monotonic() + self._seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(self._seconds,), name="silence", daemon=True)
            self._thread.start()
        try:
            yield
        finally:
            self._waiting = None

    def cut(self, stream: Any) -> bool:
        """Whether it was this guard that ended the stream."""
        return self._silent is stream

    def stop(self) -> None:
        """Ends the thread."""
        self._over.set()

    def _run(self, seconds: float) -> None:
        pause = seconds
        while not self._over.wait(pause):
            pause = seconds
            waiting = self._waiting
            if waiting is not None:
                stream, end = waiting
                pause = end - time.monotonic()
                if pause <= 0:
                    self._silent, pause = stream, seconds
                    stream.cancel()
