"""A caller leaves at each step of his call: before it is recorded it goes with him, from then on it goes on."""

import asyncio

import faults
import grpc.aio
import pytest
from gateway_under_test import place_call_request
from replicas import ID, NOTHING, Gate, dispatch, placed, replica, told

from gateway.ledger import guarded_store


@pytest.mark.parametrize(
    ("step", "posts", "standing"),
    [
        pytest.param("before reserve", 0, NOTHING, id="before the reservation"),
        pytest.param("after reserve", 1, "ACCEPTED", id="while the reservation is committed"),
        pytest.param("before finish", 1, "ACCEPTED", id="before the verdict's commit"),
        pytest.param("after finish", 1, "ACCEPTED", id="while the verdict is committed"),
    ],
)
async def test_a_caller_cancels_while_the_ledger_is_at_it(provider, ledger, step, posts, standing):
    """Nothing is recorded or sent for one who left before; what is recorded is sent, awaited and written down."""
    gate = Gate()
    async with replica(provider.url, ledger, {step: gate}) as running:
        rpc = running.stub.PlaceCall(place_call_request(**ID))
        await gate.is_reached()
        rpc.cancel()
        await running.heard()
        gate.opened.set()
        await running.gateway.dialer.drain()
        await running.gateway.ledger.guarded.settled()
        seen = await dispatch(running.stub)

        assert (posts, standing) == (len(provider.posts), seen)
    async with replica(provider.url, ledger) as later:
        assert ("OK", standing == "ACCEPTED") == told(await placed(later.stub))
    assert 1 == len(provider.posts)


async def test_a_caller_cancels_while_the_provider_thinks(provider, ledger):
    """The request has left: its verdict is awaited and written down, and a repeat is told."""
    provider.behave(faults.answers_when_released)
    async with replica(provider.url, ledger) as running:
        rpc = running.stub.PlaceCall(place_call_request(**ID))
        await provider.arrivals(1)
        rpc.cancel()
        await running.heard()
        during = await dispatch(running.stub)
        repeat = asyncio.ensure_future(placed(running.stub))
        provider.release.set()

        assert "SENDING" == during
        assert ("OK", True) == told(await repeat)
    assert 1 == len(provider.posts)


# His time passes


@pytest.mark.usefixtures("early_answers")
@pytest.mark.parametrize(
    ("step", "standing"),
    [
        pytest.param("before reserve", NOTHING, id="before the insert"),
        pytest.param("after reserve", "NOT_SENT", id="before its commit is heard of"),
    ],
)
async def test_a_slow_ledger_costs_a_caller_his_answer_and_rings_nobody_later(
    provider, ledger, step, standing, monkeypatch
):
    """He is told in his time that nothing is known; when the ledger comes to it, nothing is sent, the id is free."""
    monkeypatch.setattr(guarded_store, "PATIENCE", 60.0)
    gate = Gate()
    async with replica(provider.url, ledger, {step: gate}) as running:
        error = await placed(running.stub, timeout=20)
        gate.opened.set()
        await running.gateway.dialer.drain()
        await running.gateway.ledger.guarded.settled()
        posts, seen = len(provider.posts), await dispatch(running.stub)
    async with replica(provider.url, ledger) as later:
        repeat = await placed(later.stub)

    assert ("LEDGER_UNAVAILABLE", "", "REPEAT") == (error.reason, error.dispatch, error.retry)
    assert (0, standing) == (posts, seen)
    assert ("OK", False) == told(repeat)
    assert 1 == len(provider.posts)


async def test_a_reservation_that_takes_longer_than_anybody_waits(provider, ledger, monkeypatch):
    """A ledger that does not answer at all is given up on also for a caller without a deadline; nothing is sent."""
    gate = Gate()
    async with replica(provider.url, ledger, {"after reserve": gate}) as running:
        with monkeypatch.context() as hasty:
            hasty.setattr(guarded_store, "PATIENCE", 2.0)
            error = await placed(running.stub)
        await running.gateway.ledger.guarded.settled()
        posts, seen = len(provider.posts), await dispatch(running.stub)

    assert ("LEDGER_UNAVAILABLE", "") == (error.reason, error.dispatch)
    assert (0, "NOT_SENT") == (posts, seen)


async def test_his_time_passes_while_the_provider_thinks(provider, ledger):
    """His own deadline passes; the call goes on, and a repeat is told of it."""
    provider.behave(faults.answers_when_released)
    async with replica(provider.url, ledger) as running:
        rpc = running.stub.PlaceCall(place_call_request(**ID), timeout=3)
        await provider.arrivals(1)
        code = await rpc.code()
        await running.heard()
        provider.release.set()
        repeat = await placed(running.stub)

    assert grpc.StatusCode.DEADLINE_EXCEEDED == code
    assert ("OK", True) == told(repeat)
    assert 1 == len(provider.posts)


@pytest.mark.usefixtures("early_answers")
@pytest.mark.parametrize(
    ("status", "reason", "standing"),
    [
        pytest.param(200, "OK", "ACCEPTED", id="accepted"),
        pytest.param(429, "PROVIDER_THROTTLED", "REJECTED", id="throttled"),
        pytest.param(400, "PROVIDER_REFUSED", "REJECTED", id="refused"),
        pytest.param(500, "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", id="unknown"),
    ],
)
async def test_a_verdict_that_cannot_be_written_in_his_time_is_told_all_the_same(
    provider, ledger, status, reason, standing, monkeypatch
):
    """The truth is told, and the write goes on: the record says the same when it can."""
    monkeypatch.setattr(guarded_store, "PATIENCE", 120.0)
    if status != 200:
        provider.reply({}, status)
    gate = Gate()
    async with replica(provider.url, ledger, {"before finish": gate}) as running:
        answer = await placed(running.stub, timeout=60)
        during = await dispatch(running.stub)
        gate.opened.set()
        await running.gateway.dialer.drain()
        await running.gateway.ledger.guarded.settled()
        after = await dispatch(running.stub)

    assert (reason, False) == told(answer)
    assert ("SENDING", standing) == (during, after)
    assert 1 == len(provider.posts)


async def test_a_verdict_that_the_store_gives_up_on_is_written_later(provider, ledger, monkeypatch):
    """A commit that never ends is given up on, the truth is told, and the next try writes it."""
    gate = Gate()
    async with replica(provider.url, ledger, {"before finish": gate}) as running:
        with monkeypatch.context() as hasty:
            hasty.setattr(guarded_store, "PATIENCE", 2.0)
            answer = await placed(running.stub)
        during = await dispatch(running.stub)
        gate.opened.set()
        await running.gateway.ledger.guarded.settled()
        after = await dispatch(running.stub)
        repeat = await placed(running.stub)

    assert (("OK", False), ("OK", True)) == (told(answer), told(repeat))
    assert ("SENDING", "ACCEPTED") == (during, after)
    assert 1 == len(provider.posts)
