"""Time that does not stand still: how long ago something was, also when the machine was suspended in between."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""Tells the time, in UTC; passed in, so that a test can tell another."""


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Stopwatch:
    """Measures from its making. CLOCK_MONOTONIC stands still while a machine is suspended; a fence must not."""

    __slots__ = ("_boot", "_wall")

    def __init__(self) -> None:
        self._boot = _boot_clock()
        self._wall = time.time()

    def elapsed(self) -> float:
        """Seconds since the start, by the boot clock or the wall clock, whichever says more."""
        return max(_boot_clock() - self._boot, time.time() - self._wall)


def _boot_clock() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
