"""The load: a generator's run against one server, and who used the cores meanwhile."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from contestants import TOOLS
from processes import MeasurementError, Server, clean_environment


@dataclass(frozen=True)
class Load:
    """What the load generator is told.

    Attributes:
        in_flight: How many calls are in flight at once, each followed by the next.
        warmup: Seconds before the measured time.
        seconds: The measured time.
        recorded: How many calls the ledger was filled with, to be read by GetCall; 0 to place calls.
        repeats: Whether one request is repeated instead of placing new calls.
    """

    in_flight: int
    warmup: float
    seconds: float
    recorded: int = 0
    repeats: bool = False

    def command(self, server: Server) -> list[str]:
        """Starts the generator."""
        return [
            str(TOOLS / "load"),
            f"-target={server.address}",
            f"-in-flight={self.in_flight}",
            f"-warmup={self.warmup}s",
            f"-length={self.seconds}s",
            f"-recorded={self.recorded}",
            f"-repeat={'true' if self.repeats else 'false'}",
        ]


@dataclass(frozen=True)
class Report:
    """What a generator saw: all good replies, all errors; and, of the measured time, replies and latencies."""

    replies: int
    errors: dict[str, int]
    measured: int
    seconds: float
    p50_ms: float
    p99_ms: float

    def must_be_valid(self, server: Server) -> None:
        """Refuses figures of calls that failed.

        Raises:
            MeasurementError: One did, or none was measured.
        """
        if self.errors:
            count, [example, *_] = sum(self.errors.values()), self.errors
            raise MeasurementError(
                f"{count} requests failed, such as: {example}\nThe server's log:\n{server.last_words()}"
            )
        if not self.measured:
            raise MeasurementError("no reply came in the measured time")


@dataclass(frozen=True)
class Used:
    """CPU seconds of the measured time: the server's own, and everybody's on each core; and its memory at the end."""

    server: float
    by_core: list[float]
    resident_mb: float | None


def run(command: Sequence[str], server: Server) -> tuple[Report, Used]:
    """Loads a server, on the core of this process.

    Raises:
        MeasurementError: The generator did not run to its end.
    """
    said, used = observe(command, server)
    return Report(**json.loads(said)), used


def observe(command: Sequence[str], server: Server) -> tuple[str, Used]:
    """Runs a generator on the core of this process, and looks at the server meanwhile; returns what it said in the end.

    Raises:
        MeasurementError: The generator did not run to its end.
    """
    environment = clean_environment() | {"GOMAXPROCS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        _expect(process, "measuring", server)
        before = _used(server)
        _expect(process, "measured", server)
        after = _used(server)
        said = process.stdout.read()
    by_core = [late - early for early, late in zip(before.by_core, after.by_core, strict=True)]
    if process.returncode:
        raise MeasurementError(f"{command[0]} failed; the server's log:\n{server.last_words()}")
    return said, Used(after.server - before.server, by_core, after.resident_mb)


def _expect(process: subprocess.Popen[str], line: str, server: Server) -> None:
    said = process.stdout.readline().strip()
    if said != line:
        raise MeasurementError(
            f"the load generator ended before it was {line}; the server's log:\n{server.last_words()}"
        )


def _used(server: Server) -> Used:
    busy = [sum(each) - each.idle - getattr(each, "iowait", 0) for each in psutil.cpu_times(percpu=True)]
    return Used(server.cpu_seconds(), busy, server.resident_mb())
