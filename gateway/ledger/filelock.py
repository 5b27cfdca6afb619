"""A lock on a file, held by one process as long as it lives: a crash releases it."""

import fcntl
import os
from pathlib import Path


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
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Gives the lock back; the file stays, since removing it would let two processes hold a lock each."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
