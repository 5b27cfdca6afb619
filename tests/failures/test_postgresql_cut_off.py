"""PostgreSQL is cut off in the middle: nothing is dialed without a record, and the record comes to tell the truth."""

import asyncio
from datetime import timedelta

import faults
import postgres_proxy as network
import pytest
from faulty_store import gateway_on
from gateway_under_test import GatewayUnderTest, refusal_of, running_gateway
from postgres_proxy import PostgresProxy
from recorded import ID, UNAVAILABLE, dispatch_turns, health, recorded, told, turns, unprobed
from waiting import until

from gateway.ledger import guarded_store
from gateway.ledger.postgresql import pool as postgresql_pool
from gateway.ledger.postgresql.store import PostgresqlStore
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_NOT_SENT,
    DISPATCH_OUTCOME_UNKNOWN,
)
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, ListCallsRequest

LATER = timedelta(minutes=5)
"""An attempt has certainly ended by then."""


@pytest.fixture
def _patient_ledger(early_answers, monkeypatch):  # noqa: ARG001 - it need only be there
    """Waits longer for its network than any caller does, however patient he is."""
    monkeypatch.setattr(postgresql_pool, "PATIENCE", 60.0)
    monkeypatch.setattr(guarded_store, "PATIENCE", 60.0)


@pytest.fixture
async def proxy(database):
    """The network before an empty database."""
    async with PostgresProxy.before(database) as before:
        yield before


@pytest.fixture
async def gateway(start_gateway, proxy) -> GatewayUnderTest:
    """A gateway whose ledger is behind that network."""
    return await start_gateway(ledger={"url": proxy.url})


# Before the call is recorded


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        pytest.param("BEGIN", network.cuts, id="cut before the reservation"),
        pytest.param("BEGIN", network.goes_down, id="down before the reservation"),
        pytest.param("BEGIN", network.falls_silent, id="silent before the reservation"),
        pytest.param("COMMIT;", network.cuts, id="cut before its commit"),
        pytest.param("COMMIT;", network.goes_down, id="down before its commit"),
        pytest.param("COMMIT;", network.falls_silent, id="silent before its commit"),
    ],
)
async def test_what_was_not_recorded_is_not_dialed(gateway, proxy, provider, words, fault):
    """The caller learns that nothing is known, the provider hears nothing, and the id is as if it were never used."""
    proxy.plant(words, fault)
    with unprobed(gateway):
        error = await gateway.place_call_error(**ID)
        posts = len(provider.posts)
        await turns(gateway, "NOT_SERVING")
        unready = await health(gateway)
    proxy.heal()
    await turns(gateway, "SERVING")
    missing = await refusal_of(gateway.stub.GetCall(GetCallRequest(request_id=ID["requestId"]), timeout=60))
    answer = await gateway.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert ("SERVING", "NOT_SERVING") == unready
    assert "CALL_NOT_FOUND" == missing.reason
    assert (0, 1) == (posts, len(provider.posts))
    assert (False, DISPATCH_ACCEPTED) == (answer.replayed, answer.call.dispatch)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(network.loses_the_answer, id="cut"),
        pytest.param(network.loses_the_answer_and_goes_down, id="down"),
        pytest.param(network.does_it_and_falls_silent, id="silent"),
    ],
)
async def test_a_reservation_in_doubt_is_not_dialed_and_given_back(gateway, proxy, provider, fault):
    """It was committed and nobody was told: it is not sent, and the id is free again, without any call arriving."""
    proxy.plant("COMMIT;", fault)
    error = await gateway.place_call_error(**ID)
    posts = len(provider.posts)
    proxy.heal()
    await turns(gateway, "SERVING")
    await dispatch_turns(gateway, DISPATCH_NOT_SENT)
    call = await recorded(gateway)
    answer = await gateway.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert (0, 1) == (posts, len(provider.posts))
    assert (call.call_id, False) == (answer.call.call_id, answer.replayed)


async def test_a_commit_that_arrives_late_is_given_back_all_the_same(gateway, proxy, provider):
    """The reservation's commit is still on its way when it is given up: once it is there, its id is free."""
    proxy.plant("COMMIT;", network.is_held_back)
    error = await gateway.place_call_error(**ID)
    await turns(gateway, "SERVING")
    proxy.deliver()
    await dispatch_turns(gateway, DISPATCH_NOT_SENT)
    answer = await gateway.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert (False, 1) == (answer.replayed, len(provider.posts))


@pytest.mark.usefixtures("_patient_ledger")
@pytest.mark.parametrize(
    "words", [pytest.param("BEGIN", id="before the reservation"), pytest.param("COMMIT;", id="during its commit")]
)
async def test_a_caller_is_answered_within_its_own_time_whatever_the_network_swallows(gateway, proxy, provider, words):
    """The ledger may wait longer than the caller can: he is told that nothing is known, and nothing is dialed later."""
    proxy.plant(words, network.falls_silent)
    error = await gateway.place_call_error(timeout=20, **ID)
    proxy.heal()
    await turns(gateway, "SERVING")
    posts = len(provider.posts)
    await gateway.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert (0, 1) == (posts, len(provider.posts))


@pytest.mark.usefixtures("_patient_ledger")
async def test_whoever_comes_while_the_network_swallows_everything_is_answered_in_time(gateway, proxy, provider):
    """Not even the operator's pause can be read: place, dry run and refusal all say so within the caller's time."""
    proxy.is_silent = True
    await asyncio.sleep(1.2)  # what is known of the pause is no longer fresh
    bad_number = {"recipients": [{"number": "x"}], "ivr": {"flowId": "SG_1"}}
    errors = await asyncio.gather(
        gateway.place_call_error(timeout=20, **ID),
        gateway.place_call_error(timeout=20, validateOnly=True),
        gateway.place_call_error(bad_number, timeout=20),
    )
    proxy.heal()

    assert [UNAVAILABLE] * 3 == [told(error) for error in errors]
    assert [] == provider.posts


# Between the reservation and the verdict


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(network.cuts, id="cut before the commit"),
        pytest.param(network.goes_down, id="down before the commit"),
        pytest.param(network.falls_silent, id="silent before the commit"),
        pytest.param(network.loses_the_answer, id="cut after the commit"),
        pytest.param(network.loses_the_answer_and_goes_down, id="down after the commit"),
        pytest.param(network.does_it_and_falls_silent, id="silent after the commit"),
    ],
)
async def test_a_verdict_that_cannot_be_written_is_told_and_written_later(gateway, proxy, provider, fault):
    """The caller hears the truth; the write goes on until it is taken, and is there once."""
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    proxy.plant("COMMIT;", fault)
    provider.release.set()
    answer = await calling
    proxy.heal()
    await turns(gateway, "SERVING")
    await dispatch_turns(gateway, DISPATCH_ACCEPTED)
    again = await gateway.place_call(**ID)

    assert proxy.struck.is_set()
    assert (False, DISPATCH_ACCEPTED) == (answer.replayed, answer.call.dispatch)
    assert (True, answer.call.call_id) == (again.replayed, again.call.call_id)
    assert 1 == len(provider.posts)


async def test_a_refusal_that_cannot_be_written_leaves_its_id_spent(gateway, proxy, provider):
    """What the provider refused is told truly during the outage, and still after it."""
    provider.behave(faults.answers_when_released_with({"code": "RBC3119", "message": "", "data": [], "error": {}}))
    calling = asyncio.create_task(gateway.place_call_error(**ID))
    await provider.arrivals(1)
    proxy.go_down()
    provider.release.set()
    error = await calling
    await turns(gateway, "NOT_SERVING")
    proxy.heal()
    await turns(gateway, "SERVING")
    again = await gateway.place_call_error(**ID)

    assert ("BRIDGE_NOT_FOUND", "REJECTED", "NEW_REQUEST_ID") == (error.reason, error.dispatch, error.retry)
    assert ("BRIDGE_NOT_FOUND", "true") == (again.reason, again.info.metadata["replayed"])
    assert 1 == len(provider.posts)


@pytest.mark.usefixtures("_patient_ledger")
async def test_a_verdict_waits_for_the_ledger_no_longer_than_its_caller(gateway, proxy, provider):
    """The network swallows the write: the true verdict is answered in the caller's time, and readiness is gone."""
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(timeout=50, **ID))
    await provider.arrivals(1)
    proxy.is_silent = True
    provider.release.set()
    answer = await calling
    await turns(gateway, "NOT_SERVING")
    proxy.heal()
    await turns(gateway, "SERVING")
    await dispatch_turns(gateway, DISPATCH_ACCEPTED)

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert 1 == len(provider.posts)


async def test_a_crash_before_the_verdict_is_written_leaves_an_unknown_outcome(database, proxy, provider):
    """Who has answered the truth and then died leaves no less than OUTCOME_UNKNOWN behind, and no second POST."""
    provider.behave(faults.answers_when_released)
    async with running_gateway(provider.url, {"ledger": {"url": proxy.url}}) as dying:
        calling = asyncio.create_task(dying.place_call(**ID))
        await provider.arrivals(1)
        proxy.go_down()
        provider.release.set()
        answer = await calling
    async with gateway_on(PostgresqlStore(database, create=False, ahead=lambda: LATER), provider.url, {}) as after:
        await dispatch_turns(after, DISPATCH_OUTCOME_UNKNOWN)
        error = await after.place_call_error(**ID)

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP") == (error.reason, error.dispatch, error.retry)
    assert answer.call.call_id == error.info.metadata["call_id"]
    assert 1 == len(provider.posts)


async def test_a_verdict_that_another_replica_has_given_up_on_is_written_all_the_same(database, proxy, provider):
    """The sweep of a healthy replica makes it unknown; the owner's verdict, once it gets through, is the truth."""
    provider.behave(faults.answers_when_released)
    ahead = timedelta()
    store = PostgresqlStore(database, create=True, ahead=lambda: ahead)
    async with (
        running_gateway(provider.url, {"ledger": {"url": proxy.url}}) as owner,
        gateway_on(store, provider.url, {}) as other,
    ):
        calling = asyncio.create_task(owner.place_call(**ID))
        await provider.arrivals(1)
        proxy.go_down()
        provider.release.set()
        answer = await calling
        ahead = LATER
        await dispatch_turns(other, DISPATCH_OUTCOME_UNKNOWN)
        proxy.heal()
        await dispatch_turns(other, DISPATCH_ACCEPTED)

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert 1 == len(provider.posts)


# While somebody waits, and while somebody reads


@pytest.mark.parametrize(
    "breaks", [pytest.param("go_down", id="down"), pytest.param("is_silent", id="swallows everything")]
)
async def test_a_waiter_on_another_replica_is_told_that_nothing_is_known(
    start_gateway, database, proxy, provider, breaks
):
    """He asked about a call that runs elsewhere: he is told so in his time, and finds the outcome when he repeats."""
    provider.behave(faults.answers_when_released)
    owner = await start_gateway(ledger={"url": database})
    other = await start_gateway(ledger={"url": proxy.url})
    first = asyncio.create_task(owner.place_call(**ID))
    await provider.arrivals(1)
    waiting = asyncio.create_task(other.place_call_error(timeout=60, **ID))
    await until(lambda: other.callers == 1)
    await asyncio.sleep(0.3)
    if breaks == "go_down":
        proxy.go_down()
    else:
        proxy.is_silent = True
    error = await waiting
    provider.release.set()
    answer = await first
    proxy.heal()
    await turns(other, "SERVING")
    again = await other.place_call(**ID)

    assert UNAVAILABLE == told(error)
    assert (True, answer.call.call_id) == (again.replayed, again.call.call_id)
    assert 1 == len(provider.posts)


@pytest.mark.usefixtures("_patient_ledger")
@pytest.mark.parametrize(
    "breaks", [pytest.param("go_down", id="down"), pytest.param("is_silent", id="swallows everything")]
)
async def test_a_read_that_cannot_be_done_is_told_in_time(gateway, proxy, breaks):
    """Reads say LEDGER_UNAVAILABLE, and nothing about phones; afterwards they work, without any call arriving."""
    placed = await gateway.place_call(**ID)
    if breaks == "go_down":
        proxy.go_down()
    else:
        proxy.is_silent = True
    by_id = GetCallRequest(request_id=ID["requestId"])
    errors = await asyncio.gather(
        refusal_of(gateway.stub.GetCall(by_id, timeout=20)),
        refusal_of(gateway.stub.GetCall(GetCallRequest(call_id=placed.call.call_id), timeout=20)),
        refusal_of(gateway.stub.ListCalls(ListCallsRequest(), timeout=20)),
    )
    proxy.heal()
    await turns(gateway, "SERVING")
    call = await recorded(gateway)

    assert [("UNAVAILABLE", "LEDGER_UNAVAILABLE", "", "")] * 3 == [
        (error.code, error.reason, error.dispatch, error.retry) for error in errors
    ]
    assert placed.call == call
