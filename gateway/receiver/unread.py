"""A report that is read once something of it is asked for: of one whose token nobody knows, nothing is.

Anybody can send 64 KiB to a token that he made up. Reading them takes far longer than finding that out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from gateway.kaleyra.reports import Report, ReportKind


def unread(kind: ReportKind, read: Callable[[], Report]) -> Report:
    """Makes a report of the given kind that is read when it has to be."""
    return cast("Report", _Unread(kind, read))


class _Unread:
    def __init__(self, kind: ReportKind, read: Callable[[], Report]) -> None:
        self.kind = kind
        self._read = read
        self._report: Report | None = None

    def __getattr__(self, name: str) -> Any:
        if self._report is None:
            self._report = self._read()
        return getattr(self._report, name)
