"""Commands whose output cannot be written: a full disk, or a pipe that nobody reads."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from caller_terminal import Outcome, Terminal

TO_A_FLOW = ["call", "--to", "+13236550107", "--flow", "SG_1"]


def full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def unread() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


WHY = {full: "No space left on device", unread: "Broken pipe"}

ALONE = {full: f"kaleyra-gateway: the output cannot be written: {WHY[full]}\n", unread: ""}
"""What is told where nothing is lost by it: whoever closed the pipe knows."""


@pytest.fixture(params=[pytest.param(full, id="full disk"), pytest.param(unread, id="unread pipe")])
def output(request: pytest.FixtureRequest) -> Callable[[], int]:
    """Makes what cannot be written to."""
    return request.param


async def run(output: Callable[[], int], *arguments: str, folder: Path) -> Outcome:
    """Runs a command as a process of its own."""
    stdout = output()
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "gateway", *arguments], stdout=stdout, stderr=subprocess.PIPE, cwd=folder
    )
    os.close(stdout)
    _, errors = await process.communicate()
    return Outcome(process.returncode or 0, "", errors.decode())


async def test_a_call_whose_answer_is_not_shown_can_be_repeated(terminal: Terminal, output):
    """The id that was made up is told beside: with a new one, the repeat would ring again."""
    outcome = await run(output, *TO_A_FLOW, "--json", "--server", terminal.server, folder=terminal.folder)
    [request_id] = re.findall(r"--request-id (call-\S+)", outcome.errors)
    repeat = await terminal.run([*TO_A_FLOW, "--json", "--request-id", request_id, "--server", terminal.server])

    assert (1, 1) == (outcome.status, len(outcome.errors.splitlines())), outcome.errors
    assert f"the output cannot be written: {WHY[output]}. " in outcome.errors
    assert (0, True) == (repeat.status, repeat.json["replayed"])
    assert 1 == len(terminal.sandbox.records)


async def test_a_call_that_cannot_be_shown_before_is_not_sent(terminal: Terminal, output):
    """A person sees what is sent, with its id, or nothing is."""
    outcome = await run(output, *TO_A_FLOW, "--server", terminal.server, folder=terminal.folder)

    assert 1 == outcome.status
    assert f"kaleyra-gateway: the output cannot be written: {WHY[output]}. Nothing was sent\n" == outcome.errors
    assert not terminal.sandbox.records


async def test_following_ends_when_it_cannot_be_shown(terminal: Terminal, output):
    """At the first event, and not at the end of the call."""
    await terminal.call(*TO_A_FLOW[1:], "--request-id", "reminder-1")
    watch = ["watch", "--request-id", "reminder-1", "--json", "--server", terminal.server]
    outcome = await run(output, *watch, folder=terminal.folder)

    assert (1, ALONE[output]) == (outcome.status, outcome.errors)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["ledger", "info"], ["calls", "list", "--json"]], ids=" ".join
)
async def test_whatever_cannot_be_shown_is_told_in_a_line(tmp_path, output, arguments):
    """No traceback, and nothing else is blamed."""
    created = await run(lambda: os.open(os.devnull, os.O_WRONLY), "ledger", "create", folder=tmp_path)
    outcome = await run(output, *arguments, folder=tmp_path)

    assert 0 == created.status, created.errors
    assert (1, ALONE[output]) == (outcome.status, outcome.errors)


@pytest.mark.parametrize("arguments", [["--version"], ["call", "--help"]], ids=" ".join)
async def test_without_an_output_at_all_a_command_ends_as_ever(tmp_path, arguments):
    """Closed by whoever started it: there is nothing to write to, and nothing fails."""
    process = await asyncio.create_subprocess_exec(
        *["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "gateway", *arguments],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    _, errors = await process.communicate()

    assert (0, b"") == (process.returncode, errors)
