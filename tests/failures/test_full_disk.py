"""SQLite's disk is full: nothing is dialed, what is recorded is still read, and freed room is found by itself."""

import asyncio

import faults
import pytest
from gateway_under_test import GatewayUnderTest, refusal_of, running_gateway
from recorded import ID, UNAVAILABLE, dispatch_turns, health, recorded, told, turns
from small_disk import small_disk

from gateway.ledger.sqlite.store import SqliteStore
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_SENDING
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, ListCallsRequest


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """An empty disk of two megabytes. Upkeep does not empty the ledger's log, which would make room on it."""

    async def leaves_it(_store) -> bool:
        return True

    monkeypatch.setattr(SqliteStore, "scrub", leaves_it)
    with small_disk(tmp_path) as mounted:
        yield mounted


@pytest.fixture
async def gateway(start_gateway, disk) -> GatewayUnderTest:
    """A gateway whose ledger is on that disk."""
    return await start_gateway(ledger=disk.ledger)


async def test_a_full_disk_stops_dialing_and_not_reading(gateway, provider, disk):
    """New calls are refused as not recorded; recorded ones are told, listed and replayed; room is found again."""
    first = await gateway.place_call(**ID)
    disk.fill()
    errors = [await gateway.place_call_error(requestId=f"reminder-000{number}") for number in range(3)]
    unready = await health(gateway)
    await asyncio.sleep(0.5)  # reads and failing probes go on meanwhile: they heal nothing
    call, replay = await recorded(gateway), await gateway.place_call(**ID)
    listed = (await gateway.stub.ListCalls(ListCallsRequest(), timeout=60)).calls
    still, posts = await health(gateway), len(provider.posts)
    disk.free()
    await turns(gateway, "SERVING")
    missing = await refusal_of(gateway.stub.GetCall(GetCallRequest(request_id="reminder-0000"), timeout=60))
    placed = await gateway.place_call(requestId="reminder-0000")

    assert [UNAVAILABLE] * 3 == [told(error) for error in errors]
    assert [("SERVING", "NOT_SERVING")] * 2 == [unready, still]
    assert (first.call, first.call, [first.call]) == (call, replay.call, list(listed))
    assert replay.replayed
    assert "CALL_NOT_FOUND" == missing.reason
    assert (False, DISPATCH_ACCEPTED) == (placed.replayed, placed.call.dispatch)
    assert (1, 2) == (posts, len(provider.posts))


async def test_refused_calls_leave_nothing_behind_that_tries_on(gateway, disk):
    """A disk that is full for long costs no memory: what was surely not written need not be given back."""
    disk.fill()
    for number in range(20):
        await gateway.place_call_error(requestId=f"reminder-00{number:02}")

    assert set() == gateway.gateway.ledger.guarded._stubborn


@pytest.mark.usefixtures("early_answers")
async def test_a_disk_that_fills_up_before_the_verdict_is_told_and_caught_up_with(gateway, provider, disk):
    """The caller hears the truth, the record stays SENDING, a repeat waits; freed room brings the verdict in."""
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    disk.fill()
    provider.release.set()
    answer = await calling
    await turns(gateway, "NOT_SERVING")
    during = await recorded(gateway)
    repeat = await gateway.place_call_error(timeout=20, **ID)
    waiting = asyncio.create_task(gateway.place_call(**ID))
    disk.free()
    await turns(gateway, "SERVING")
    await dispatch_turns(gateway, DISPATCH_ACCEPTED)
    again = await waiting

    assert (DISPATCH_ACCEPTED, DISPATCH_SENDING) == (answer.call.dispatch, during.dispatch)
    assert ("REQUEST_IN_PROGRESS", "SENDING") == (repeat.reason, repeat.dispatch)
    assert (True, answer.call.call_id) == (again.replayed, again.call.call_id)
    assert 1 == len(provider.posts)


async def test_a_crash_on_a_full_disk_leaves_an_unknown_outcome(disk, provider):
    """The verdict never got onto the disk: the next start finds a dead owner's call, and never dials it again."""
    provider.behave(faults.answers_when_released)
    async with running_gateway(provider.url, {"ledger": disk.ledger}) as dying:
        calling = asyncio.create_task(dying.place_call(**ID))
        await provider.arrivals(1)
        disk.fill()
        provider.release.set()
        answer = await calling
    disk.free()
    async with running_gateway(provider.url, {"ledger": disk.ledger}) as after:
        error = await after.place_call_error(**ID)

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP") == told(error)[1:4]
    assert 1 == len(provider.posts)


async def test_a_verdict_waits_through_a_drain(disk, provider):
    """A gateway that is told to go waits for the disk, as long as its grace lasts, and leaves the truth behind."""
    provider.behave(faults.answers_when_released)
    async with running_gateway(provider.url, {"ledger": disk.ledger}) as going:
        calling = asyncio.create_task(going.place_call(**ID))
        await provider.arrivals(1)
        disk.fill()
        provider.release.set()
        await calling
        draining = asyncio.create_task(going.gateway.drain())
        await asyncio.sleep(0.3)
        assert not draining.done()
        disk.free()
        assert await draining
    async with running_gateway(provider.url, {"ledger": disk.ledger}) as after:
        again = await after.place_call(**ID)

    assert (True, DISPATCH_ACCEPTED, 1) == (again.replayed, again.call.dispatch, len(provider.posts))
