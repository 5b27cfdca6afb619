"""When a ledger is healthy: it stops with any failure, and begins with a durable write alone; upkeep sees to that."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from faulty_store import FaultyStore, MemoryStore, nothing_is_written
from waiting import forever, until

from gateway.clock import Stopwatch
from gateway.ledger import guarded_store
from gateway.ledger import ledger as ledger_module
from gateway.ledger import upkeep as upkeep_module
from gateway.ledger.ledger import Ledger, Reserved
from gateway.ledger.record import Key
from gateway.ledger.store import LedgerStartError, LedgerUnavailableError
from gateway.ledger.transitions import Wish
from gateway.ledger.upkeep import Upkeep

KEY = Key("default", "reminder-8812")


def a_wish(request_id: str = "reminder-8812") -> Wish:
    return Wish(
        key=Key("default", request_id),
        call_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        request=b"",
        warnings=b"",
        owner="owner",
        age=timedelta(0),
        send_within=timedelta(seconds=27),
    )


@pytest.fixture
def store():
    return FaultyStore(MemoryStore())


@pytest.fixture
def turned():
    """What the ledger said of its health, each time it changed."""
    return []


@pytest.fixture
async def ledger(store, turned):
    ledger = Ledger(store, on_health=turned.append)
    await ledger.open()
    yield ledger
    await ledger.close()


async def reserve(ledger, wish=None):
    return await ledger.reserve(wish or a_wish(), Stopwatch(), is_wanted=lambda: True)


async def fails_to_write(ledger, store):
    store.plan = [nothing_is_written]
    await reserve(ledger)


async def fails_to_read(ledger, store):
    store.cannot_read = True
    try:
        await ledger.find(KEY)
    finally:
        store.cannot_read = False


async def fails_to_list(ledger, store):
    store.cannot_read = True
    try:
        await ledger.expire(owners_are_dead=False)
    finally:
        store.cannot_read = False


@pytest.mark.parametrize(
    "fails",
    [
        pytest.param(fails_to_write, id="a write"),
        pytest.param(fails_to_read, id="a read"),
        pytest.param(fails_to_list, id="a sweep"),
    ],
)
async def test_any_failure_turns_it_and_only_a_durable_write_turns_it_back(ledger, store, turned, fails):
    """That it can be read proves nothing; neither does a change of nothing."""
    for _ in range(2):
        with pytest.raises(LedgerUnavailableError):
            await fails(ledger, store)
    await ledger.find(KEY)
    await ledger.pausing.current()
    await ledger.reserve(a_wish(), Stopwatch(), is_wanted=lambda: False)
    before = list(turned)
    assert isinstance(await reserve(ledger), Reserved)

    assert [False] == before
    assert [False, True] == turned
    assert ledger.guarded.is_healthy


async def test_a_store_that_says_nothing_is_given_up_on(ledger, store, turned, monkeypatch):
    """Nobody waits for ever, and silence is a failure."""
    monkeypatch.setattr(guarded_store, "PATIENCE", 0.05)
    monkeypatch.setattr(store._inner, "change", lambda *_: forever())
    with pytest.raises(LedgerUnavailableError, match="Timeout"):
        await reserve(ledger)

    assert [False] == turned


async def test_a_suspicion_is_cleared_by_a_write(ledger, turned):
    """A write that takes far too long makes it suspect; the next one that is done says otherwise."""
    ledger.guarded.suspect()
    await reserve(ledger)

    assert [False, True] == turned


async def test_a_probe_that_fails_proves_nothing(ledger, store, turned):
    """The store is asked to write, and cannot."""
    ledger.guarded.suspect()
    store.is_down = True
    await ledger.guarded.probe()
    during = list(turned)
    store.is_down = False
    await ledger.guarded.probe()

    assert ([False], [False, True]) == (during, turned)


async def test_a_ledger_that_cannot_be_read_does_not_open():
    """Whether dialing is paused must be known before the first call."""
    store = FaultyStore(MemoryStore())
    store.cannot_read = True
    with pytest.raises(LedgerStartError, match="Broken"):
        await Ledger(store).open()


# Upkeep


@asynccontextmanager
async def kept_up(ledger, monkeypatch, retain, retention_every=0.01):
    """Upkeep that hurries."""
    for name in ("EVERY", "SWEEP_EVERY", "BREATH"):
        monkeypatch.setattr(upkeep_module, name, 0.01)
    monkeypatch.setattr(upkeep_module, "RETENTION_EVERY", retention_every)
    upkeep = Upkeep(ledger, retain)
    upkeep.start()
    try:
        yield
    finally:
        await upkeep.stop()


async def nothing_is_due():
    return False


async def test_upkeep_probes_a_ledger_that_is_not_healthy_and_no_other(ledger, store, turned, monkeypatch):
    """A healthy ledger is spared; a sick one is asked until it writes, without any call arriving."""
    async with kept_up(ledger, monkeypatch, nothing_is_due):
        await until(lambda: store.asked["sending"] > 3)
        spared = store.asked["probe"]
        store.is_down = True
        ledger.guarded.suspect()
        await until(lambda: store.asked["probe"] > 3)
        during = list(turned)
        store.is_down = False
        await until(lambda: ledger.guarded.is_healthy)
        after = store.asked["probe"]
        sweeps = store.asked["sending"]
        await until(lambda: store.asked["sending"] > sweeps + 3)

    assert (0, [False], [False, True]) == (spared, during, turned)
    assert after == store.asked["probe"]


async def test_upkeep_gives_up_on_what_is_overdue(ledger, monkeypatch):
    """A sweep finds an attempt whose time has passed, and nobody can say any more what became of it."""
    reserved = await reserve(ledger)
    monkeypatch.setattr(ledger_module.transitions, "expire", _expiring)
    monkeypatch.setattr(ledger._store._inner, "sending", _all_sending(ledger))
    async with kept_up(ledger, monkeypatch, nothing_is_due):
        record = await asyncio.wait_for(_settled(ledger, reserved.record.key), 60)

    assert record.was_unknown


def _expiring(record, now, *, owner_is_dead):
    return _expire(record, now + timedelta(minutes=1), owner_is_dead=owner_is_dead)


_expire = ledger_module.transitions.expire


def _all_sending(ledger):
    async def sending(*, overdue_only):  # noqa: ARG001 - the store's own signature
        return list(ledger._store._inner.records)

    return sending


async def _settled(ledger, key):
    while True:
        record = await ledger.find(key)
        if record.was_unknown:
            return record
        await asyncio.sleep(0.01)


async def test_upkeep_outlives_failures_and_bugs(ledger, store, monkeypatch):
    """Whatever one look came to, there is another."""
    looks = []

    async def fails():
        looks.append("look")
        raise [LedgerUnavailableError("Broken"), RuntimeError("a bug")][len(looks) % 2]

    async with kept_up(ledger, monkeypatch, fails):
        store.cannot_read = True
        await until(lambda: len(looks) > 3 and store.asked["paused"] > 4 and store.asked["sending"] > 3)
        store.cannot_read = False
        await until(lambda: ledger.guarded.is_healthy)

    assert ledger.guarded.is_healthy


async def test_upkeep_retains_little_by_little_as_long_as_more_is_due(ledger, monkeypatch):
    """Step follows step while there is more, and then it rests."""
    steps = []

    async def retain():
        steps.append("step")
        return len(steps) < 5

    async with kept_up(ledger, monkeypatch, retain, retention_every=3600):
        await until(lambda: len(steps) == 5)
        await asyncio.sleep(0.1)

    assert 5 == len(steps)
