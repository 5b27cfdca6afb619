"""Measures this gateway beside a null server and a naive gateway: `python benchmarks/run.py`, or `make bench`.

All in one run and interleaved, a b c a b c, so that whatever else the machine does meets all of them alike. Each point
is a fresh server process on a core of its own; the load generator and the upstream share another.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import go_tools
from contestants import CONTESTANTS, TARGETS, Contestant
from load import Load
from machine import Cores, cores, facts, running_on
from point import Point, Upstream, measure, upstream
from processes import MeasurementError
from report import show
from rich.console import Console
from summary import Round, outcomes


def main() -> int:
    options = _options()
    go_tools.build()
    where, contestants = cores(), options.contestants
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=100)
    with running_on(where.others), upstream(where) as provider:
        try:
            rounds = [_round(turn, contestants, provider, where, options, console) for turn in range(options.rounds)]
        except MeasurementError as error:
            sys.exit(f"benchmarks: NOT VALID: {error}")
    known, judged = facts(where), outcomes(rounds, TARGETS)
    show(console, rounds, contestants, options.in_flight, known)
    if options.json:
        document = {
            "facts": known,
            "targets": [asdict(outcome) | {"reached": outcome.reached} for outcome in judged],
            "rounds": [[asdict(point) for point in each] for each in rounds],
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 1 if options.check and not all(outcome.reached for outcome in judged) else 0


def _round(
    turn: int,
    contestants: Sequence[Contestant],
    provider: Upstream,
    where: Cores,
    options: argparse.Namespace,
    console: Console,
) -> Round:
    points: list[Point] = []
    for in_flight in options.in_flight:
        load = Load(in_flight=in_flight, warmup=options.warmup, seconds=options.seconds)
        for contestant in contestants:
            with console.status(f"round {turn + 1} of {options.rounds}: ({contestant.key}), {in_flight} in flight"):
                points.append(measure(contestant, load, provider, where))
    return points


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__.partition(":")[0] + ".")
    parser.add_argument("--seconds", type=float, default=3.0, help="measured time of each point (%(default)s)")
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds of load before it (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each point is measured (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 second: a rough look")
    parser.add_argument("--in-flight", type=_numbers, default=[1, 32, 128], help="calls in flight (1,32,128)")
    parser.add_argument("--contestants", type=_contestants, default=CONTESTANTS, help="their letters (abc)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every point there as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is not reached")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.warmup, options.rounds = 1.0, 0.5, 3
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _contestants(letters: str) -> list[Contestant]:
    by_letter = {each.key: each for each in CONTESTANTS}
    if not letters or not set(letters) <= set(by_letter):
        raise argparse.ArgumentTypeError(f"letters of {''.join(by_letter)}")
    return [by_letter[letter] for letter in letters]


if __name__ == "__main__":
    sys.exit(main())
