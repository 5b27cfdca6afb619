"""The examples in Python, Go and Java, run as their readers run them, against a gateway and the sandbox."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gateway_under_test import running_gateway
from java_packages import java_example

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

EXAMPLES = Path(__file__).parent.parent / "examples"


def needs(*programs: str) -> None:
    """Skips where a program is not installed; under CI that is a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def build(command: list[str], folder: Path) -> None:
    """Runs a build, and shows what it said when it fails."""
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert 0 == outcome.returncode, outcome.stdout + outcome.stderr


@pytest.fixture(scope="module")
def python() -> list[str]:
    return [sys.executable, str(EXAMPLES / "python" / "place_call.py")]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    needs("go")
    program = tmp_path_factory.mktemp("go") / "place_call"
    build(["go", "vet", "./..."], EXAMPLES.parent / "generated" / "go")
    build(["go", "vet", "./..."], EXAMPLES / "go")
    build(["go", "build", "-o", str(program), "."], EXAMPLES / "go")
    return [str(program)]


@pytest.fixture(scope="module")
def java() -> list[str]:
    return java_example()


@pytest.fixture
async def sandbox() -> AsyncIterator[str]:
    """The sandbox's URL."""
    async with Sandbox().serve() as url:
        yield url


@pytest.fixture
async def address(sandbox: str) -> AsyncIterator[str]:
    """The address of a gateway in front of the sandbox."""
    account = {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}
    async with running_gateway(sandbox, {"account": account}) as gateway:
        yield gateway.address


async def run(command: list[str]) -> tuple[int, dict[str, str]]:
    """Runs a program, and reads the `key: value` lines that it prints."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    lines = (line.partition(": ") for line in output.decode().splitlines())
    return process.returncode or 0, {key: value for key, _, value in lines}


@pytest.fixture(params=["python", "go", "java"])
def example(request: pytest.FixtureRequest) -> list[str]:
    """The example program in each language, built."""
    return request.getfixturevalue(request.param)


async def test_an_example_places_a_call(example, address):
    """Ten lines of a caller's own and the stubs are enough to place a call."""
    status, said = await run([*example, "--target", address])

    assert (0, "DISPATCH_ACCEPTED") == (status, said["dispatch"])
    assert 26 == len(said["call_id"])


@pytest.mark.parametrize(
    ("arguments", "reason", "dispatch", "retry"),
    [
        pytest.param(["--to", "0"], "INVALID_REQUEST", "NOT_SENT", "CORRECT", id="a broken rule"),
        pytest.param(["--flow", "SG_missing"], "FLOW_NOT_FOUND", "REJECTED", "NEW_REQUEST_ID", id="refused"),
        pytest.param(["--to", "+13236550142"], "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", id="unknown"),
    ],
)
async def test_an_example_reads_reason_dispatch_and_advice(example, address, arguments, reason, dispatch, retry):
    """Each language reads from the error what happened to the phone and what to do next."""
    status, said = await run([*example, "--target", address, *arguments])

    assert 1 == status
    assert f"ERROR_REASON_{reason}" == said["reason"]
    assert f"DISPATCH_{dispatch}" == said["dispatch"]
    assert f"RETRY_ADVICE_{retry}" == said["retry"]
    assert ("violation" in said) == (reason == "INVALID_REQUEST")


async def test_an_example_does_not_take_a_foreign_error_for_the_gateways(example):
    """A status without our ErrorInfo says nothing about the phone."""
    status, said = await run([*example, "--target", "127.0.0.1:1"])

    assert (1, "unknown") == (status, said["dispatch"])


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        pytest.param([], [sys.executable, "-m", "pytest", "-q", "python/test_reminders.py"], id="python"),
        pytest.param(["go"], ["go", "-C", "go", "test", "-count=1", "./..."], id="go"),
        pytest.param(["java", "mvn"], ["mvn", "--quiet", "--batch-mode", "-f", "java", "test"], id="java"),
    ],
)
async def test_a_callers_tests_pass_against_the_sandbox(programs, command, address, sandbox):
    """The tests that the page shows for a caller in each language run as they stand."""
    needs(*programs)
    if "java" in programs:
        java_example()
    environment = os.environ | {"GATEWAY": address, "SANDBOX": sandbox}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=EXAMPLES, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()

    assert 0 == process.returncode, output.decode()
