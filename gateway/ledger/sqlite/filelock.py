"""A lock on a file, held by one process as long as it lives: a crash releases it."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

_LOOKS: Final = 5
_LOOK: Final = 0.02
"""Seconds between tries: whoever looks whether the lock is held holds it for that moment."""


class FileLock:
    """An exclusive flock on a file beside the one that it guards."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            BlockingIOError: Another process holds it.
            OSError: The file cannot be opened.
        """
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def is_held(self) -> bool:
        """Whether a process holds the lock, be it this one."""
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def release(self) -> None:
        """Gives the lock back; the file stays, since removing it would let two processes hold a lock each."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> None:
    for look in range(_LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if look == _LOOKS - 1:
                raise
            time.sleep(_LOOK)
        else:
            return
