"""The Java client package: its own tests, every case spoken through it, and what its README says."""

import asyncio
import json
import re
import shutil
import subprocess
import textwrap
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from free_ports import free_port, free_ports
from gateway_under_test import ledger_in, running_gateway
from go_programs import ROOT
from java_packages import CLIENT, EXAMPLE, java_client, java_example
from surefire_reports import Reports, reports_of

from gateway import __version__
from gateway.listener import _OPTIONS
from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from voicegateway_client import SERVICE_CONFIG

CONFORMANCE = ROOT / "tests" / "clients" / "java"
CASES = ROOT / "tests" / "cases"
README = (CLIENT / "README.md").read_text()
TESTS = "src/test/java"
WITHIN = 180
"""Seconds after which a program is not going to end."""


@pytest.fixture(scope="module", autouse=True)
def client() -> Reports:
    """The reports of the client's own tests; it is installed."""
    return reports_of(java_client())


@dataclass(frozen=True)
class TlsGateway:
    """A gateway that serves with TLS, and lets in who shows a certificate."""

    address: str
    folder: Path


@pytest.fixture(scope="module")
async def tls_gateway(stand, tmp_path_factory) -> AsyncIterator[TlsGateway]:
    authority, folder = trustme.CA(), tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1")
    # Java reads PKCS#8 only.
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.key").write_bytes(key)
    (folder / "tls.crt").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    authority.cert_pem.write_to_path(folder / "ca.crt")
    tls = {"certificate_file": folder / "tls.crt", "key_file": folder / "tls.key", "client_ca_file": folder / "ca.crt"}
    account = {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}
    async with running_gateway(stand.sandbox, {"tls": tls, "account": account}) as gateway:
        yield TlsGateway(gateway.address, folder)


@pytest.fixture(scope="module")
async def conformance(client, stand, tls_gateway) -> Reports:  # noqa: ARG001 - it must be installed
    """The reports of one run of the cases, and of what else is shown at a running gateway."""
    shutil.rmtree(CONFORMANCE / "target", ignore_errors=True)
    status, output = await stand.run(
        *("mvn", "--batch-mode", "--no-transfer-progress", "test"),
        folder=CONFORMANCE,
        TLS_GATEWAY=tls_gateway.address,
        TLS_AUTHORITY=str(tls_gateway.folder / "ca.crt"),
        TLS_CERTIFICATE=str(tls_gateway.folder / "tls.crt"),
        TLS_KEY=str(tls_gateway.folder / "tls.key"),
    )
    reports = reports_of(CONFORMANCE)
    assert 0 == status or reports.not_passed, output
    return reports


async def test_every_class_of_the_clients_own_tests_is_run(client):
    """Errors, channel, health, repeats, validation and the README's code, in real servers and channels."""
    classes = {file.stem for file in (CLIENT / TESTS).rglob("*Test.java")}

    assert {} == client.not_passed
    assert classes == {name for name, passed in client.passed.items() if passed}


async def test_no_case_fails(conformance):
    """Whatever is not as a case says is named with its file."""
    assert {} == conformance.not_passed


@pytest.mark.parametrize(("folder", "test"), [("calls", "CallsTest"), ("outcomes", "OutcomesTest")])
async def test_every_case_is_run(conformance, folder, test):
    """Each file of the folder is a test that passed, and no other is."""
    files = {file.name for file in (CASES / folder).glob("*.json")}

    assert files
    assert sorted(files) == sorted(name.removeprefix(f"{folder}() ") for name in conformance.passed[test])


async def test_every_invalid_request_is_run(conformance):
    """Each has passed: client and gateway found the violations that it lists."""
    invalid = [each["about"] for each in json.loads((CASES / "invalid_requests.json").read_text())]
    passed = [name.removeprefix("invalidRequests() ") for name in conformance.passed["InvalidRequestsTest"]]

    assert invalid
    assert sorted(invalid) == sorted(passed)


async def test_everything_else_at_the_gateway_is_run(conformance):
    """TLS with certificates, repeats that ring nobody twice, watches, and that the runner notices every difference."""
    classes = {file.stem for file in (CONFORMANCE / TESTS).rglob("*Test.java")}

    cases = {"CallsTest", "OutcomesTest", "InvalidRequestsTest"}
    assert cases | {"RepeatsTest", "RunnerTest", "TlsTest", "WatchTest"} < classes
    assert classes == {name for name, passed in conformance.passed.items() if passed}


# What the package says


async def test_the_service_config_is_that_of_the_other_languages(conformance):  # noqa: ARG001 - it shows the config
    """A channel does the same by itself in each language."""
    assert SERVICE_CONFIG == json.loads((CONFORMANCE / "target" / "service_config.json").read_text())


async def test_the_gateway_takes_its_pings():
    """The channel pings no more often than the gateway allows, which would end the connection otherwise."""
    [channels] = (CLIENT / "src" / "main").rglob("GatewayChannels.java")
    [seconds] = re.findall(r"KEEP_ALIVE_SECONDS = (\d+);", channels.read_text())
    allowed = dict(_OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"]

    assert int(seconds) * 1000 >= 2 * allowed


async def test_the_readmes_dependency_is_the_examples_and_of_this_version():
    """What a reader copies into his pom.xml is what the example builds with."""
    [dependency] = re.findall(r"```xml\n(.*?)```", README, re.DOTALL)
    coordinates = dependency.splitlines(keepends=True)[1:-1]

    assert "".join(coordinates) in (EXAMPLE / "pom.xml").read_text()
    assert [__version__] == re.findall(r"<version>(.*)</version>", dependency)


async def test_every_java_block_of_the_readme_is_compiled_and_run():
    """Each stands in a source that the tests run; the whole program is run by itself."""
    sources = [file.read_text() for folder in (CLIENT, CONFORMANCE) for file in (folder / TESTS).rglob("*.java")]
    blocks = [block for block in java_blocks() if "public class" not in block]

    assert len(blocks) >= 5
    assert [] == [block for block in blocks if not any(stands_in(block, source) for source in sources)]


async def test_the_readmes_way_from_nothing_places_a_call(conformance, stand, tmp_path):
    """The program of the page places a call; a second run is told the same. `java_client` did what comes before."""
    [command] = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert ["mvn", "--file", "/path/to/kaleyra-gateway/clients/java", "install"] == command.split()
    [program] = [block for block in java_blocks() if "public class" in block]
    assert "127.0.0.1:50051" in program
    (tmp_path / "Remind.java").write_text(program.replace("127.0.0.1:50051", stand.gateway))
    java = ("java", "-cp", conformance.class_path, "Remind.java")
    runs = [await stand.run(*java, folder=tmp_path) for _ in range(2)]

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26} DISPATCH_ACCEPTED\n", runs[0][1]), runs[0][1]
    assert runs[0] == runs[1]


# What becomes of a call


@pytest.fixture
def watch_call(client) -> list[str]:  # noqa: ARG001 - it must be installed
    """The command that runs the example that follows a call, but for the gateway's address."""
    [*java, _, jar] = java_example()
    return [*java, "-cp", jar, "com.example.placecall.WatchCall", "--target"]


def receiving(port: int) -> dict[str, Any]:
    """Settings of a gateway that takes reports."""
    account = {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}
    return {"account": account, "receiver": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}}


async def test_the_example_tells_what_becomes_of_each_recipient(watch_call):
    """The sandbox's phones are answered, busy, and answered with a key; each is told, and the program ends."""
    async with Sandbox(speed=100).serve() as sandbox, running_gateway(sandbox, receiving(free_port())) as gateway:
        numbers = "+13236550107,+13236550160,+13236550166"
        async with aclosing(lines_of([*watch_call, gateway.address, "--to", numbers])) as lines:
            told = [line async for line in lines]

    last = {recipient: what for recipient, _, what in (line.partition(": ") for line in told)}
    assert {
        "recipient 1": "RECIPIENT_STATE_ENDED DISPOSITION_ANSWERED",
        "recipient 2": "RECIPIENT_STATE_ENDED DISPOSITION_BUSY",
        "recipient 3": "RECIPIENT_STATE_ENDED DISPOSITION_ANSWERED, pressed 1",
    } == {recipient: what for recipient, what in last.items() if recipient.startswith("recipient")}
    assert "DISPATCH_ACCEPTED" == last["dispatch"]


async def test_a_watch_goes_on_when_the_gateway_is_restarted(watch_call, tmp_path):
    """The gateway drains, and another one takes over; each event is told once, and then the call ends."""
    port, reports = free_ports(2)
    settings = receiving(reports) | ledger_in(tmp_path) | {"listen": f"127.0.0.1:{port}"}
    told: list[str] = []
    sandbox = Sandbox()
    silent = "+13236550173"  # no report comes by itself
    lines = lines_of([*watch_call, f"127.0.0.1:{port}", "--to", silent])
    async with sandbox.serve() as url, AsyncExitStack() as running, aclosing(lines):
        await running.enter_async_context(running_gateway(url, settings))
        async for line in lines:
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


async def lines_of(command: list[str]) -> AsyncGenerator[str]:
    """Runs a program that succeeds, and tells its lines as it prints them."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        async with asyncio.timeout(WITHIN):
            while line := await process.stdout.readline():
                yield line.decode().rstrip("\n")
            assert 0 == await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def report(event: str, sandbox: Sandbox, **variables: str) -> None:
    """Reports an event of the only call to the gateway, as the provider would."""
    [record] = sandbox.records
    [url] = json.loads(record.fields["callback"])[event]["url"]
    known = {"id": "attempt-1", "callee": record.fields["to"].removeprefix("+")} | variables
    filled = re.sub(r"\{\{(\w+)\}\}", lambda found: known.get(found[1], ""), url)
    async with httpx2.AsyncClient(timeout=60) as provider:
        assert 200 == (await provider.get(filled)).status_code


def java_blocks() -> list[str]:
    return re.findall(r"```java\n(.*?)```", README, re.DOTALL)


def stands_in(block: str, source: str) -> bool:
    """Whether a source has these lines, indented as a whole."""
    return any(textwrap.indent(block, " " * indent) in source for indent in range(0, 13, 2))
