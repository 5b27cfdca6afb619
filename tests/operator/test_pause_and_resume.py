"""`pause` and `resume`: nothing is dialed on any replica, from within a second until it is taken back."""

import asyncio
import subprocess
import sys

import faults
import pytest
from gateway_under_test import place_call_request, refusal_of
from operator_terminal import call_of
from served_process import served_process
from waiting import until

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_NOT_SENT
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest

PAUSED = ("PAUSED", "FAILED_PRECONDITION", "NOT_SENT", "REPEAT", None)
A_SECOND = 1.0


def told(error):
    return error.reason, error.code, error.dispatch, error.retry, error.pushback


@pytest.fixture
async def replicas(start_gateway, ledger):
    """As many gateways as one ledger can have."""
    return [await start_gateway(ledger=ledger) for _ in range(2 if ledger["url"].startswith("postgresql") else 1)]


async def test_a_pause_stops_every_replica_within_a_second(replicas, operator, provider):
    """New calls are refused, and leave no record."""
    outcome = await operator("pause", "--reason", "wrong numbers in the batch")
    await asyncio.sleep(A_SECOND)
    errors = [await gateway.place_call_error(requestId="reminder-1") for gateway in replicas]
    missing = [
        await refusal_of(gateway.stub.GetCall(GetCallRequest(request_id="reminder-1"), timeout=60))
        for gateway in replicas
    ]

    assert 0 == outcome.status
    assert "wrong numbers in the batch" in outcome.output
    assert "kaleyra-gateway resume --ledger" in outcome.words
    assert len(replicas) * [PAUSED] == [told(error) for error in errors]
    assert len(replicas) * ["CALL_NOT_FOUND"] == [error.reason for error in missing]
    assert [] == provider.posts


async def test_resume_lets_every_replica_dial_again_within_a_second(replicas, operator):
    """The refused request, sent once more, is placed."""
    await operator("pause", "--reason", "a look at the bridge")
    outcome = await operator("resume")
    await asyncio.sleep(A_SECOND)
    answers = [await gateway.place_call(requestId=f"reminder-{n}") for n, gateway in enumerate(replicas)]

    assert 0 == outcome.status
    assert "Dialing is allowed again" in outcome.output
    assert "a look at the bridge" in outcome.output
    assert len(replicas) * [DISPATCH_ACCEPTED] == [answer.call.dispatch for answer in answers]


async def test_a_pause_survives_a_restart(start_gateway, ledger, operator, provider):
    """A gateway that starts on a paused ledger refuses its first call."""
    first = await start_gateway(ledger=ledger)
    await operator("pause", "--reason", "maintenance")
    await first.gateway.stop()
    second = await start_gateway(ledger=ledger)

    assert PAUSED == told(await second.place_call_error())
    assert [] == provider.posts


async def test_a_pause_keeps_nobody_from_hearing_of_a_recorded_call(start_gateway, ledger, operator, provider):
    """A repeat is answered from its record, and reads go on."""
    gateway = await start_gateway(ledger=ledger)
    placed = await gateway.place_call(requestId="reminder-1")
    await operator("pause", "--reason", "maintenance")
    await asyncio.sleep(A_SECOND)
    repeated = await gateway.place_call(requestId="reminder-1")

    assert (True, placed.call.call_id) == (repeated.replayed, repeated.call.call_id)
    assert DISPATCH_ACCEPTED == (await call_of(gateway, placed.call.call_id)).dispatch
    assert 1 == len(provider.posts)


async def test_a_call_that_waits_for_its_connection_when_the_pause_comes_is_not_sent(
    start_gateway, ledger, operator, provider
):
    """It was recorded, and nobody is dialed; its id is free, and after `resume` the same request is the same call."""
    one_connection = {"max_connections": 1, "connect_timeout": 10, "reply_timeout": 30}
    gateway = await start_gateway(ledger=ledger, provider=one_connection)
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call())
    await provider.arrivals(1)
    second = asyncio.create_task(gateway.place_call_error(requestId="reminder-2"))
    await until(lambda: gateway.gateway.dialer.in_flight == 2)

    await operator("pause", "--reason", "wrong text")
    await until(lambda: gateway.gateway.ledger.pausing.pause is not None)
    provider.release.set()
    await first
    error = await second
    call = await call_of(gateway, error.info.metadata["call_id"])
    posts = len(provider.posts)
    await operator("resume")
    await asyncio.sleep(A_SECOND)
    placed = await gateway.place_call(requestId="reminder-2")

    assert PAUSED == told(error)
    assert (DISPATCH_NOT_SENT, 1) == (call.dispatch, posts)
    assert (call.call_id, False, 2) == (placed.call.call_id, placed.replayed, len(provider.posts))


async def test_pausing_twice_changes_the_reason_and_says_so(start_gateway, ledger, operator):
    """It stays paused since the first time."""
    await start_gateway(ledger=ledger)
    await operator("pause", "--reason", "the first reason")
    since = (await operator("ledger", "info", "--json")).json["pause"]["since"]
    outcome = await operator("pause", "--reason", "the second reason")

    assert {"reason": "the second reason", "since": since} == (await operator("ledger", "info", "--json")).json["pause"]
    assert "the second reason" in outcome.output.splitlines()[1]
    assert "It was paused before; its reason was: the first reason" in outcome.words


async def test_resuming_what_is_not_paused_says_so(start_gateway, ledger, operator):
    """And is no failure: it is what was asked for."""
    await start_gateway(ledger=ledger)
    outcome = await operator("resume")

    assert (0, "Dialing was not paused; nothing changed.") == (outcome.status, outcome.words)


async def test_a_pause_is_mentioned_where_an_operator_looks(start_gateway, ledger, operator):
    """Whoever wonders why nothing is dialed learns it from the list and from the ledger's page."""
    await start_gateway(ledger=ledger)
    await operator("pause", "--reason", "the bridge was stolen")

    assert "the bridge was stolen" in (await operator("calls", "list")).errors
    assert "the bridge was stolen" == (await operator("calls", "list", "--json")).json["pause"]["reason"]
    assert "the bridge was stolen" in (await operator("ledger", "info")).words


async def test_a_pause_beside_a_serving_process(tmp_path, provider):
    """Two processes on one SQLite file: what one writes, the other obeys."""
    async with served_process(provider.url, tmp_path) as served:
        for command, *options in (["pause", "--reason", "maintenance"], ["resume"]):
            await _in_a_process(command, "--config", str(tmp_path / "gateway.toml"), *options)
            await asyncio.sleep(A_SECOND)
            rpc = served.stub.PlaceCall(place_call_request(), timeout=60)
            if command == "pause":
                error = await refusal_of(rpc)
            else:
                answer = await rpc

    assert PAUSED == told(error)
    assert DISPATCH_ACCEPTED == answer.call.dispatch


async def _in_a_process(*arguments):
    command = [sys.executable, "-m", "gateway", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    assert 0 == await process.wait()
