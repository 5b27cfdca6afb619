"""What is compared, and what must be reached."""

from dataclasses import dataclass
from typing import Final

COMPARED: Final = ("c/a", "c/b", "d/c", "e/c", "r/d", "d/f", "e/f", "g/d", "h/e")
"""The ratios that are shown, of those contestants that were measured."""

COMPARED_RECEIVERS: Final = ("g/i", "g/j", "h/j")
"""The same of those who take reports."""


@dataclass(frozen=True)
class Target:
    """What one contestant must reach of another's calls a second."""

    contestant: str
    of: str
    in_flight: int
    ratio: float


TARGETS: Final = (
    Target(contestant="c", of="b", in_flight=32, ratio=1.3),
    Target(contestant="c", of="a", in_flight=32, ratio=0.17),
    Target(contestant="d", of="c", in_flight=32, ratio=0.8),
    Target(contestant="d", of="c", in_flight=128, ratio=0.8),
    Target(contestant="e", of="c", in_flight=32, ratio=0.8),
    Target(contestant="e", of="c", in_flight=128, ratio=0.8),
    Target(contestant="r", of="d", in_flight=32, ratio=1.0),
)

START_WITHIN: Final = 2.0
"""Seconds in which a gateway must be ready to dial, however many calls its ledger holds."""

WATCHERS_WITHIN_MB: Final = 50.0
"""What a thousand idle watchers may cost."""
