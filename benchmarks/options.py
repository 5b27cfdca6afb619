"""What one may choose about a run."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contestants import CONTESTANTS, RECEIVERS, Contestant

EVERYBODY = (*CONTESTANTS, *RECEIVERS)


@dataclass(frozen=True)
class Options:
    """See `--help`."""

    seconds: float
    warmup: float
    rounds: int
    in_flight: Sequence[int]
    contestants: Sequence[Contestant]
    recorded: int
    connections: int
    watchers: int
    json: Path | None
    check: bool

    @property
    def need_postgresql(self) -> bool:
        """Whether anything that was chosen needs a PostgreSQL server."""
        return any(each.needs_postgresql for each in self.contestants)


def options() -> Options:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="Measures this gateway beside others.")
    parser.add_argument("--seconds", type=float, default=3.0, help="measured time of each point (%(default)s)")
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds of load before it (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each point is measured (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 second: a rough look")
    parser.add_argument(
        "--in-flight", type=_numbers, default=[1, 32, 128], help="calls in flight (1,32,128); 0 for none"
    )
    parser.add_argument("--contestants", type=_contestants, default=EVERYBODY, help=f"their letters ({_letters()})")
    parser.add_argument(
        "--recorded",
        type=int,
        default=300_000,
        metavar="CALLS",
        help="calls in the ledger that has grown, which is measured along with (d); 0 leaves it out (%(default)s)",
    )
    parser.add_argument(
        "--connections",
        type=int,
        default=32,
        help="over how many connections reports come to (g), (h), (i) and (j); 0 leaves reports out (%(default)s)",
    )
    parser.add_argument(
        "--watchers",
        type=int,
        default=1000,
        help="idle streams, which are measured along with (g); 0 leaves them out (%(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every point there as well")
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a target is not reached, or PostgreSQL is missing"
    )
    chosen = vars(parser.parse_args())
    if chosen.pop("quick"):
        chosen |= {"seconds": 1.0, "warmup": 0.5, "rounds": 3}
    return Options(**chosen)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if int(number)]


def _letters() -> str:
    return "".join(each.key for each in EVERYBODY)


def _contestants(letters: str) -> list[Contestant]:
    by_letter = {each.key: each for each in EVERYBODY}
    if not letters or not set(letters) <= set(by_letter):
        raise argparse.ArgumentTypeError(f"letters of {_letters()}")
    return [by_letter[letter] for letter in letters]
