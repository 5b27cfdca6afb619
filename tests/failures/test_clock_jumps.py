"""The ledger's clock jumps while calls run: outcomes may be unknown early, and nothing is ever dialed twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import faults
import pytest
import time_machine
from faulty_store import gateway_on
from raw_provider import ACCEPTED, reply
from recorded import ID, dispatch_turns, recorded

from gateway.ledger.postgresql.store import PostgresqlStore
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    RESOLUTION_SOURCE_REPLY,
)

PATIENT = {"provider": {"connect_timeout": 10.0, "reply_timeout": 60.0}}
NO_DEADLINE = {"timeout": None}
"""A caller's library goes by the same clock, where a test jumps with it."""

THROTTLED = {"code": "RBC201", "message": "", "data": [], "error": {}}
JUMPS = [
    pytest.param(timedelta(days=1), id="a day forward"),
    pytest.param(timedelta(minutes=5), id="five minutes forward"),
    pytest.param(timedelta(minutes=-5), id="five minutes backward"),
    pytest.param(timedelta(days=-1), id="a day backward"),
]


class Clock:
    """How far a ledger's clock is from what it was."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def jump(self, jump: timedelta) -> None:
        self.ahead += jump


class WallClock:
    """The machine's clock, which SQLite's ledger goes by."""

    def __init__(self, travelling) -> None:
        self._travelling = travelling

    def jump(self, jump: timedelta) -> None:
        self._travelling.shift(jump)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
async def kept(request, start_gateway, provider, tmp_path):
    """A gateway on a ledger of each kind, and the clock of that ledger."""
    if request.param == "PostgreSQL":
        clock = Clock()
        store = PostgresqlStore(request.getfixturevalue("database"), create=True, ahead=lambda: clock.ahead)
        async with gateway_on(store, provider.url, PATIENT) as gateway:
            yield gateway, clock
        return
    gateway = await start_gateway(**PATIENT, ledger={"url": f"sqlite:///{tmp_path}/ledger.db"})
    with time_machine.travel(datetime.now(UTC), tick=True) as travelling:
        yield gateway, WallClock(travelling)


@pytest.mark.parametrize("jump", JUMPS)
async def test_the_verdict_of_a_call_wins_whatever_the_clock_did_meanwhile(kept, provider, jump):
    """A jump between the POST and its verdict loses nothing: the caller hears it, and so does whoever repeats."""
    gateway, clock = kept
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(**ID, **NO_DEADLINE))
    await provider.arrivals(1)
    clock.jump(jump)
    if jump > timedelta(0):
        await dispatch_turns(gateway, DISPATCH_OUTCOME_UNKNOWN)
    provider.release.set()
    answer = await calling
    again = await gateway.place_call(**ID, **NO_DEADLINE)

    assert (False, DISPATCH_ACCEPTED) == (answer.replayed, answer.call.dispatch)
    assert (True, answer.call) == (again.replayed, again.call)
    assert 1 == len(provider.posts)


async def test_a_repeat_after_a_jump_forward_is_told_of_the_unknown_outcome_and_later_of_the_verdict(kept, provider):
    """While nobody knows, the id is kept; the late verdict is the truth, and says that it came late."""
    gateway, clock = kept
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(**ID, **NO_DEADLINE))
    await provider.arrivals(1)
    clock.jump(timedelta(hours=1))
    await dispatch_turns(gateway, DISPATCH_OUTCOME_UNKNOWN)
    error = await gateway.place_call_error(**ID, **NO_DEADLINE)
    provider.release.set()
    await calling
    call = await recorded(gateway)

    assert ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP") == (error.reason, error.dispatch, error.retry)
    assert (DISPATCH_ACCEPTED, RESOLUTION_SOURCE_REPLY) == (call.dispatch, call.resolution.source)
    assert 1 == len(provider.posts)


async def test_what_was_unknown_once_is_never_free(kept, provider):
    """A refusal that would leave the id free comes after a jump made it unknown: the id is spent."""
    gateway, clock = kept
    provider.behave(faults.answers_when_released_with(THROTTLED))
    calling = asyncio.create_task(gateway.place_call_error(**ID, **NO_DEADLINE))
    await provider.arrivals(1)
    clock.jump(timedelta(hours=1))
    await dispatch_turns(gateway, DISPATCH_OUTCOME_UNKNOWN)
    provider.release.set()
    first = await calling
    provider.reply(ACCEPTED)
    again = await gateway.place_call_error(**ID, **NO_DEADLINE)
    call = await recorded(gateway)

    assert DISPATCH_REJECTED == call.dispatch
    assert [("PROVIDER_CREDENTIALS_REJECTED", "REJECTED", "NEW_REQUEST_ID")] * 2 == [
        (error.reason, error.dispatch, error.retry) for error in (first, again)
    ]
    assert 1 == len(provider.posts)


@pytest.mark.parametrize("jump", JUMPS)
async def test_an_accepted_call_is_remembered_whatever_the_clock_says(kept, provider, jump):
    """Neither a day more nor a day less makes a repeat a new call."""
    gateway, clock = kept
    first = await gateway.place_call(**ID, **NO_DEADLINE)
    clock.jump(jump)
    again = await gateway.place_call(**ID, **NO_DEADLINE)

    assert (True, first.call) == (again.replayed, again.call)
    assert 1 == len(provider.posts)


async def test_a_free_id_waits_for_its_clock_after_a_jump_backward(kept, provider):
    """By that clock the repeat comes before the outcome: it is answered with it. Refusing to dial is the safe side."""
    gateway, clock = kept
    provider.behave(faults.says(reply(THROTTLED)))
    await gateway.place_call_error(**ID, **NO_DEADLINE)
    provider.reply(ACCEPTED)
    clock.jump(timedelta(hours=-1))
    early = await gateway.place_call_error(**ID, **NO_DEADLINE)
    posts = len(provider.posts)
    clock.jump(timedelta(hours=1, seconds=1))
    answer = await gateway.place_call(**ID, **NO_DEADLINE)

    assert ("PROVIDER_CREDENTIALS_REJECTED", "true") == (early.reason, early.info.metadata["replayed"])
    assert (1, 2) == (posts, len(provider.posts))
    assert not answer.replayed


async def test_waiters_are_answered_once_whatever_the_clock_does(kept, provider):
    """Jumps to and fro while many wait: one POST, one call, and every answer is true of it."""
    gateway, clock = kept
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call(**ID, **NO_DEADLINE))
    await provider.arrivals(1)
    repeats = [asyncio.create_task(gateway.place_call(**ID, **NO_DEADLINE)) for _ in range(5)]
    for jump in (timedelta(hours=-2), timedelta(hours=1), timedelta(hours=-1)):
        clock.jump(jump)
        await asyncio.sleep(0.25)
        repeats.append(asyncio.create_task(gateway.place_call(**ID, **NO_DEADLINE)))
    provider.release.set()
    answer, answers = await first, await asyncio.gather(*repeats)

    assert {answer.call.call_id} == {each.call.call_id for each in answers}
    assert {DISPATCH_ACCEPTED} == {each.call.dispatch for each in answers}
    assert 1 == len(provider.posts)
