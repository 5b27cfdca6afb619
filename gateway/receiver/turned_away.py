"""Tells an operator that reports are turned away: once a minute, not once a report."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

import structlog

from gateway.receiver.answers import Answer

_EVERY: Final = 60.0
_CLIENT_ERROR: Final = 429

log = structlog.stdlib.get_logger(__name__)


class TurnedAway:
    """Counts the reports that were told to come again, and logs how many; the first at once."""

    def __init__(self, every: float = _EVERY) -> None:
        self._every = every
        self._counts: Counter[str] = Counter()
        self._source = ""
        self._told = -every

    def count(self, answer: Answer, source: str) -> None:
        """Counts an answer of 429 or 503.

        Args:
            answer: What was answered.
            source: To whom; told of those that send too many wrong tokens.
        """
        self._counts[answer.outcome] += 1
        self._source = source if answer.status == _CLIENT_ERROR else self._source
        if time.monotonic() - self._told >= self._every:
            self.tell()

    def tell(self) -> None:
        """Logs what was counted, if anything."""
        if self._counts:
            source = {"limited_source": self._source} if self._source else {}
            log.warning("reports were turned away", **self._counts, **source)
        self._told = time.monotonic()
        self._counts.clear()
        self._source = ""
