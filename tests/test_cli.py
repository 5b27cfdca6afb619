"""The command line as a process: what it prints and how it exits."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import __version__

GATEWAY = [sys.executable, "-m", "gateway"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*GATEWAY, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_the_version_is_the_packages():
    """--version prints the one version that the package has."""
    assert f"kaleyra-gateway {__version__}\n" == run("--version").stdout


@pytest.mark.parametrize(
    "command", ["serve", "check", "health", "call", "watch", "calls", "pause", "resume", "ledger", "sandbox", "demo"]
)
def test_every_command_explains_itself(command):
    """The list of commands names each, and each has a help of its own."""
    assert command in run("--help").stdout
    assert 0 == run(command, "--help").returncode


def test_no_command_shows_the_help():
    """A stranger who types only the name learns what there is."""
    outcome = run()

    assert "Usage" in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("listen", ["8090", "localhost:", "localhost:http", "localhost:65536", "localhost:²"])
def test_a_bad_address_is_named_with_the_way_out(listen):
    """--listen says what it wants."""
    outcome = run("sandbox", "--listen", listen)

    assert 2 == outcome.returncode
    assert "127.0.0.1:8090" in outcome.stderr


@pytest.fixture
def sandbox() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox as a process of its own, and its URL."""
    with subprocess.Popen(
        [*GATEWAY, "sandbox", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.search(r"http://\S+\d", first)
        assert found, first
        yield process, found[0]
        process.kill()


def test_the_sandbox_command_serves_and_tells_without_numbers(sandbox):
    """Each request is a line with its verdict; phone numbers stay out of it."""
    process, url = sandbox
    body = b"to=%2B13236550107&target=%5B%7B%22ivr%22%3A%5B%22SG_1%22%5D%7D%5D&custom=C1&delay=901"
    post = urllib.request.Request(f"{url}/v1/HXXXXXXX071US/voice/outbound", body, {"api-key": "sandbox-key"})
    with urllib.request.urlopen(post) as reply:
        answer = json.load(reply)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=60)

    assert "RBC3007" == answer["code"]
    [line] = [line for line in printed.splitlines() if "custom=C1" in line]
    assert "RBC3007" in line
    assert "delay 901 used as 900" in line
    assert "3236550107" not in printed
    assert 0 == process.returncode


def test_a_taken_port_is_a_clear_error(sandbox):
    """A second sandbox on the same port says so and exits."""
    _, url = sandbox
    outcome = run("sandbox", "--listen", url.removeprefix("http://"))

    assert 1 == outcome.returncode
    assert "cannot listen" in outcome.stderr


def test_a_shell_completes_the_commands():
    """What `--install-completion` sets up asks the program for words."""
    environment = os.environ | {
        "_KALEYRA_GATEWAY_COMPLETE": "complete_bash",
        "COMP_WORDS": "kaleyra-gateway ca",
        "COMP_CWORD": "1",
    }
    program = str(Path(sys.executable).with_name("kaleyra-gateway"))
    outcome = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert ["call", "calls"] == outcome.stdout.split()
