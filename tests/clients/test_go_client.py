"""The Go client package: its own tests, every case spoken through it, and a module that depends on it."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from free_ports import free_ports
from gateway_under_test import ledger_in, running_gateway
from go_programs import ROOT, needs

from gateway import __version__
from gateway.listener import _OPTIONS
from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from voicegateway_client.channel import SERVICE_CONFIG

PACKAGE = ROOT / "clients" / "go"
CONFORMANCE = ROOT / "tests" / "clients" / "go"
CASES = ROOT / "tests" / "cases"
README = (PACKAGE / "README.md").read_text()


@pytest.fixture(scope="module", autouse=True)
def _go() -> None:
    needs("go")


async def run(*command: str, folder: Path) -> str:
    """Runs a program that must succeed; returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert 0 == process.returncode, output.decode()
    return output.decode()


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(PACKAGE, id="the package"),
        pytest.param(CONFORMANCE, id="the runner of the cases"),
        pytest.param(ROOT / "examples" / "go", id="the examples"),
    ],
)
async def test_the_code_is_formatted_and_vetted(module):
    """`gofmt`, `go vet` and `go mod tidy` have nothing to say."""
    gofmt = Path((await run("go", "env", "GOROOT", folder=module)).strip()) / "bin" / "gofmt"
    assert "" == await run(str(gofmt), "-l", ".", folder=module)
    await run("go", "vet", "./...", folder=module)
    await run("go", "mod", "tidy", "-diff", folder=module)


async def test_the_packages_own_tests_pass():
    """Examples, the blocks of its README, and behaviour against real servers."""
    await run("go", "test", "-count=1", "./...", folder=PACKAGE)


# The cases, run once


@dataclass
class Run:
    """What `go test -json` told of each test."""

    output: str
    verdicts: dict[str, str] = field(default_factory=dict)

    def passed(self, test: str) -> set[str]:
        """The names of the subtests that passed."""
        below = f"{test}/"
        return {
            name.removeprefix(below)
            for name, verdict in self.verdicts.items()
            if name.startswith(below) and verdict == "pass"
        }


@pytest.fixture(scope="module")
async def conformance(stand) -> Run:
    command = ["go", "test", "-json", "-count=1", "./..."]
    _, output = await stand.run(*command, folder=CONFORMANCE, SERVICE_CONFIG=json.dumps(SERVICE_CONFIG))
    told = Run(output)
    for line in output.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("Action") in {"pass", "fail", "skip"}:
            told.verdicts[event.get("Test", "")] = event["Action"]
    return told


async def test_nothing_fails_or_is_skipped(conformance):
    """Whatever is not as a case says is named with its file."""
    failed = [name for name, verdict in conformance.verdicts.items() if verdict != "pass"]
    said = "\n".join(re.findall(r'"Output":"(\s+\S+\.go:.*?)\\n"', conformance.output)) or conformance.output

    assert [] == failed, said
    assert "pass" == conformance.verdicts.get(""), conformance.output


@pytest.mark.parametrize(("folder", "test"), [("calls", "TestCases"), ("outcomes", "TestOutcomes")])
async def test_every_case_is_run(conformance, folder, test):
    """Each file of the folder is a test that passed, and no other is."""
    files = {file.stem for file in (CASES / folder).glob("*.json")}

    assert files
    assert files == conformance.passed(test)


async def test_every_invalid_request_is_run(conformance):
    """Each has passed: client and gateway found the violations that it lists."""
    invalid = json.loads((CASES / "invalid_requests.json").read_text())
    numbers = [int(name[:3]) for name in conformance.passed("TestInvalidRequests")]

    assert list(range(len(invalid))) == sorted(numbers)


@pytest.mark.parametrize(
    "test",
    [
        pytest.param("TestTheServiceConfigIsThatOfTheOtherLanguages", id="one service config in all languages"),
        pytest.param("TestTheLibraryRepeatsWhatTheGatewayAllows", id="the library repeats what is UNAVAILABLE"),
        pytest.param("TestACallIsPlacedAgainUntilItIsAnswered", id="a repeat rings nobody twice"),
        pytest.param("TestAWatchTellsOfACallThatNobodyWasDialedFor", id="a refused call is told, and ends"),
        pytest.param("TestAWatchOnWhatThereIsNotEnds", id="what there is not is not watched"),
        pytest.param("TestAnAccountIsWatchedFromItsOldestEventOn", id="an account is watched"),
        pytest.param("TestACaseWithAnyOtherExpectationFails", id="a case with another expectation fails"),
        pytest.param("TestAKeyThatNobodyKnowsFails", id="a key that nobody knows fails"),
        pytest.param("TestAStreamThatDoesNotEndFails", id="a stream that does not end fails"),
        pytest.param("TestEventsAreToldInTheirOrder", id="events out of order fail"),
        pytest.param("TestEachRecipientHasAnOrderOfItsOwn", id="what is told of recipients is compared"),
        pytest.param("TestSequencesGrow", id="a sequence that is repeated fails"),
    ],
)
async def test_a_fact_was_shown(conformance, test):
    """What the runner shows beside the cases."""
    assert "pass" == conformance.verdicts.get(test), conformance.output


# What the package says


def test_the_version_is_the_gateways():
    """The package is released with the gateway, under one version."""
    assert f'const Version = "{__version__}"' in (PACKAGE / "voicegateway" / "version.go").read_text()


def test_the_gateway_takes_its_pings():
    """The channel pings no more often than the gateway allows, which would end the connection otherwise."""
    [seconds] = re.findall(r"keepaliveTime += (\d+) \* time.Second", (PACKAGE / "voicegateway/channel.go").read_text())
    allowed = dict(_OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"]

    assert int(seconds) * 1000 >= 2 * allowed


async def test_the_readmes_way_from_nothing_places_a_call(stand, tmp_path):
    """A new module that does what the page says, step by step, places a call; a second run is told the same call."""
    [program] = [block for block in re.findall(r"```go\n(.*?)```", README, re.DOTALL) if "package main" in block]
    [commands] = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert "127.0.0.1:50051" in program
    assert "/path/to/kaleyra-gateway" in commands
    (tmp_path / "main.go").write_text(program.replace("127.0.0.1:50051", stand.gateway))
    script = "set -e\n" + commands.replace("/path/to/kaleyra-gateway", str(ROOT))

    first = await run("bash", "-c", script, folder=tmp_path)
    second = await run("go", "run", ".", folder=tmp_path)

    assert re.search(r"^[0-9A-HJKMNP-TV-Z]{26} DISPATCH_ACCEPTED$", first, re.MULTILINE)
    assert first.splitlines()[-1] == second.splitlines()[-1]


# What becomes of a call


@pytest.fixture(scope="module")
async def watch(tmp_path_factory) -> str:
    """The example that follows a call."""
    program = tmp_path_factory.mktemp("watch") / "watch"
    await run("go", "build", "-o", str(program), "./watch", folder=ROOT / "examples" / "go")
    return str(program)


def receiving(folder: Path) -> dict[str, Any]:
    """Settings of gateways that take reports, and share a ledger and their addresses, one after the other."""
    listen, reports = (f"127.0.0.1:{port}" for port in free_ports(2))
    return ledger_in(folder) | {
        "listen": listen,
        "account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY},
        "receiver": {"listen": reports, "public_url": f"http://{reports}"},
    }


async def lines_of(*command: str) -> AsyncIterator[str]:
    """Runs a program that succeeds, and tells its lines as it prints them."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    async for line in process.stdout:
        yield line.decode().rstrip("\n")
    assert 0 == await process.wait()


async def report(event: str, sandbox: Sandbox, **variables: str) -> None:
    """Tells the gateway of the only call, as the provider would."""
    [record] = sandbox.records
    [url] = json.loads(record.fields["callback"])[event]["url"]
    known = {"id": "attempt-1", "callee": record.fields["to"].removeprefix("+")} | variables
    filled = re.sub(r"\{\{(\w+)\}\}", lambda found: known.get(found[1], ""), url)
    async with httpx2.AsyncClient(timeout=60) as provider:
        assert 200 == (await provider.get(filled)).status_code


async def test_the_example_tells_what_becomes_of_each_recipient(watch, tmp_path):
    """Phones of the sandbox are busy, and answered with a key; the program ends when the call does."""
    async with Sandbox(speed=100).serve() as url, running_gateway(url, receiving(tmp_path)) as gateway:
        told = [line async for line in lines_of(watch, "-target", gateway.address, "-to", "+13236550160,+13236550166")]

    assert ["dispatch: DISPATCH_SENDING", "dispatch: DISPATCH_ACCEPTED"] == told[1:3]
    last = {recipient: what for recipient, _, what in (line.partition(": ") for line in told[3:])}
    assert {
        "recipient 1": "RECIPIENT_STATE_ENDED DISPOSITION_BUSY",
        "recipient 2": "RECIPIENT_STATE_ENDED DISPOSITION_ANSWERED, pressed 1",
    } == last


async def test_a_watch_goes_on_at_the_gateway_that_takes_over(watch, tmp_path):
    """A gateway drains while the phone rings, and another takes its place: each event is told once, to the end."""
    sandbox, settings, told = Sandbox(), receiving(tmp_path), []
    async with sandbox.serve() as url, AsyncExitStack() as running:
        gateway = await running.enter_async_context(running_gateway(url, settings))
        silent = "+13236550173"  # reports nothing by itself
        async for line in lines_of(watch, "-target", gateway.address, "-to", silent):
            told.append(line)
            if line.endswith("DISPATCH_ACCEPTED"):
                await report("call_start", sandbox)
            if line.endswith("RINGING"):
                await running.aclose()
                await running.enter_async_context(running_gateway(url, settings))
                await report("call_end", sandbox, status="BUSY")

    assert [
        "dispatch: DISPATCH_SENDING",
        "dispatch: DISPATCH_ACCEPTED",
        "recipient 1: RECIPIENT_STATE_RINGING",
        "recipient 1: RECIPIENT_STATE_ENDED DISPOSITION_BUSY",
    ] == told[1:]
