"""Following calls at a real gateway, with a real receiver, and phones that the sandbox plays."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from free_ports import free_ports
from gateway_under_test import ledger_in, place_call_request, running_gateway
from waiting import until

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from voicegateway.v1.outbound_call_pb2 import DISPOSITION_BUSY, RECIPIENT_STATE_ENDED
from voicegateway_client import CallError, open_aio_channel, place_call_aio, watch_call_aio, watch_calls_aio

EXAMPLE = Path(__file__).parents[3] / "examples" / "python" / "watch_call.py"
ANSWERED, BUSY = "+13236550166", "+13236550160"


def a_call(*numbers: str) -> Any:
    recipients = [{"number": number, "reference": f"patient-{number[-2:]}"} for number in numbers]
    return place_call_request({"recipients": recipients, "ivr": {"flowId": "SG_1"}})


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """Of gateways that share a ledger and their addresses, one after the other."""
    serve, receive = (f"127.0.0.1:{port}" for port in free_ports(2))
    async with Sandbox(speed=60.0).serve() as url:
        yield ledger_in(tmp_path) | {
            "account": {"base_url": url, "sid": DEFAULT_SID, "api_key": DEFAULT_KEY},
            "listen": serve,
            "receiver": {"listen": receive, "public_url": f"http://{receive}"},
        }


async def test_an_account_is_followed_across_a_restart(settings):
    """The gateway drains and another takes its place: each event is told once, in order."""
    told = []
    async with open_aio_channel(settings["listen"]) as channel:
        watch = watch_calls_aio(channel, after_sequence=0, first_wait=0.01)

        async def follow() -> None:
            async for event in watch:
                told.append((event.sequence, event.call_id, event.recipient.state))  # noqa: PERF401 - it is read meanwhile

        following = asyncio.create_task(follow())
        for _ in range(3):
            async with running_gateway("", settings) as gateway:
                placed = await place_call_aio(channel, a_call(ANSWERED), attempts=100, first_wait=0.01)
                ended = (placed.call.call_id, RECIPIENT_STATE_ENDED)
                await until(lambda: ended in {each[1:] for each in told})  # noqa: B023
                await gateway.gateway.drain()
        await watch.aclose()
        await following

    assert list(range(1, len(told) + 1)) == [sequence for sequence, *_ in told]
    assert 3 == len({call_id for _, call_id, _ in told})


async def test_a_call_ends_when_its_phones_do(settings):
    """The history of a late subscriber begins with the call itself, and ends when no phone can ring any more."""
    async with running_gateway("", settings) as gateway, open_aio_channel(gateway.address) as channel:
        placed = await place_call_aio(channel, a_call(BUSY))
        events = [event async for event in watch_call_aio(channel, request_id=placed.call.request_id)]
        again = [event async for event in watch_call_aio(channel, call_id=placed.call.call_id)]

    assert events[0].call.request == placed.call.request
    assert (RECIPIENT_STATE_ENDED, DISPOSITION_BUSY) == (events[-1].recipient.state, events[-1].recipient.disposition)
    assert events == again[: len(events)]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param({"request_id": "never-placed"}, "CALL_NOT_FOUND", id="no call"),
        pytest.param({"request_id": "x"}, "INVALID_REQUEST", id="no id"),
        pytest.param({"request_id": "never-placed", "account": "nobodys"}, "ACCOUNT_NOT_FOUND", id="no account"),
    ],
)
async def test_what_there_is_not_is_not_waited_for(settings, asked, reason):
    """The gateway's answer is raised as it is."""
    async with running_gateway("", settings) as gateway, open_aio_channel(gateway.address) as channel:
        with pytest.raises(CallError) as caught:
            await anext(watch_call_aio(channel, **asked))

    assert f"ERROR_REASON_{reason}" == caught.value.reason_name


async def test_a_position_of_another_ledger_is_refused(settings):
    """The error says which events there are."""
    async with running_gateway("", settings) as gateway, open_aio_channel(gateway.address) as channel:
        await place_call_aio(channel, a_call(BUSY))
        with pytest.raises(CallError) as caught:
            await anext(watch_calls_aio(channel, after_sequence=10**6))

    assert "ERROR_REASON_CURSOR_OUT_OF_RANGE" == caught.value.reason_name
    assert {"oldest_sequence", "newest_sequence"} <= set(caught.value.metadata)


async def test_the_example_follows_a_call(settings):
    """From its beginning, or from where an earlier run was; a position that is unknown is answered with what is."""
    async with running_gateway("", settings) as gateway, open_aio_channel(gateway.address) as channel:
        placed = await place_call_aio(channel, a_call(ANSWERED, BUSY))
        whole = await run(gateway.address, placed.call.call_id)
        rest = await run(gateway.address, placed.call.call_id, "--after", "2")
        now = await run(gateway.address, placed.call.call_id, "--after", "1000000")
        no_call = await run(gateway.address, "01M877T75TZ34YP86YJBAKTDN5")

    assert (0, ["1 DISPATCH_SENDING", "2 DISPATCH_ACCEPTED"]) == (whole[0], whole[1][:2])
    assert (0, whole[1][2:]) == (rest[0], rest[1][: len(whole[1]) - 2])
    assert {"patient-66 ENDED ANSWERED pressed 1", "patient-60 ENDED BUSY"} <= {
        line.partition(" ")[2] for line in whole[1]
    }
    assert (0, ["patient-66 ENDED ANSWERED pressed 1", "patient-60 ENDED BUSY"]) == now
    assert (1, ["reason: ERROR_REASON_CALL_NOT_FOUND"]) == no_call


async def run(target: str, *arguments: str) -> tuple[int, list[str]]:
    """Runs the example; returns its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        "--target",
        target,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().splitlines()
