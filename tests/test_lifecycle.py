"""A replica's life as a process: ready, draining, gone; and the exit status that tells how it went."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import faults
import pytest
from gateway_under_test import KEY, SID, place_call_request, refusal_of
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served_process import served_process

ACCOUNT = {"KALEYRA_BASE_URL": "http://127.0.0.1:1", "KALEYRA_SID": SID, "KALEYRA_API_KEY": KEY}
TERM, INT = signal.SIGTERM, signal.SIGINT


@pytest.mark.parametrize("sent", [pytest.param(TERM, id="SIGTERM"), pytest.param(INT, id="SIGINT")])
async def test_a_signal_lets_running_calls_finish(provider, tmp_path, sent):
    """Not ready but alive, new calls refused as OVERLOADED, the running one answered truly, exit status 0."""
    provider.behave(faults.answers_when_released)
    async with served_process(provider.url, tmp_path) as served:
        before = await served.health()
        running = asyncio.ensure_future(served.stub.PlaceCall(place_call_request(), timeout=60))
        await provider.arrivals(1)
        served.process.send_signal(sent)
        await served.turns_not_ready()
        during = await served.health()
        refused = await refusal_of(served.stub.PlaceCall(place_call_request(requestId="test-0000002"), timeout=60))
        provider.release.set()
        answer = await running
        status = await served.exit_status()

    assert [("SERVING", "SERVING"), ("SERVING", "NOT_SERVING")] == [before, during]
    assert ("UNAVAILABLE", "OVERLOADED", "NOT_SENT", "REPEAT") == (
        refused.code,
        refused.reason,
        refused.dispatch,
        refused.retry,
    )
    assert "RBC3007" == answer.call.provider_reply.code
    assert (0, 1) == (status, len(provider.posts))
    assert {"OK": 1} == served.told("stopped")[0]["outcomes"]
    assert [] == [line for line in served.output if not line.startswith("{")]


async def test_nothing_to_wait_for_is_not_waited_for(provider, tmp_path):
    """An idle replica is gone at once, though health watchers still hang on it."""
    async with served_process(provider.url, tmp_path) as served:
        await served.stub.PlaceCall(place_call_request(), timeout=60)
        watch = health_pb2_grpc.HealthStub(served.channel).Watch(health_pb2.HealthCheckRequest(service=""))
        await watch.read()
        began = time.monotonic()
        served.process.send_signal(TERM)
        status = await served.exit_status()

    assert 0 == status
    assert 25 > time.monotonic() - began  # `drain_grace` is 30


async def test_a_call_whose_caller_left_is_waited_for(provider, tmp_path):
    """What was sent is seen through to its verdict, though nobody waits for it any more."""
    provider.behave(faults.answers_when_released)
    async with served_process(provider.url, tmp_path) as served:
        left = served.stub.PlaceCall(place_call_request(), timeout=60)
        await provider.arrivals(1)
        left.cancel()
        served.process.send_signal(TERM)
        await served.turns_not_ready()
        with pytest.raises(TimeoutError):
            await served.exit_status(within=0.5)
        provider.release.set()
        status = await served.exit_status()

    [call] = served.told("call")
    assert 0 == status
    assert ("OK", "gone", "DISPATCH_ACCEPTED") == (call["outcome"], call["caller"], call["dispatch"])


@pytest.mark.parametrize(
    ("settings", "signals", "warning"),
    [
        pytest.param("", [TERM, TERM], "a second signal: stopping at once", id="a second SIGTERM"),
        pytest.param("", [TERM, INT], "a second signal: stopping at once", id="SIGINT after SIGTERM"),
        pytest.param("drain_grace = 0.3", [TERM], "drain_grace has passed; what still runs is cut off", id="time"),
    ],
)
async def test_what_does_not_finish_is_cut_off(provider, tmp_path, settings, signals, warning):
    """A second signal, or the grace limit, ends the process with status 1; the caller learns that nobody knows."""
    provider.behave(faults.never_answers)
    async with served_process(provider.url, tmp_path, settings) as served:
        running = served.stub.PlaceCall(place_call_request(), timeout=60)
        cut = asyncio.ensure_future(refusal_of(running))
        await provider.arrivals(1)
        for number in signals:
            served.process.send_signal(number)
            await served.line("draining")
        status = await served.exit_status()
        error = await cut

    assert 1 == status
    assert 1 == len(served.told(warning))
    assert ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP") == (error.reason, error.dispatch, error.retry)
    [call] = served.told("call")
    assert "ERROR_REASON_OUTCOME_UNKNOWN" == call["outcome"]
    assert [] == [line for line in served.output if not line.startswith("{")]


def started_at(listen, folder):
    """What becomes of a process that cannot listen there."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", "serve"],
        env={"PATH": os.environ["PATH"], "GATEWAY_LISTEN": listen, **ACCOUNT},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_stops_the_start(tmp_path):
    """A process that cannot listen says so as a mistake in its settings, and exits with 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        outcome = started_at(listen, tmp_path)

    assert 2 == outcome.returncode
    assert [
        "kaleyra-gateway: 1 mistake in the settings:",
        f"  listen: {listen} cannot be listened on: Address already in use",
    ] == outcome.stderr.splitlines()[-2:]
