"""Time that does not stand still."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gateway.clock import Stopwatch


@pytest.mark.parametrize(
    ("shift", "at_least"),
    [
        pytest.param(timedelta(0), 0, id="not at all"),
        pytest.param(timedelta(hours=1), 3600, id="forward, as after a suspension that the boot clock missed"),
        pytest.param(timedelta(hours=-1), 0, id="back: the boot clock goes on"),
    ],
)
def test_a_stopwatch_believes_the_clock_that_says_more(shift, at_least):
    """However the wall clock is set, a stopwatch never says less than has passed."""
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        watch = Stopwatch()
        clock.shift(shift)
        elapsed = watch.elapsed()

    assert at_least <= elapsed < at_least + 60
