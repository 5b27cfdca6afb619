"""The lines of a log, one write each; a line that cannot be written is lost, and nothing else is.

A full disk, or a pipe whose reader is gone, fails the write of a line. A call that is being placed, its verdict and its
answer do not depend on that.
"""

from __future__ import annotations

import io
import os
import threading
from typing import Final, TextIO

import structlog

LOST: Final = "lines of this log were lost"

log = structlog.stdlib.get_logger(__name__)


class LogLines:
    """What structlog writes to. Past Python's own buffers, which would bring half of what was lost back later."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._lost = 0
        self._is_cut = False
        try:
            self._descriptor: int | None = stream.fileno()
        except (OSError, io.UnsupportedOperation):
            self._descriptor = None  # it is no file

    def msg(self, line: str) -> None:
        """Writes a line; the first one that can be written again is followed by one that says how many are missing."""
        lost = 0
        with self._lock:
            if self._is_written(line):
                lost, self._lost = self._lost, 0
            else:
                self._lost += 1
        if lost:
            log.error(LOST, lines=lost)
            with self._lock:
                if self._lost:  # this line, too: it told nobody of the others
                    self._lost += lost

    debug = info = warning = error = critical = msg

    def _is_written(self, line: str) -> bool:
        try:
            self._write(line)
        except OSError:
            return False
        return True

    def _write(self, line: str) -> None:
        if self._descriptor is None:
            self._stream.write(f"{line}\n")
            return
        rest = f"{line}\n".encode(errors="backslashreplace")
        if self._is_cut:
            rest = b"\n" + rest
        while rest:
            written = os.write(self._descriptor, rest)
            rest = rest[written:]
            self._is_cut = bool(rest)
