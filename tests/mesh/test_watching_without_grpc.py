"""Following a call from a page and from a shell, through the shipped Envoy."""

import asyncio
import json
import re
import signal
from asyncio import subprocess
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from envoys import LOOPBACK, ROOT, described
from go_programs import needs
from meshes import Mesh, insisting
from replicas import PATIENT, numbered
from reporting_phones import reported
from test_web_callers import program

__all__ = ["program"]

WATCH = "/voicegateway.v1.OutboundCallService/WatchCalls"
ID = numbered(1).request_id
SETTINGS = {"watch": {"heartbeat": 0.5}, "provider": PATIENT}


class Program:
    """A running example that follows a call.

    Attributes:
        lines: What it has printed so far.
    """

    def __init__(self, process: subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def prints(self, *patterns: str) -> None:
        """Waits for lines, one after the other, and nothing between them."""
        assert self.process.stdout is not None
        for pattern in patterns:
            self.lines.append((await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().strip())
            assert re.search(pattern, self.lines[-1]), self.lines

    async def ends(self) -> int:
        """Waits for its end; it prints nothing more."""
        assert self.process.stdout is not None
        assert b"" == await asyncio.wait_for(self.process.stdout.read(), 60)
        return await self.process.wait()


@pytest.fixture(params=["Node.js", "curl"])
async def follows(request, mesh: Mesh) -> AsyncIterator[Callable]:
    """Starts the example of a page, or that of a shell, behind the shipped Envoy."""
    needs("curl", "sh")
    command = [str(ROOT / "examples" / "http" / "watch_call.sh")]
    if request.param == "Node.js":
        command = ["node", str(request.getfixturevalue("program").with_name("watch_call.js"))]
    started: list[subprocess.Process] = []

    async def start(request_id: str) -> Program:
        started.append(
            await asyncio.create_subprocess_exec(
                *command, mesh.url, request_id, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        )
        return Program(started[-1])

    await mesh.front(described, "web.yaml")
    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["told to end", "killed"])
async def test_a_call_is_followed_to_its_end_while_the_gateway_is_replaced(mesh: Mesh, provider, follows, number):
    """Each event is printed once, as it comes, and the program ends with the call."""
    gateway = await mesh.reporting(0, **SETTINGS)
    await mesh.envoy.finds(mesh.ports[0])
    await insisting(mesh.stub, numbered(1))
    url = f"http://{LOOPBACK}:{mesh.receivers[0]}"
    running = await follows(ID)
    await running.prints("1.*DISPATCH_SENDING", "2.*DISPATCH_ACCEPTED")
    assert 200 == await reported(url, provider, "call_start", a_id="1", a_callee="13236550000001")
    await running.prints("3.*RECIPIENT_STATE_RINGING")
    gateway.send(number)
    await gateway.exit_status()
    await mesh.reporting(0, **SETTINGS)
    await mesh.envoy.finds(mesh.ports[0])
    status = await reported(url, provider, "call_end", a_id="1", a_callee="13236550000001", a_status="BUSY")
    await running.prints("4.*RECIPIENT_STATE_ENDED.*DISPOSITION_BUSY")

    assert (200, 0) == (status, await running.ends())


async def test_a_call_that_is_not_there_is_an_end(mesh: Mesh, follows):
    """The gateway's own error is not tried again."""
    await mesh.reporting(0, **SETTINGS)
    await mesh.envoy.finds(mesh.ports[0])
    running = await follows("nobody-8812")
    output, errors = await asyncio.wait_for(running.process.communicate(), 60)

    assert 1 == running.process.returncode
    assert b"ERROR_REASON_CALL_NOT_FOUND" in output + errors


async def test_over_http_1_a_stream_that_breaks_off_ends_as_a_good_one(mesh: Mesh, provider):
    """Lines of JSON, and no word of how it ended: docs/http.md says so, and to use HTTP/2, or to ask for the call."""
    gateway = await mesh.reporting(0, **SETTINGS)
    await mesh.front(described, "web.yaml")
    await mesh.envoy.finds(mesh.ports[0])
    await insisting(mesh.stub, numbered(1))
    async with httpx2.AsyncClient(base_url=mesh.url, trust_env=False, timeout=60) as client:
        refused = await client.post(WATCH, json={"request_id": "nobody-8812"})
        async with client.stream("POST", WATCH, json={"request_id": ID}) as answer:
            lines = answer.aiter_lines()
            told = [json.loads(await anext(lines)) for _ in range(3)]
            gateway.send(signal.SIGTERM)
            rest = [json.loads(line) async for line in lines if line]

    assert [("event", "1"), ("event", "2"), ("heartbeat", "2")] == [
        (kind, value["sequence"]) for each in told for kind, value in each.items()
    ]
    assert [] == [each for each in rest if "heartbeat" not in each]
    assert (200, 404) == (answer.status_code, refused.status_code)
    assert [] == [name for name in answer.headers if name.startswith("grpc-status")]
    assert 1 == len(provider.posts)
