"""Many callers, one request_id: one POST and one outcome, which all of them are told, wherever they ask."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Never

import faults
import pytest
from gateway_under_test import Refusal, place_call_request
from raw_provider import ACCEPTED, answering, reply
from replicas import ID, Gate, Replica, answer_of, placed, replica, told
from served_process import served_process
from structlog.testing import capture_logs
from waiting import until

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

CALLERS = 200
BAD_KEY = {"code": "RBC201", "message": "Invalid key", "data": [], "error": {}}


@pytest.fixture(
    params=[
        pytest.param(("SQLite", 1), id="one server, SQLite"),
        pytest.param(("PostgreSQL", 1), id="one server, PostgreSQL"),
        pytest.param(("PostgreSQL", 2), id="two replicas"),
        pytest.param(("PostgreSQL", 3), id="three replicas"),
    ]
)
async def replicas(request, provider, tmp_path):
    """Gateways on one ledger."""
    kind, count = request.param
    url = f"sqlite:///{tmp_path}/ledger.db" if kind == "SQLite" else request.getfixturevalue("database")
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(replica(provider.url, {"url": url})) for _ in range(count)]


def asking(stubs: list[OutboundCallServiceStub]) -> list[asyncio.Future[PlaceCallResponse | Refusal]]:
    """Every caller asks, one replica after the other in turn."""
    calls = [stubs[number % len(stubs)].PlaceCall(place_call_request(**ID), timeout=60) for number in range(CALLERS)]
    return [asyncio.ensure_future(answer_of(call)) for call in calls]


async def all_have_come(replicas: list[Replica]) -> None:
    """Waits until each caller's request has come in, and the provider has one."""
    await until(lambda: sum(each.callers for each in replicas) == CALLERS)


async def test_all_get_the_one_outcome(replicas, provider):
    """One is answered as the first, everyone else as a repeat, with the same call."""
    answers = await asyncio.gather(*asking([each.stub for each in replicas]))
    late = [await placed(each.stub) for each in replicas]

    assert 1 == len(provider.posts)
    assert Counter({("OK", True): CALLERS - 1, ("OK", False): 1}) == Counter(map(told, answers))
    assert 1 == len({answer.call.SerializeToString(deterministic=True) for answer in [*answers, *late]})
    assert [("OK", True)] * len(replicas) == list(map(told, late))


async def test_all_get_the_outcome_that_they_waited_for(replicas, provider):
    """Whoever comes while the call is made waits for it, and sends nothing."""
    provider.behave(faults.answers_when_released)
    asked = asking([each.stub for each in replicas])
    await all_have_come(replicas)
    await provider.arrivals(1)
    provider.release.set()
    answers = await asyncio.gather(*asked)

    assert 1 == len(provider.posts)
    assert Counter({("OK", True): CALLERS - 1, ("OK", False): 1}) == Counter(map(told, answers))


async def test_all_get_the_free_outcome_that_they_waited_for(replicas, provider):
    """Nobody who came before the end dials for himself; whoever comes later does, once, and it is the same call."""
    provider.behave(faults.answers_when_released_with(BAD_KEY))
    asked = asking([each.stub for each in replicas])
    await all_have_come(replicas)
    await provider.arrivals(1)
    provider.release.set()
    errors = await asyncio.gather(*asked)
    posts = len(provider.posts)
    provider.behave(answering(reply(ACCEPTED)))
    for connection in provider.connections:
        connection.close_now()
    later = await asyncio.gather(*asking([each.stub for each in replicas]))

    reason = "PROVIDER_CREDENTIALS_REJECTED"
    assert 1 == posts
    assert Counter({(reason, True): CALLERS - 1, (reason, False): 1}) == Counter(map(told, errors))
    assert 2 == len(provider.posts)
    assert Counter({("OK", True): CALLERS - 1, ("OK", False): 1}) == Counter(map(told, later))
    assert {error.info.metadata["call_id"] for error in errors} == {answer.call.call_id for answer in later}


async def test_who_came_before_a_free_end_and_is_recorded_after_it_dials_no_more_than_the_others(replicas, provider):
    """His request came while the call was made, his turn at the ledger came later: he is told, and sends nothing."""
    provider.behave(faults.answers_when_released_with(BAD_KEY))
    first = asyncio.ensure_future(placed(replicas[0].stub))
    await provider.arrivals(1)
    gate = Gate()
    replicas[-1].store.acts["before reserve"] = gate
    late = [asyncio.ensure_future(placed(replicas[-1].stub)) for _ in range(5)]
    await until(lambda: len([doing for doing, _, _ in replicas[-1].store.changes if doing == "reserve"]) >= 5)
    provider.release.set()
    await first
    gate.opened.set()
    errors = await asyncio.gather(*late)

    assert {("PROVIDER_CREDENTIALS_REJECTED", True)} == set(map(told, errors))
    assert 1 == len(provider.posts)


async def test_all_get_the_one_outcome_of_two_processes(provider, database, tmp_path):
    """Two `serve` processes that share nothing but a database are one gateway."""
    async with AsyncExitStack() as stack:
        served = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            served.append(
                await stack.enter_async_context(served_process(provider.url, tmp_path / name, ledger=database))
            )
        answers = await asyncio.gather(*asking([each.stub for each in served]))

    assert 1 == len(provider.posts)
    assert Counter({("OK", True): CALLERS - 1, ("OK", False): 1}) == Counter(map(told, answers))
    assert 1 == len({answer.call.call_id for answer in answers})


async def test_a_bug_where_another_replica_is_waited_for_keeps_nobody_waiting(provider, database):
    """Whoever waits is told that nothing is known, also without a deadline; and the next one waits and hears."""
    provider.behave(faults.answers_when_released)
    async with (
        replica(provider.url, {"url": database}) as first,
        replica(provider.url, {"url": database}) as second,
    ):
        dialing = asyncio.ensure_future(placed(first.stub))
        await provider.arrivals(1)
        second.store.find_many = planted
        with capture_logs() as lines:
            error = await asyncio.wait_for(placed(second.stub, timeout=None), 60)
        del second.store.find_many
        waiting = asyncio.ensure_future(placed(second.stub))
        provider.release.set()

        assert ("LEDGER_UNAVAILABLE", "", "REPEAT") == (error.reason, error.dispatch, error.retry)
        assert ["bug"] == [line["event"] for line in lines if line["log_level"] == "error"]
        assert [("OK", False), ("OK", True)] == [told(await dialing), told(await waiting)]
    assert 1 == len(provider.posts)


async def planted(_keys: object) -> Never:
    """Stands in for a read of ours that has a bug."""
    raise ValueError("a bug")
