"""Reports: how many a second a receiver takes, each durable before it is answered."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import stories
from contestants import RECEIVERS, TOOLS, Contestant
from load import Load, Report, run
from point import Point, point_of
from processes import MeasurementError, Server
from stand import Stand

PLACED_AT_ONCE: Final = 32

CALLS_PER_SECOND: Final = 1.5
"""Seconds of placing calls for each second of reports: a call has four."""

MADE_UP: Final = 5000
"""Calls a second of reports for those who know no token."""


@dataclass(frozen=True)
class Reporting:
    """What the generator of reports is told.

    Attributes:
        connections: Over how many connections they come, one at a time on each.
        warmup: Seconds before the measured time.
        seconds: The measured time.
        rate: Reports a second, at random times; 0 for as many as are answered.
    """

    connections: int
    warmup: float
    seconds: float
    rate: float = 0.0

    def command(self, receiver: str, told: Path, watched: str = "") -> list[str]:
        """Starts the generator."""
        return [
            str(TOOLS / "reports"),
            f"-receiver={receiver}",
            f"-stories={told}",
            f"-in-flight={self.connections}",
            f"-warmup={self.warmup}s",
            f"-length={self.seconds}s",
            f"-rate={self.rate}",
            f"-watch={watched}",
        ]


def measure_reports(contestant: Contestant, reporting: Reporting, stand: Stand) -> Point:
    """Measures one point.

    Raises:
        MeasurementError: A report failed, or the ledger holds another number of them than were answered.
    """
    with stand.running(contestant, upstream=stand.upstream.keeping_url) as under_test:
        with told_to(under_test, contestant, reporting, stand) as told:
            receiver = under_test.address if contestant in RECEIVERS else under_test.places["receiver"]
            report, used = run(reporting.command(receiver, told), under_test)
        report.must_be_valid(under_test)
        _must_be_held(contestant, report, under_test, stand)
        return point_of(contestant, reporting.connections, report, used, under_test, stand.where)


@contextmanager
def told_to(server: Server, contestant: Contestant, reporting: Reporting, stand: Stand) -> Iterator[Path]:
    """Places calls through a gateway, and gives a file with what is reported of them, until the block ends."""
    seconds = reporting.warmup + reporting.seconds
    if contestant in RECEIVERS:
        calls = stories.made_up(int(MADE_UP * seconds))
    else:
        stand.upstream.take()
        enough = seconds * CALLS_PER_SECOND / (2 if reporting.rate else 1)  # nobody sets a pace beyond half of the most
        placing = Load(in_flight=PLACED_AT_ONCE, warmup=0, seconds=max(1.0, enough))
        placed, _ = run(placing.command(server), server)
        placed.must_be_valid(server)
        calls = stories.from_forms(stand.upstream.take())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stories.json"
        stories.write(calls, file)
        yield file


def _must_be_held(contestant: Contestant, report: Report, server: Server, stand: Stand) -> None:
    if not contestant.reports_held:
        return
    held = stand.count(contestant, contestant.reports_held, server.places)
    if held != report.replies:
        raise MeasurementError(f"({contestant.key}): the ledger holds {held} reports, and {report.replies} were taken")
