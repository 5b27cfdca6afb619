"""How a phone behaves: what becomes of each attempt to reach it, and what is told of it.

How long a phone rings, and how long somebody talks, is ours: no page says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

ANSWER: Final = "ANSWER"
LATE_REPORT_SECONDS: Final = 300
"""How long a late report takes: callers of such APIs saw minutes."""

DIAL_SECONDS: Final = (1, 3)
TALK_SECONDS: Final = (8, 40)
RING_SECONDS_BY_STATUS: Final[Mapping[str, tuple[int, int]]] = {
    ANSWER: (4, 12),
    "NOANSWER": (25, 40),
    "REJECTED": (3, 8),
}
RING_SECONDS: Final = (1, 4)
"""The shortest and the longest for every other status."""


class Reporting(Enum):
    """How the reports of a phone's attempts arrive."""

    ONCE = auto()
    TWICE = auto()
    BACKWARDS = auto()
    """All at the end, the last event first."""
    LATE = auto()
    NEVER = auto()
    DLR_ONLY = auto()
    CALLBACK_ONLY = auto()
    WITHOUT_ID = auto()
    """The variable `id` is empty."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a phone does.

    `statuses` are the ends of its attempts in turn; the last one goes on. `keypress` are the keys that whoever answers
    presses. A phone that is not `dialed` never rings: the provider only tells how it ended.
    """

    statuses: tuple[str, ...] = (ANSWER,)
    keypress: str = ""
    reporting: Reporting = Reporting.ONCE
    dialed: bool = True

    def status_of(self, attempt: int) -> str:
        """Returns the end of an attempt, counted from 1."""
        return self.statuses[min(attempt, len(self.statuses)) - 1]


ORDINARY: Final = Behaviour()
