"""Whether the files that a connection writes to are still those on the disk.

SQLite goes on with a file that was deleted, renamed or replaced, and its commits succeed. Nobody finds them at the next
start: each would be a promise forgotten.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class FileReplacedError(sqlite3.OperationalError):
    """The ledger's file, or its log, is no longer the one that is written to."""


class Identity:
    """The database and its write-ahead log, as a connection has them open."""

    def __init__(self, file: Path) -> None:
        """Looks at the files.

        Args:
            file: The database; somebody has a transaction open on it, and so its log is there.
        """
        self._files = (file, file.with_name(f"{file.name}-wal"))
        self._opened = self._look()

    def check(self) -> None:
        """Passes when the files are those that were opened.

        Raises:
            FileReplacedError: They are not.
        """
        if self._look() != self._opened:
            raise FileReplacedError

    def _look(self) -> list[tuple[int, int]]:
        try:
            found = [file.stat() for file in self._files]
        except OSError as error:
            raise FileReplacedError from error
        return [(each.st_dev, each.st_ino) for each in found]
