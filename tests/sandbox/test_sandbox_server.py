"""How a sandbox is built, served and stopped."""

import asyncio
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from time import monotonic

import httpx2
import pytest
import uvloop
from free_ports import free_port
from sandbox_forms import KEY, PATH, fields

from gateway.sandbox import Account, Sandbox
from gateway.sandbox.answer import Delivery
from gateway.sandbox.delivery import RESPONSE_BY_DELIVERY
from gateway.sandbox.envelope import MESSAGE_BY_CODE


async def post(base_url, path=PATH, headers=KEY, **changes):
    async with httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
        return await client.post(path, data=fields(**changes), headers=headers)


async def test_it_is_served_where_it_says():
    """Port 0 takes a free port, and the base URL tells which."""
    expected = {"status": "ok"}

    async with Sandbox().serve() as base_url, httpx2.AsyncClient(timeout=60) as client:
        reply = await client.get(f"{base_url}/healthz")

    assert base_url.startswith("http://127.0.0.1:")
    assert expected == reply.json()


@pytest.mark.parametrize(
    ("host", "start"),
    [
        pytest.param("0.0.0.0", "http://127.0.0.1:", id="every IPv4 address"),
        pytest.param("::1", "http://[::1]:", id="IPv6"),
        pytest.param("::", "http://[::1]:", id="every IPv6 address"),
    ],
)
async def test_the_base_url_can_be_reached(host, start):
    """The base URL is one that a client on this machine can use."""
    async with Sandbox().serve(host) as base_url:
        reply = await post(base_url)

    assert base_url.startswith(start)
    assert reply.is_success


async def test_an_address_in_use_is_an_error():
    """A port that is taken raises, and does not end the process."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with Sandbox().serve("127.0.0.1", taken.getsockname()[1]):
            pass


async def test_it_stops_with_its_context():
    """After the context nobody listens, and the port can be used again."""
    sandbox, port = Sandbox(), free_port()
    async with httpx2.AsyncClient(timeout=60) as client:
        async with sandbox.serve(port=port) as base_url:
            await client.get(f"{base_url}/healthz")

        with pytest.raises(httpx2.ConnectError):
            await post(base_url)
        async with sandbox.serve(port=port) as again:
            assert base_url == again


@pytest.mark.parametrize(
    "number", [pytest.param("+13236550150", id="no answer"), pytest.param("+13236550151", id="late answer")]
)
async def test_it_stops_under_a_request_that_waits(number):
    """A held connection is cut, and does not hold up the end."""
    arrived = asyncio.Event()
    sandbox = Sandbox(on_record=lambda _: arrived.set(), late_seconds=60)
    async with sandbox.serve() as base_url:
        held = asyncio.create_task(post(base_url, to=number))
        await arrived.wait()
        began = monotonic()

    assert monotonic() - began < 20
    with pytest.raises(httpx2.TransportError):
        await held


async def test_it_stops_under_a_request_that_is_still_sent(caplog):
    """A client that never ends its body is cut off too, without a word in the log, and is not recorded."""
    sandbox = Sandbox()
    async with sandbox.serve() as base_url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base_url.rpartition(":")[2]))
        writer.write(f"POST {PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nto=".encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        began = monotonic()

    assert monotonic() - began < 20
    assert await reader.read() == b""
    assert not sandbox.records
    assert not caplog.records
    writer.close()


@pytest.mark.parametrize("number", [f"+132365501{last}" for last in (41, 50, 52, 53)])
async def test_a_fault_leaves_no_trace_in_the_log(caplog, number):
    """What a magic number breaks on purpose is not logged as a mistake, and no request is logged at all."""
    caplog.set_level("INFO", logger="uvicorn")

    async with Sandbox().serve() as base_url, httpx2.AsyncClient(base_url=base_url, timeout=0.2) as client:
        await asyncio.gather(client.post(PATH, data=fields(to=number), headers=KEY), return_exceptions=True)

    assert not [record for record in caplog.records if record.name != "uvicorn.error" or record.levelname != "INFO"]


async def test_signals_are_left_alone():
    """Serving installs no signal handlers."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    async with Sandbox().serve():
        during = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    assert before == during


async def test_an_error_inside_the_context_comes_through():
    """What a test raises is not swallowed, and the server stops all the same."""
    with pytest.raises(LookupError):
        async with Sandbox().serve() as base_url:
            raise LookupError

    with pytest.raises(httpx2.ConnectError):
        await post(base_url)


async def test_two_sandboxes_share_nothing():
    """Each has its own accounts and records."""
    verdicts_of_one, verdicts_of_other = ["RBC3007"], ["HTTP 404", "RBC3007", "RBC3007"]
    one, other = Sandbox(), Sandbox(accounts=[Account("HOTHER", frozenset({"old-key", "new-key"}))])
    async with one.serve() as one_url, other.serve() as other_url:
        await post(one_url)
        await post(other_url)
        await post(other_url, "/v1/HOTHER/voice/outbound", {"api-key": "old-key"})
        await post(other_url, "/v1/HOTHER/voice/outbound", {"api-key": "new-key"})

    assert verdicts_of_one == [record.verdict for record in one.records]
    assert verdicts_of_other == [record.verdict for record in other.records]


async def test_a_key_opens_its_own_account_only():
    """The key of one account is none of another."""
    verdicts = ["RBC3007", "RBC201"]
    sandbox = Sandbox(accounts=[Account("HONE", frozenset({"one"})), Account("HTWO", frozenset({"two"}))])
    async with sandbox.serve() as base_url:
        await post(base_url, "/v1/HONE/voice/outbound", {"api-key": "one"})
        await post(base_url, "/v1/HONE/voice/outbound", {"api-key": "two"})

    assert verdicts == [record.verdict for record in sandbox.records]


async def test_the_clock_is_the_one_passed_in():
    """Times are judged and stamped by the sandbox's clock."""
    then = datetime(2031, 5, 1, 12, tzinfo=UTC)
    sandbox = Sandbox(now=lambda: then)
    async with sandbox.serve() as base_url:
        reply = await post(base_url, time=(then + timedelta(minutes=20)).isoformat())

    assert reply.json()["code"] == "RBC3007"
    assert [then] == [record.arrived for record in sandbox.records]


async def test_an_answer_leaves_in_one_go():
    """No answer waits for the client to acknowledge its beginning, which would take 40 ms each."""
    async with Sandbox().serve() as base_url, httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
        took = []
        for _ in range(60):
            began = monotonic()
            await client.post(PATH, data=fields(), headers=KEY)
            took.append(monotonic() - began)

    assert min(took[20:]) < 0.03  # the bug costs each of these 40 ms, and a busy machine not every one of them


@pytest.mark.parametrize("number", ["+13236550152", "+13236550153"])
async def test_another_server_says_that_it_cannot_break_a_connection(number):
    """Where the app runs without the sandbox's own server, a broken connection is answered 501."""
    expected = (501, "This answer needs the sandbox's own server.")
    transport = httpx2.ASGITransport(Sandbox().app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        reply = await client.post(PATH, data=fields(to=number), headers=KEY)

    assert expected == (reply.status_code, reply.text)


def test_it_runs_under_uvloop_too():
    """Broken connections break under the gateway's own event loop as well."""

    async def break_one():
        async with Sandbox().serve() as base_url:
            with pytest.raises(httpx2.ReadError):
                await post(base_url, to="+13236550153")
            with pytest.raises(httpx2.RemoteProtocolError):
                await post(base_url, to="+13236550152")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(break_one())


def test_it_is_independent_of_the_gateway_and_light():
    """It shares no code with what is tested against it, and does not wait for grpc or pydantic to load."""
    program = "import sys, gateway.sandbox; print(*sorted(sys.modules))"

    modules = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    ours = [name for name in modules if name.startswith("gateway.")]

    assert ours
    assert all(name.startswith("gateway.sandbox") for name in ours)
    assert not {"grpc", "pydantic", "google", "voicegateway"} & set(modules)


def test_every_delivery_is_played():
    """The table of deliveries is complete."""
    assert set(Delivery) == RESPONSE_BY_DELIVERY.keys()


def test_every_code_of_the_page_has_its_message():
    """The eight codes of the page, and the one that is on none."""
    codes = "RBC3007 RBC201 RBC3004 RBC3108 RBC3109 RBC3114 RBC3115 RBC3119 RBC9999"

    assert set(codes.split()) == MESSAGE_BY_CODE.keys()
