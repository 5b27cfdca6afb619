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
    time = ["--rounds", "1", "--seconds", "1", "--warmup", "0.2"]
    short = [*time, "--in-flight", "32", "--recorded", "1000", "--connections", "8", "--watchers", "50"]
    build([sys.executable, "run.py", *short, "--json", str(file)], BENCHMARKS)
    return json.loads(file.read_text())


def test_every_contestant_is_measured_alike(report):
    """In each round every contestant has its turn; all calls are accepted, and nothing is posted for a replay."""
    [points] = report["rounds"]
    letters = "".join(point["contestant"] for point in points)

    assert letters in ("abcdrefgh", "abcdrfg")  # (e) and (h) are left out, with a word, where PostgreSQL is missing
    assert all(point["calls"] > 0 and point["cpu_us"] > 0 for point in points)


def test_the_targets_are_judged(report):
    """What the gateway must reach is said with the figures; not reaching it is no failure unless asked."""
    targets = [outcome["target"] for outcome in report["targets"]]

    assert {("c", "b", 32, 1.3), ("c", "a", 32, 0.17), ("d", "c", 32, 0.8), ("r", "d", 32, 1.0)} <= {
        tuple(target.values()) for target in targets
    }


def test_a_ledger_that_has_grown_is_measured_beside_a_small_one(report):
    """A gateway is started on each, and calls are read from it."""
    small, grown = report["growth"]

    assert (100, 1000) == (small["recorded"], grown["recorded"])
    assert all(each["start_s"] > 0 and each["get_p99_ms"] > 0 for each in (small, grown))


def test_reports_are_taken_by_every_receiver(report):
    """All get a 200, and the ledgers hold as many as were told."""
    [points] = report["reports"]

    assert "".join(point["contestant"] for point in points) in ("ghij", "gij")
    assert all(point["calls"] > 0 and point["cpu_us"] > 0 and point["in_flight"] == 8 for point in points)


def test_every_event_reaches_a_watcher(report):
    """At the same replica and, over PostgreSQL, at another one, at a low pace and at half of what is possible."""
    scenes = [(lag["contestant"], lag["elsewhere"]) for lag in report["lags"]]
    on_postgresql = [("h", False), ("h", False), ("h", True), ("h", True)]

    assert [("g", False), ("g", False)] == scenes[:2]
    assert scenes[2:] in (on_postgresql, [])
    assert all(lag["p99_ms"] >= lag["p50_ms"] > 0 for lag in report["lags"])


def test_idle_watchers_are_weighed(report):
    """Many streams are held beside few, and nothing happens."""
    idle = report["idle"]

    assert 50 == idle["streams"]
    assert {"mb", "cpu", "cpu_of_few", "heartbeats", "seconds"} <= idle.keys()


async def test_an_unknown_contestant_is_a_mistake():
    """The message names the letters that there are."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BENCHMARKS / "run.py"), "--contestants", "z", stderr=subprocess.PIPE
    )
    _, errors = await process.communicate()

    assert 2 == process.returncode
    assert "letters of abcdrefghij" in errors.decode()
