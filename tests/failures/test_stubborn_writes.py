"""What must not be lost is written until the store takes it, and applies once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from faulty_store import FaultyStore, MemoryStore, nobody_is_told, nothing_is_written, stays_down
from test_ledger_health import KEY, a_wish, reserve
from waiting import until

from gateway.clock import utc_now
from gateway.errors import GatewayError
from gateway.ledger import guarded_store, transitions
from gateway.ledger.ledger import Ledger
from gateway.ledger.store import LedgerUnavailableError
from gateway.ledger.transitions import Outcome
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_PROVIDER_THROTTLED
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_NOT_SENT, DISPATCH_SENDING

ACCEPTED = Outcome(error=None, reply=b"")


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(guarded_store, "LONGEST_PAUSE", timedelta(milliseconds=5))


@pytest.fixture
def inner():
    return MemoryStore()


@pytest.fixture
def store(inner):
    return FaultyStore(inner)


@pytest.fixture
async def ledger(store):
    ledger = Ledger(store)
    await ledger.open()
    yield ledger
    await ledger.close()


# A verdict


async def test_a_verdict_is_written_until_it_is_taken(ledger, store, inner):
    """Whoever waits is told that it is not written; in the background the write goes on, as often as it takes."""
    reserved = (await reserve(ledger)).record
    store.plan = [stays_down]
    finished = await ledger.finish(reserved, ACCEPTED)
    await until(lambda: store.asked["change"] > 6)
    during = inner.records[KEY].dispatch
    store.is_down = False
    await ledger.guarded.settled()

    assert None is finished
    assert (DISPATCH_SENDING, DISPATCH_ACCEPTED) == (during, inner.records[KEY].dispatch)
    assert ledger.guarded.is_healthy


async def test_a_verdict_whose_acknowledgement_was_lost_applies_once(ledger, store, inner):
    """The repeated write finds it done: also when the id, free again, has been taken for a new attempt meanwhile."""
    reserved = (await reserve(ledger)).record
    throttled = Outcome(error=GatewayError(ERROR_REASON_PROVIDER_THROTTLED))
    store.plan = [nobody_is_told, stays_down]
    await ledger.finish(reserved, throttled)
    await until(lambda: store.is_down)
    free = inner.records[KEY]
    again = transitions.reserve(free, a_wish(), free.updated + timedelta(seconds=1))
    inner.records[KEY] = again
    store.is_down = False
    await ledger.guarded.settled()

    assert free.is_free
    assert again == inner.records[KEY]


async def test_many_verdicts_wait_for_one_ledger(ledger, store, inner):
    """Each has its own write, and none is forgotten."""
    wishes = [a_wish(f"reminder-{number:04}") for number in range(50)]
    reserved = [(await reserve(ledger, wish)).record for wish in wishes]
    store.is_down = True
    assert [None] * 50 == [await ledger.finish(record, ACCEPTED) for record in reserved]
    store.is_down = False
    await ledger.guarded.settled()

    assert {DISPATCH_ACCEPTED} == {record.dispatch for record in inner.records.values()}


async def test_closing_ends_what_cannot_be_written(ledger, store, inner):
    """A process that must go leaves SENDING behind, which a sweep calls unknown: less than the truth, not more."""
    reserved = (await reserve(ledger)).record
    store.is_down = True
    await ledger.finish(reserved, ACCEPTED)
    await ledger.close()
    await ledger.guarded.settled()

    assert DISPATCH_SENDING == inner.records[KEY].dispatch


# A reservation in doubt


async def test_a_reservation_in_doubt_is_released(ledger, store, inner):
    """It was made and nobody was told: its owner gives it back when the store works, and the id is free."""
    store.plan = [nobody_is_told, nothing_is_written, nothing_is_written]
    with pytest.raises(LedgerUnavailableError):
        await reserve(ledger)
    made = inner.records[KEY].dispatch
    await ledger.guarded.settled()
    record = inner.records[KEY]

    assert (DISPATCH_SENDING, DISPATCH_NOT_SENT, True) == (made, record.dispatch, record.is_free)


async def test_a_reservation_that_was_surely_not_made_is_not_looked_for(ledger, store):
    """An outage costs nothing for each call that it refuses."""
    store.plan = [nothing_is_written]
    with pytest.raises(LedgerUnavailableError):
        await reserve(ledger)

    assert set() == ledger.guarded._stubborn


async def test_a_reservation_whose_caller_was_cut_off_is_released(ledger, store, inner):
    """The task ended while the store was at it: nothing was sent, and the id is free."""
    reserving = asyncio.create_task(reserve(ledger))
    await asyncio.sleep(0)
    reserving.cancel()
    inner.records[KEY] = transitions.reserve(None, a_wish(), utc_now())
    with pytest.raises(asyncio.CancelledError):
        await reserving
    await ledger.guarded.settled()

    assert DISPATCH_NOT_SENT == inner.records[KEY].dispatch
    assert store.asked["change"] > 1


async def test_a_release_does_not_touch_what_others_hold(ledger, store, inner):
    """Somebody else has the id by now: his attempt goes on."""
    other = transitions.reserve(None, _owned_by("another"), utc_now())
    store.plan = [stays_down]
    ledger.release(a_wish())
    await until(lambda: store.is_down)
    inner.records[KEY] = other
    store.is_down = False
    await ledger.guarded.settled()

    assert other == inner.records[KEY]


async def test_a_release_looks_for_a_commit_that_comes_late(ledger, store, inner):
    """PostgreSQL may commit what came over a connection that is given up: it is found when it is there."""
    ledger.release(a_wish())
    await until(lambda: store.asked["change"] > 3)
    assert {} == inner.records
    inner.records[KEY] = transitions.reserve(None, a_wish(), utc_now())
    await ledger.guarded.settled()

    assert DISPATCH_NOT_SENT == inner.records[KEY].dispatch


async def test_a_release_does_not_look_for_ever(ledger, inner):
    """What has not come within an attempt's time does not come any more."""
    ledger.release(_lasting(timedelta(milliseconds=30)))
    await asyncio.wait_for(ledger.guarded.settled(), 60)

    assert {} == inner.records


def _owned_by(owner):
    return replace(a_wish(), owner=owner)


def _lasting(send_within):
    return replace(a_wish(), send_within=send_within)
