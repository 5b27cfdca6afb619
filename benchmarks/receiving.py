"""All about reports: how many a second, how soon a watcher knows, and what idle watchers cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import lag
from contestants import RECEIVERS, Contestant
from idle import Idle, measure_idle
from lag import Lag, Scene, measure_lag, middle_of_lags
from options import Options
from reports import Reporting, measure_reports
from rich.console import Console
from stand import Stand
from summary import Round
from targets import WATCHERS_WITHIN_MB

ENOUGH: Final = 4
"""How many times as many connections there are where a pace is set."""

IDLE_FOR: Final = 10
"""How much longer than another point idle watchers are looked at, so that their heartbeats come."""


@dataclass(frozen=True)
class Received:
    """All that was measured about reports.

    Attributes:
        contestants: Who took reports.
        rounds: How many a second.
        lags: How soon a watcher knew: medians.
        idle: What idle watchers cost; None where nobody asked.
    """

    contestants: Sequence[Contestant]
    rounds: Sequence[Round]
    lags: Sequence[Lag]
    idle: Idle | None

    @property
    def is_within_memory(self) -> bool:
        """Whether idle watchers are within the target, as far as anybody can tell."""
        return self.idle is None or self.idle.mb is None or self.idle.mb < WATCHERS_WITHIN_MB


def measure_receiving(
    contestants: Sequence[Contestant], wanted: Options, stand: Stand, console: Console
) -> Received | None:
    """Measures those of the contestants who take reports; None where there is none.

    Raises:
        MeasurementError: A figure would not be true.
    """
    takers = [each for each in contestants if each.reports_held or each in RECEIVERS]
    gateways = [each for each in takers if each not in RECEIVERS]
    if not takers:
        return None
    rounds: list[Round] = []
    reporting = Reporting(wanted.connections, wanted.warmup, wanted.seconds)
    for turn in range(wanted.rounds if wanted.connections else 0):
        with console.status(f"reports, round {turn + 1} of {wanted.rounds}"):
            rounds.append([measure_reports(taker, reporting, stand) for taker in takers])
    with console.status("from report to watcher"):
        lags = list(_lags(gateways, rounds, wanted, stand))
    with console.status("idle watchers"):
        seconds = IDLE_FOR * wanted.seconds
        idle = measure_idle(gateways[0], wanted.watchers, seconds, stand) if wanted.watchers and gateways else None
    return Received(takers, rounds, lags, idle)


def _paced(wanted: Options, rate: float) -> Reporting:
    """A pace is set: there are connections enough, for each waits for its event before it brings the next report."""
    return Reporting(ENOUGH * wanted.connections, wanted.warmup, wanted.seconds, rate)


def _lags(gateways: Sequence[Contestant], rounds: Sequence[Round], wanted: Options, stand: Stand) -> Iterator[Lag]:
    """Measures each scene with few reports, and with half as many as the gateway took in the rounds, all in turn."""
    scenes = [Scene(each, elsewhere) for each in gateways for elsewhere in (False, True)]
    possible = [scene for scene in scenes if scene.contestant.needs_postgresql or not scene.elsewhere]
    rates = [(scene, rate) for scene in possible if rounds for rate in (lag.FEW, _half(scene.contestant, rounds))]
    turns = [[measure_lag(scene, _paced(wanted, rate), stand) for scene, rate in rates] for _ in rounds]
    yield from map(middle_of_lags, zip(*turns, strict=True))


def _half(contestant: Contestant, rounds: Sequence[Round]) -> float:
    """Half of the reports a second that a gateway took when nobody watched."""
    return median(point.calls for each in rounds for point in each if point.contestant == contestant.key) / 2
