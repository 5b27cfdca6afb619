"""`make bench` measures what it says; the figures themselves are for people and for a quiet machine."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_examples import build, needs

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the shortest run there is reports."""
    needs("go")
    build(["go", "vet", "./..."], BENCHMARKS / "go")
    file = tmp_path_factory.mktemp("bench") / "report.json"
    short = ["--rounds", "1", "--seconds", "0.3", "--warmup", "0.1", "--in-flight", "1,32"]
    build([sys.executable, "run.py", *short, "--json", str(file)], BENCHMARKS)
    return json.loads(file.read_text())


def test_every_contestant_is_measured_alike(report):
    """In each round, each number of calls in flight is tried with every contestant in turn; all calls are accepted."""
    [points] = report["rounds"]

    assert [(1, "a"), (1, "b"), (1, "c"), (32, "a"), (32, "b"), (32, "c")] == [
        (point["in_flight"], point["contestant"]) for point in points
    ]
    assert all(point["calls"] > 0 and point["cpu_us"] > 0 for point in points)


def test_both_targets_are_judged(report):
    """What the gateway must reach is said with the figures; not reaching it is no failure unless asked."""
    targets = [outcome["target"] for outcome in report["targets"]]

    assert [("c", "b", 32, 1.3), ("c", "a", 32, 0.17)] == [tuple(target.values()) for target in targets]


async def test_an_unknown_contestant_is_a_mistake():
    """The message names the letters that there are."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BENCHMARKS / "run.py"), "--contestants", "z", stderr=subprocess.PIPE
    )
    _, errors = await process.communicate()

    assert 2 == process.returncode
    assert "letters of abc" in errors.decode()
