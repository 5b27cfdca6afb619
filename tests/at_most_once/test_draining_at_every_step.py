"""A server is told to end at each step of a call: by one signal it loses nothing, by two it tells what it knows.

It sends itself the signals at the step, and goes on when its event loop has heard of them.
"""

import asyncio
import signal

import faults
import pytest
from gateway_under_test import place_call_request
from replicas import ID, NOTHING, dispatch, placed, replica, told

from gateway.ledger.store import LedgerUnavailableError

STEPS = ["before reserve", "after reserve", "before finish", "after finish"]


@pytest.mark.parametrize("step", STEPS)
async def test_one_signal_at_a_step_loses_nothing(nursery, provider, ledger, step):
    """The call is placed, written down and answered, and the process exits with 0."""
    async with nursery.child(provider.url, ledger, step, ["SIGTERM"]) as served:
        answer = await placed(served.stub)
        status = await served.exit_status()
    async with replica(provider.url, ledger) as later:
        repeat = await placed(later.stub)

    assert (("OK", False), 0) == (told(answer), status)
    assert ("OK", True) == told(repeat)
    assert answer.call == repeat.call
    assert 1 == len(provider.posts)


async def test_one_signal_while_the_provider_thinks_loses_nothing(nursery, provider, ledger):
    """The verdict is awaited: by the caller who made the call, and by those who wait for it."""
    provider.behave(faults.answers_when_released)
    async with nursery.child(provider.url, ledger) as served:
        first = asyncio.ensure_future(placed(served.stub))
        await provider.arrivals(1)
        waiting = asyncio.ensure_future(placed(served.stub))
        refused = asyncio.ensure_future(placed(served.stub, requestId="reminder-0001"))
        await provider.arrivals(2)
        served.send(signal.SIGTERM)
        await served.turns_callers_away()
        while told(await placed(served.stub, requestId="reminder-0002"))[0] != "OVERLOADED":
            pass
        provider.release.set()
        answers = await asyncio.gather(first, waiting, refused)
        status = await served.exit_status()

    assert [("OK", False), ("OK", True), ("OK", False)] == list(map(told, answers))
    assert 0 == status
    assert 2 == len(provider.posts)


async def test_one_signal_after_the_caller_has_gone_loses_nothing(nursery, provider, ledger):
    """Nobody waits for the verdict but the record: it is awaited and written down before the process ends."""
    provider.behave(faults.answers_when_released)
    async with nursery.child(provider.url, ledger) as served:
        rpc = served.stub.PlaceCall(place_call_request(**ID))
        await provider.arrivals(1)
        rpc.cancel()
        served.send(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(served.exit_status(), 0.5)
        provider.release.set()
        status = await served.exit_status()
    async with replica(provider.url, ledger) as later:
        repeat = await placed(later.stub)

    assert (0, ("OK", True)) == (status, told(repeat))
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    ("step", "answer", "standing", "posts"),
    [
        pytest.param("before reserve", ("LEDGER_UNAVAILABLE", ""), NOTHING, 0, id="before the reservation"),
        pytest.param("after reserve", ("LEDGER_UNAVAILABLE", ""), "NOT_SENT", 0, id="after the reservation's commit"),
        pytest.param("before finish", ("OK", ""), "ACCEPTED", 1, id="before the verdict's commit"),
        pytest.param("after finish", ("OK", ""), "ACCEPTED", 1, id="after the verdict's commit"),
    ],
)
async def test_two_signals_at_a_step_cut_off_what_is_not_sent(nursery, provider, ledger, step, answer, standing, posts):
    """What was not sent never is, and is given back; a verdict that is known is told and written down."""
    async with nursery.child(provider.url, ledger, step, ["SIGTERM", "SIGINT"]) as served:
        told_of = await placed(served.stub)
        status = await served.exit_status()
    before = len(provider.posts)
    async with replica(provider.url, ledger) as later:
        seen = await dispatch(later.stub)
        repeat = await placed(later.stub)

    assert (*answer, 1) == (told(told_of)[0], getattr(told_of, "dispatch", ""), status)
    assert (standing, posts) == (seen, before)
    assert ("OK", standing == "ACCEPTED") == told(repeat)
    assert 1 == len(provider.posts)


async def test_two_signals_while_the_provider_thinks(nursery, provider, ledger):
    """The request has left: nobody can say what became of it, and it is recorded so."""
    provider.behave(faults.answers_when_released)
    async with nursery.child(provider.url, ledger) as served:
        first = asyncio.ensure_future(placed(served.stub))
        await provider.arrivals(1)
        served.send(signal.SIGTERM)
        await served.turns_callers_away()
        while told(await placed(served.stub, requestId="reminder-0002"))[0] != "OVERLOADED":
            pass
        served.send(signal.SIGTERM)
        answer = await first
        status = await served.exit_status()
    async with replica(provider.url, ledger) as later:
        repeat = await placed(later.stub)

    assert (("OUTCOME_UNKNOWN", False), 1) == (told(answer), status)
    assert ("OUTCOME_UNKNOWN", True) == told(repeat)
    assert 1 == len(provider.posts)


async def test_a_verdict_that_could_not_be_written_is_written_before_the_server_ends(provider, ledger):
    """The store fails for a moment, the caller is told the truth, and the server is stopped: the record has it."""
    fails = [True]

    async def fails_and_then_is_slow() -> None:
        if fails:
            fails.clear()
            raise LedgerUnavailableError("SerializationError")
        await asyncio.sleep(0.3)

    async with replica(provider.url, ledger, {"before finish": fails_and_then_is_slow}) as running:
        answer = await placed(running.stub)
    async with replica(provider.url, ledger) as later:
        seen = await dispatch(later.stub)

    assert ("OK", False) == told(answer)
    assert "ACCEPTED" == seen
    assert 1 == len(provider.posts)
