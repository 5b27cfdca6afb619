"""A reservation whose commit is in doubt: nothing is sent for it, and it is given back by its token alone."""

import asyncio
from contextlib import AsyncExitStack

import faults
import pytest
from google.rpc import error_details_pb2 as details_pb2
from replicas import Gate, dispatch, placed, recorded, replica, told
from waiting import until

from gateway.errors import GatewayError
from gateway.ledger.store import LedgerUnavailableError
from gateway.ledger.transitions import Outcome
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_PROVIDER_UNREACHABLE
from voicegateway.v1.outbound_call_pb2 import OutboundCall


def told_of(call: OutboundCall) -> tuple[str, str]:
    """The reason and the dispatch of a recorded error."""
    info = details_pb2.ErrorInfo()
    [detail] = [detail for detail in call.error.details if detail.Is(info.DESCRIPTOR)]
    detail.Unpack(info)
    return info.reason.removeprefix("ERROR_REASON_"), info.metadata["dispatch"].removeprefix("DISPATCH_")


async def loses_its_word() -> None:
    """The commit is done, and its acknowledgement never comes."""
    raise LedgerUnavailableError("ConnectionDoesNotExistError")


@pytest.fixture
async def first(provider, ledger):
    """A replica whose first reservation is committed, which it never hears; it gives it back when the gate opens."""
    lost = [loses_its_word]
    gate = Gate()

    async def once() -> None:
        if lost:
            await lost.pop()()

    async with replica(provider.url, ledger, {"after reserve": once, "before release": gate}) as running:
        running.gate = gate
        yield running
        gate.opened.set()


@pytest.fixture
async def second(first, provider, ledger):
    """Another replica; on SQLite, which has one, the same."""
    async with AsyncExitStack() as stack:
        is_shared = not ledger["url"].startswith("sqlite")
        yield await stack.enter_async_context(replica(provider.url, ledger)) if is_shared else first


async def test_nothing_is_sent_and_the_id_is_given_back(first, second, provider):
    """The caller is told that nothing is known; then the record says that nobody was dialed, and why."""
    error = await placed(first.stub)
    doubtful = await dispatch(second.stub)
    first.gate.opened.set()
    await first.gateway.ledger.guarded.settled()
    call = await recorded(second.stub)
    posts = len(provider.posts)
    repeat = await placed(second.stub)

    assert ("LEDGER_UNAVAILABLE", "UNAVAILABLE", "", "REPEAT") == (
        error.reason,
        error.code,
        error.dispatch,
        error.retry,
    )
    assert ("SENDING", 0) == (doubtful, posts)
    assert call is not None
    assert ("LEDGER_UNAVAILABLE", "NOT_SENT") == told_of(call)
    assert ("OK", False, call.call_id) == (*told(repeat), repeat.call.call_id)
    assert 1 == len(provider.posts)


async def test_a_repeat_waits_until_it_is_given_back(first, second, provider):
    """Whoever asks meanwhile is told the same, and dials no more than the first did."""
    await placed(first.stub)
    waiting = [asyncio.ensure_future(placed(each.stub)) for each in (first, second) for _ in range(5)]
    await until(lambda: first.callers + second.callers == (10 if first is not second else 20))
    first.gate.opened.set()

    answers = await asyncio.gather(*waiting)
    assert {("LEDGER_UNAVAILABLE", True)} == set(map(told, answers))
    assert {"NOT_SENT"} == {answer.dispatch for answer in answers}
    assert [] == provider.posts


async def test_late_and_repeated_writes_of_the_lost_attempt_change_nothing(first, second, provider):
    """Attempt 2 is on its way: attempt 1 can neither free it nor end it, whatever it says and how often."""
    provider.behave(faults.answers_when_released)
    await placed(first.stub)
    first.gate.opened.set()
    await first.gateway.ledger.guarded.settled()
    dialing = asyncio.ensure_future(placed(second.stub))
    await provider.arrivals(1)
    [reserved] = [result.record for doing, result in first.store.results if doing == "reserve"][:1]

    late = [await first.store.again("release") for _ in range(2)]
    finished = await first.gateway.ledger.finish(reserved, Outcome(error=None))
    ended = await second.gateway.ledger.finish(reserved, Outcome(error=GatewayError(ERROR_REASON_PROVIDER_UNREACHABLE)))
    during = await dispatch(second.stub)
    provider.release.set()
    answer = await dialing
    after = [await first.store.again("release") for _ in range(2)]

    assert [False] * 4 == [each.is_mine for each in late + after]
    assert (2, 2) == (finished.attempt, ended.attempt)
    assert "SENDING" == during
    assert ("OK", False) == told(answer)
    assert "ACCEPTED" == await dispatch(first.stub)
    assert 1 == len(provider.posts)


async def test_the_same_with_a_token_of_the_lost_attempt_after_a_free_end(first, second, provider):
    """Attempt 2 ended free, and attempt 3 is on its way: attempt 1 has nothing to say."""
    provider.reply({}, 429)
    await placed(first.stub)
    first.gate.opened.set()
    await first.gateway.ledger.guarded.settled()
    throttled = await placed(second.stub)
    provider.behave(faults.answers_when_released)
    for connection in provider.connections:
        connection.close_now()
    dialing = asyncio.ensure_future(placed(second.stub))
    await provider.arrivals(2)
    late = await first.store.again("release")
    provider.release.set()

    assert ("PROVIDER_THROTTLED", False) == told(throttled)
    assert (False, 3) == (late.is_mine, late.record.attempt)
    assert ("OK", False) == told(await dialing)
    assert 2 == len(provider.posts)


async def test_a_commit_that_lands_late_is_given_back_too(provider, database):
    """The connection died and the server commits all the same, after the owner has looked: it looks again."""
    lands, landed = asyncio.Event(), asyncio.Event()

    async def is_cut_off() -> None:
        _, key, change = running.store.changes[-1]
        running.landing = asyncio.ensure_future(land(key, change))
        raise LedgerUnavailableError("ConnectionDoesNotExistError")

    async def land(key, change) -> None:
        await lands.wait()
        await running.store.store.change(key, change)
        landed.set()

    async def looked() -> None:
        lands.set()

    async with replica(
        provider.url, {"url": database}, {"before reserve": is_cut_off, "after release in vain": looked}
    ) as running:
        error = await placed(running.stub)
        await landed.wait()
        await running.gateway.ledger.guarded.settled()
        standing = await dispatch(running.stub)
        del running.store.acts["before reserve"]
        repeat = await placed(running.stub)

    assert ("LEDGER_UNAVAILABLE", "") == (error.reason, error.dispatch)
    assert "NOT_SENT" == standing
    assert ("OK", False) == told(repeat)
    assert 1 == len(provider.posts)
