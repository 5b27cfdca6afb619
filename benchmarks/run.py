"""Measures this gateway beside a null server, a naive gateway and one in Go: `python benchmarks/run.py`, `make bench`.

All in one run and interleaved, a b c a b c, so that whatever else the machine does meets all of them alike. Each point
is a fresh server process on a core of its own; the load generator, the upstream and PostgreSQL share another.
"""

import json
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import disk
import go_tools
import postgresql
from contestants import CONTESTANTS, Contestant
from growth import FEW, Grown, ledgers, measure_growth, middle_of_grown
from load import Load
from machine import cores, facts, running_on
from options import Options, options
from point import measure
from processes import MeasurementError
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
    rounds: Sequence[Round]
    few: Grown | None
    many: Grown | None


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
    judged = outcomes(measured.rounds, TARGETS)
    show(console, measured.rounds, measured.contestants, wanted.in_flight, known)
    if measured.few and measured.many:
        show_growth(console, measured.few, measured.many)
    if wanted.json:
        document = {
            "facts": known,
            "targets": [asdict(outcome) | {"reached": outcome.reached} for outcome in judged],
            "rounds": [[asdict(point) for point in each] for each in measured.rounds],
            "growth": [asdict(each) for each in (measured.few, measured.many) if each],
        }
        wanted.json.write_text(json.dumps(document, indent=2) + "\n")
    all_reached = all(outcome.reached for outcome in judged) and (not measured.many or measured.many.starts_in_time)
    return 1 if wanted.check and not all_reached else 0


def _measured(wanted: Options, ready: Stand, console: Console) -> Measured:
    contestants = [each for each in wanted.contestants if ready.postgresql or not each.needs_postgresql]
    for missing in [each for each in wanted.contestants if each not in contestants]:
        reason = (
            f"({missing.key}) {missing.name} cannot be measured: no PostgreSQL is installed (apt install postgresql)"
        )
        if wanted.check:
            raise MeasurementError(reason)
        console.print(f"LEFT OUT: {reason}", style="red", highlight=False)
    rounds = [_round(turn, contestants, wanted, ready, console) for turn in range(wanted.rounds)]
    if not wanted.recorded or GROWING not in contestants:
        return Measured(contestants, rounds, None, None)
    return Measured(contestants, rounds, *_growth(wanted, ready, console))


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
