"""From points to figures: medians over the rounds, and ratios as the median of each round's own ratio."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from point import Point
from targets import Target

Round = Sequence[Point]


@dataclass(frozen=True)
class Ratio:
    """How two contestants compare: the median over the rounds, and the least and the most of them."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """A target, and what was reached of it."""

    target: Target
    ratio: Ratio

    @property
    def reached(self) -> bool:
        """Whether the median reaches it."""
        return self.ratio.median >= self.target.ratio


def middle(rounds: Sequence[Round], contestant: str, in_flight: int) -> Point:
    """Takes the median of each figure of a point; figures that no round has stay away."""
    points = [_find(each, contestant, in_flight) for each in rounds]
    figures = {name: [getattr(point, name) for point in points] for name in _FIGURES}
    return Point(
        contestant,
        in_flight,
        **{name: None if None in values else median(values) for name, values in figures.items()},
    )


def ratio(rounds: Sequence[Round], one: str, other: str, in_flight: int, figure: Callable[[Point], float]) -> Ratio:
    """Compares two contestants by a figure. They ran right after each other in each round, so both had its noise."""
    ratios = [figure(_find(each, one, in_flight)) / figure(_find(each, other, in_flight)) for each in rounds]
    return Ratio(median(ratios), min(ratios), max(ratios))


def outcomes(rounds: Sequence[Round], targets: Sequence[Target]) -> list[Outcome]:
    """Judges the targets that were measured."""
    measured = {(point.contestant, point.in_flight) for point in rounds[0]}
    return [
        Outcome(target, ratio(rounds, target.contestant, target.of, target.in_flight, calls))
        for target in targets
        if {(target.contestant, target.in_flight), (target.of, target.in_flight)} <= measured
    ]


def calls(point: Point) -> float:
    """The figure that the targets are about."""
    return point.calls


def cpu(point: Point) -> float:
    """The figure that noise on the machine disturbs least."""
    return point.cpu_us


_FIGURES = ("calls", "p50_ms", "p99_ms", "cpu_us", "peak_mb", "foreign", "load_core")


def _find(points: Round, contestant: str, in_flight: int) -> Point:
    return next(point for point in points if (point.contestant, point.in_flight) == (contestant, in_flight))
