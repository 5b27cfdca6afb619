"""How long after a report's request a watcher has its event."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from contestants import Contestant
from load import run
from processes import Server
from reports import Reporting, told_to
from stand import Stand

FEW: Final = 50.0
"""Reports a second of a gateway that has little to do."""


@dataclass(frozen=True)
class Scene:
    """Who is reported to, and where it is watched.

    Attributes:
        contestant: The gateway.
        elsewhere: Whether the stream is another replica's.
    """

    contestant: Contestant
    elsewhere: bool


@dataclass(frozen=True)
class Lag:
    """What was measured in one scene at one rate.

    Attributes:
        contestant: The gateway's letter.
        elsewhere: Whether the stream is another replica's.
        rate: Reports a second that were to be sent.
        reports: Reports a second that were sent.
        p50_ms: Half of the events came at most so long after their reports.
        p99_ms: The same of 99 in 100.
    """

    contestant: str
    elsewhere: bool
    rate: float
    reports: float
    p50_ms: float
    p99_ms: float

    @property
    def kept_pace(self) -> bool:
        """Whether as many were sent as were to be, but for chance; else connections waited, and what waits is slow."""
        return self.reports > 0.9 * self.rate


def measure_lag(scene: Scene, reporting: Reporting, stand: Stand) -> Lag:
    """Measures one scene at one rate: every report, and its event on the stream.

    Raises:
        MeasurementError: A report or an event was not as it must be.
    """
    with _replicas(scene, stand) as (told, watched), told_to(told, scene.contestant, reporting, stand) as file:
        report, _ = run(reporting.command(told.places["receiver"], file, watched.address), told)
        report.must_be_valid(told)
    return Lag(
        scene.contestant.key,
        scene.elsewhere,
        reporting.rate,
        report.measured / report.seconds,
        report.p50_ms,
        report.p99_ms,
    )


def middle_of_lags(lags: Sequence[Lag]) -> Lag:
    """Takes the median of each figure."""
    return replace(
        lags[0],
        reports=median(lag.reports for lag in lags),
        p50_ms=median(lag.p50_ms for lag in lags),
        p99_ms=median(lag.p99_ms for lag in lags),
    )


@contextmanager
def _replicas(scene: Scene, stand: Stand) -> Iterator[tuple[Server, Server]]:
    """Runs the gateway that is told, and the one that is watched, both on the core of servers."""
    with ExitStack() as stack:
        told = stack.enter_context(stand.running(scene.contestant, upstream=stand.upstream.keeping_url))
        if not scene.elsewhere:
            yield told, told
            return
        yield told, stack.enter_context(stand.running(scene.contestant, database=told.places["database"]))
