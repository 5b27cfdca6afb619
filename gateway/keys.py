"""Where an account's API key comes from, at the moment it is needed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import structlog

from gateway.settings.files import key_in
from gateway.telemetry import Secrets

_TICK: Final = 100_000_000  # nanoseconds, more than any clock of a local file system needs for a step

log = structlog.stdlib.get_logger(__name__)


class KeySource(Protocol):
    """Gives an account's API key at the moment it is needed."""

    def current(self) -> str:
        """The key to send now."""
        ...


@dataclass(frozen=True, slots=True)
class FixedKey:
    """A key from the settings."""

    key: str = field(repr=False)

    def current(self) -> str:
        """The key."""
        return self.key


class KeyFile:
    """A key in a file: used at once when the file changes; a broken file keeps the last good key and says so."""

    def __init__(self, file: Path, secrets: Secrets) -> None:
        """Reads the file; at the start it may be a pipe, which is waited for.

        Raises:
            OSError: It cannot be read.
            ValueError: It holds no key.
        """
        self._file = file
        self._secrets = secrets
        self._problem = ""
        self._seen = self._fingerprint()
        self._key = self._read(at_once=False)

    def __repr__(self) -> str:
        return f"KeyFile({str(self._file)!r})"

    def current(self) -> str:
        """The newest good key; looks at the file's metadata on every call, and reads it when that changed."""
        seen = self._fingerprint()
        if seen != self._seen:
            self._seen = seen  # taken before the read: a change during the read is seen next time
            self._reread()
        return self._key

    def _reread(self) -> None:
        key, problem = self._key, ""
        try:
            key = self._read(at_once=True)  # whoever serves cannot wait for a pipe
        except (OSError, ValueError) as error:
            problem = str(error.strerror if isinstance(error, OSError) else error)
        if problem and problem != self._problem:
            # An error of the file, not of ours: no stack.
            log.error("key file broken; the last good key stays in use", file=str(self._file), problem=problem)
        elif not problem and (self._problem or key != self._key):
            log.info("key file changed; its key is in use", file=str(self._file))
        self._key, self._problem = key, problem

    def _fingerprint(self) -> tuple[int, ...]:
        try:
            stat = self._file.stat()
        except OSError:
            return ()
        now = time.time_ns()
        # A file may change twice within one tick of its clock: until that has passed, no two fingerprints are equal.
        fresh = now if now - stat.st_ctime_ns < _TICK else 0
        return (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, fresh)

    def _read(self, *, at_once: bool) -> str:
        key = key_in(self._file, at_once=at_once)
        self._secrets.add(key)
        return key
