"""Measures this gateway beside a null server, a naive gateway and one in Go: `python benchmarks/run.py`, `make bench`.

All in one run and interleaved, a b c a b c, so that whatever else the machine does meets all of them alike. Each point
is a fresh server process on a core of its own; the load generator, the upstream and PostgreSQL share another.
Receivers of reports are measured after the calls, in the same way.
"""

import json
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import disk
import go_tools
import postgresql
from contestants import CONTESTANTS, RECEIVERS, Contestant
from growth import FEW, Grown, ledgers, measure_growth, middle_of_grown
from load import Load
from machine import cores, facts, running_on
from options import Options, options
from point import measure
from processes import MeasurementError
from receiving import Received, measure_receiving
from receiving_shown import show_receiving
from report import show, show_growth
from rich.console import Console
from stand import Stand, stand
from summary import Round, outcomes
from targets import TARGETS

GROWING = next(each for each in CONTESTANTS if each.key == "d")
"""Whose ledger is filled, to see what a ledger that has grown costs."""


@dataclass(frozen=True)
class Measured:
    """All that a run measured."""

    contestants: Sequence[Contestant]
    callers: Sequence[Contestant]
    rounds: Sequence[Round]
    few: Grown | None
    many: Grown | None
    received: Received | None

    @property
    def reaches_all(self) -> bool:
        """Whether every target that was measured is reached."""
        return (
            all(outcome.reached for outcome in outcomes(self.rounds, TARGETS))
            and (not self.many or self.many.starts_in_time)
            and (not self.received or self.received.is_within_memory)
        )

    def document(self) -> dict[str, Any]:
        """Lists every point, to be written as JSON."""
        received = self.received
        return {
            "targets": [asdict(each) | {"reached": each.reached} for each in outcomes(self.rounds, TARGETS)],
            "rounds": [[asdict(point) for point in each] for each in self.rounds],
            "growth": [asdict(each) for each in (self.few, self.many) if each],
            "reports": [[asdict(point) for point in each] for each in received.rounds] if received else [],
            "lags": [asdict(lag) for lag in received.lags] if received else [],
            "idle": asdict(received.idle) if received and received.idle else None,
        }


def main() -> int:
    wanted = options()
    go_tools.build()
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=100)
    where = cores()
    databases = f"SQLite {sqlite3.sqlite_version}, {postgresql.installed()}"
    known = facts(where) | {"databases": databases, "ledgers on": disk.described()}
    try:
        with running_on(where.others), stand(where, with_postgresql=wanted.need_postgresql) as ready:
            measured = _measured(wanted, ready, console)
    except MeasurementError as error:
        sys.exit(f"benchmarks: NOT VALID: {error}")
    about = {f"({each.key}) {each.name}": each.about for each in measured.contestants}
    for name, fact in {**known, **about}.items():
        console.print(f"{name + ':':<17} {fact}", highlight=False, soft_wrap=True)
    show(console, measured.rounds, measured.callers, wanted.in_flight)
    if measured.few and measured.many:
        show_growth(console, measured.few, measured.many)
    if measured.received:
        show_receiving(console, measured.received)
    if wanted.json:
        document = {"facts": known} | measured.document()
        wanted.json.write_text(json.dumps(document, indent=2) + "\n")
    return 1 if wanted.check and not measured.reaches_all else 0


def _measured(wanted: Options, ready: Stand, console: Console) -> Measured:
    contestants = [each for each in wanted.contestants if ready.postgresql or not each.needs_postgresql]
    for missing in [each for each in wanted.contestants if each not in contestants]:
        reason = (
            f"({missing.key}) {missing.name} cannot be measured: no PostgreSQL is installed (apt install postgresql)"
        )
        if wanted.check:
            raise MeasurementError(reason)
        console.print(f"LEFT OUT: {reason}", style="red", highlight=False)
    callers = [each for each in contestants if each not in RECEIVERS]
    rounds = [_round(turn, callers, wanted, ready, console) for turn in range(wanted.rounds)]
    grows = wanted.recorded and GROWING in contestants
    few, many = _growth(wanted, ready, console) if grows else (None, None)
    return Measured(contestants, callers, rounds, few, many, measure_receiving(contestants, wanted, ready, console))


def _round(turn: int, contestants: Sequence[Contestant], wanted: Options, ready: Stand, console: Console) -> Round:
    points = []
    for in_flight in wanted.in_flight:
        load = Load(in_flight=in_flight, warmup=wanted.warmup, seconds=wanted.seconds)
        for contestant in contestants:
            with console.status(f"round {turn + 1} of {wanted.rounds}: ({contestant.key}), {in_flight} in flight"):
                points.append(measure(contestant, load, ready))
    return points


def _growth(wanted: Options, ready: Stand, console: Console) -> list[Grown]:
    """Measures an almost empty ledger and a filled one in turn."""
    sizes = (FEW, wanted.recorded)
    points: list[list[Grown]] = [[], []]
    with console.status("a ledger that has grown"), ledgers(sizes) as folders:
        for _ in range(wanted.rounds):
            for size, column in zip(sizes, points, strict=True):
                load = Load(in_flight=1, warmup=wanted.warmup, seconds=wanted.seconds, recorded=size)
                column.append(measure_growth(GROWING, folders[size], load, ready))
    return [middle_of_grown(column) for column in points]


if __name__ == "__main__":
    sys.exit(main())
