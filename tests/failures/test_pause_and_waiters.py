"""An operator's pause is believed for a moment only; waiters share one question."""

import asyncio
from datetime import UTC, datetime

import pytest
from faulty_store import FaultyStore, MemoryStore, gateway_on
from recorded import ID, UNAVAILABLE, told
from test_ledger_health import a_wish, reserve
from waiting import until

from gateway.clock import Stopwatch
from gateway.ledger import pausing, transitions, upkeep, waiting
from gateway.ledger.ledger import Ledger
from gateway.ledger.store import LedgerUnavailableError, Pause
from gateway.ledger.waiting import Waiting

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAUSE = Pause("the provider rings twice", NOW)


@pytest.fixture
def store():
    return FaultyStore(MemoryStore())


@pytest.fixture
async def ledger(store):
    ledger = Ledger(store)
    await ledger.open()
    yield ledger
    await ledger.close()


# A pause


async def test_a_pause_that_was_just_read_is_not_read_again(ledger, store, monkeypatch):
    """A call costs no read of its own."""
    monkeypatch.setattr(pausing, "PAUSE_IS_FRESH", 60.0)
    before = store.asked["paused"]
    for _ in range(10):
        await ledger.pausing.current()

    assert before == store.asked["paused"]


async def test_what_is_known_of_a_pause_is_read_anew_when_it_is_stale(ledger, store, monkeypatch):
    """Upkeep reads it all the time; where it cannot, or stood still, the call itself asks."""
    before = await ledger.pausing.current()
    store._inner.pause = PAUSE
    monkeypatch.setattr(pausing, "PAUSE_IS_FRESH", 0.0)

    assert (None, PAUSE) == (before, await ledger.pausing.current())


async def test_a_stale_pause_that_cannot_be_read_is_not_believed(ledger, store, monkeypatch):
    """Nobody can say whether dialing is allowed."""
    monkeypatch.setattr(pausing, "PAUSE_IS_FRESH", 0.0)
    store.cannot_read = True

    with pytest.raises(LedgerUnavailableError):
        await ledger.pausing.current()


async def test_no_call_is_placed_while_nobody_can_say_whether_dialing_is_paused(provider, store, monkeypatch):
    """It is refused as the ledger's failure; once it can be read, it is placed, or refused as paused."""
    monkeypatch.setattr(upkeep, "EVERY", 0.05)
    monkeypatch.setattr(pausing, "PAUSE_IS_FRESH", 0.1)
    async with gateway_on(store, provider.url, {}) as gateway:
        store.cannot_read = True
        await asyncio.sleep(0.15)
        error = await gateway.place_call_error(**ID)
        store.cannot_read = False
        store._inner.pause = PAUSE
        await until(lambda: gateway.gateway.ledger.pausing.pause is not None)
        paused = await gateway.place_call_error(**ID)

    assert UNAVAILABLE == told(error)
    assert ("PAUSED", "NOT_SENT", "REPEAT") == (paused.reason, paused.dispatch, paused.retry)
    assert [] == provider.posts


# Waiters


class Questions:
    """Answers what waiters ask, one question at a time, and counts."""

    def __init__(self) -> None:
        self.records = {}
        self.asked = []
        self.most_at_once = 0
        self.failure = None
        self._at_once = 0

    async def __call__(self, keys):
        self.asked.append(list(keys))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(0.01)
        self._at_once -= 1
        if self.failure is not None:
            raise self.failure
        return [self.records[key] for key in keys if key in self.records]


@pytest.fixture
def questions(monkeypatch):
    monkeypatch.setattr(waiting, "POLL_EVERY", 0.005)
    return Questions()


def sending(request_id="reminder-8812"):
    return transitions.reserve(None, a_wish(request_id), NOW)


def ended(record):
    return transitions.expire(record, NOW, owner_is_dead=True)


async def test_many_waiters_for_one_key_cost_one_question_at_a_time(questions):
    """Two hundred wait, and the store is asked as if it were one."""
    waiters = Waiting(questions)
    record = questions.records[sending().key] = sending()
    tasks = [asyncio.create_task(waiters.end_of(record)) for _ in range(200)]
    await until(lambda: len(questions.asked) > 3)
    questions.records[record.key] = ended(record)

    assert [ended(record)] * 200 == await asyncio.wait_for(asyncio.gather(*tasks), 60)
    assert 1 == questions.most_at_once
    assert {1} == {len(keys) for keys in questions.asked}


async def test_waiters_for_many_keys_share_one_question(questions):
    """All keys go into it, and who has his answer is asked for no longer."""
    waiters = Waiting(questions)
    first, second = sending("reminder-0001"), sending("reminder-0002")
    questions.records = {each.key: each for each in (first, second)}
    tasks = [asyncio.create_task(waiters.end_of(record)) for record in (first, second)]
    await until(lambda: len(questions.asked) > 1)
    together = questions.asked[-1]
    questions.records[first.key] = ended(first)
    await asyncio.wait_for(tasks[0], 60)
    count = len(questions.asked)
    await until(lambda: len(questions.asked) > count + 1)
    alone = questions.asked[-1]
    questions.records[second.key] = ended(second)
    await asyncio.wait_for(tasks[1], 60)

    assert ([first.key, second.key], [second.key]) == (sorted(together), alone)
    assert 1 == questions.most_at_once


async def test_a_failure_reaches_all_waiters_and_the_next_one_asks_anew(questions):
    """Nobody is left to wait for an answer that will not come."""
    waiters = Waiting(questions)
    questions.failure = LedgerUnavailableError("Broken")
    record = sending()
    records = [record, record, *(sending(f"reminder-{number:04}") for number in range(18))]
    tasks = [asyncio.create_task(waiters.end_of(each)) for each in records]
    failures = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
    questions.failure, questions.records[record.key] = None, ended(record)

    assert ["Broken"] * 20 == [failure.cause for failure in failures]
    assert ended(record) == await asyncio.wait_for(waiters.end_of(record), 60)


async def test_a_waiter_that_goes_away_disturbs_nobody(questions):
    """The others hear the outcome, also when it was the first who asked that went."""
    waiters = Waiting(questions)
    record = questions.records[sending().key] = sending()
    first, *others = [asyncio.create_task(waiters.end_of(record)) for _ in range(5)]
    await until(lambda: len(questions.asked) > 1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    questions.records[record.key] = ended(record)

    assert [ended(record)] * 4 == await asyncio.wait_for(asyncio.gather(*others), 60)


async def test_nobody_waits_and_nothing_is_asked(questions):
    """An attempt that has ended is answered as it is, and after the last answer the questions end."""
    waiters = Waiting(questions)
    record = sending()
    assert ended(record) == await waiters.end_of(ended(record))
    assert [] == questions.asked
    questions.records[record.key] = ended(record)
    await asyncio.wait_for(waiters.end_of(record), 60)
    await asyncio.wait_for(waiters._poller, 60)

    assert 1 == len(questions.asked)


async def test_a_ledger_that_cannot_be_read_fails_its_waiters_and_is_not_healthy(ledger, store):
    """The same through the ledger: who waits for an attempt elsewhere learns that nothing is known."""
    record = (await ledger.reserve(a_wish(), Stopwatch(), is_wanted=lambda: True)).record
    waiter = asyncio.create_task(ledger.end_of(record))
    await until(lambda: store.asked["find_many"] > 0)
    store.cannot_read = True
    with pytest.raises(LedgerUnavailableError):
        await asyncio.wait_for(waiter, 60)

    assert not ledger.guarded.is_healthy
    store.cannot_read = False
    assert await reserve(ledger)
