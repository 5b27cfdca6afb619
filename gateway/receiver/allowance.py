"""How many wrong tokens a source may send."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import datetime
from typing import Final

from gateway.clock import Now

SOURCES: Final = 10_000
"""Of how many sources it is known; the one that was wrong longest ago is forgotten first."""


class Allowance:
    """A token bucket a source, of a minute's allowance.

    Only what cost a look-up and was wrong is charged, and one good token fills the bucket again. A source that has none
    left is looked up all the same, one at a time with all others that have none: whoever brings reports behind one
    address with somebody who guesses is limited only while so many guesses are waiting that there is no room.
    """

    def __init__(self, per_minute: int, now: Now, sources: int = SOURCES) -> None:
        self._per_minute = per_minute
        self._now = now
        self._sources = sources
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    @property
    def retry_after(self) -> int:
        """Whole seconds in which one more is allowed."""
        return math.ceil(60 / self._per_minute)

    def is_spent(self, source: str) -> bool:
        """Whether a source has none left."""
        return source in self._left and self._left_to(source) < 1

    def spend(self, source: str) -> None:
        """Charges a source for a wrong token."""
        self._left[source] = (max(self._left_to(source) - 1, 0.0), self._now())
        self._left.move_to_end(source)
        if len(self._left) > self._sources:
            self._left.popitem(last=False)

    def fill(self, source: str) -> None:
        """Forgives a source that brought a good one."""
        self._left.pop(source, None)

    def _left_to(self, source: str) -> float:
        if source not in self._left:
            return float(self._per_minute)
        left, then = self._left[source]
        passed = max((self._now() - then).total_seconds(), 0.0)  # the wall clock may be set back
        return min(left + passed * self._per_minute / 60, float(self._per_minute))
