"""What fails in retention holds up nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from faulty_store import FaultyStore
from structlog.testing import capture_logs
from test_retention import RETENTION, events_of, place
from wishes import wish

from gateway.ledger.keeper import AT_ONCE, STEP, Keeper
from gateway.ledger.record import Stage
from gateway.ledger.rows import without_keypress
from gateway.ledger.store import LedgerUnavailableError
from voicegateway.v1.outbound_call_pb2 import RECIPIENT_STATE_ENDED, RecipientOutcome

BROKEN = b"\xff\xff\xff"


class FailingStore(FaultyStore):
    """Raises something in one method."""

    def __init__(self, inner, name, error):
        super().__init__(inner)
        self._name, self._error = name, error

    def __getattr__(self, name):
        if name == self._name:
            raise self._error
        return super().__getattr__(name)


async def due_of_each_kind(store, clock):
    """A record that is to be erased, a tombstone that is to be forgotten, and events."""
    old = await place(store, wish("request-old"))
    clock.ahead += timedelta(days=31)
    while await Keeper(store, RETENTION).step():
        pass
    clock.ahead += timedelta(days=370)
    younger = await place(store, wish("request-younger"))
    await store.number_events()
    clock.ahead += timedelta(days=31)
    return old, younger


@pytest.mark.parametrize(
    ("fails", "is_left"),
    [
        pytest.param("due", [False, True, False], id="what finds records"),
        pytest.param("forget", [True, False, False], id="what forgets tombstones"),
        pytest.param("forget_events", [False, False, True], id="what forgets events"),
    ],
)
async def test_each_kind_has_its_turn_whatever_becomes_of_the_others(store, clock, fails, is_left):
    """A bug in one is logged, and the others are done."""
    old, younger = await due_of_each_kind(store, clock)
    with capture_logs() as lines:
        await Keeper(FailingStore(store, fails, RuntimeError("a bug")), RETENTION).step()
    left = [
        await store.find(old.key) is not None,
        (await store.find(younger.key)).stage == Stage.WHOLE,
        bool(await events_of(store)),
    ]

    assert is_left == left
    assert {("error", "bug")} == {(line["log_level"], line["event"]) for line in lines if line["log_level"] == "error"}


async def test_a_ledger_that_fails_for_one_kind_is_told_after_the_others(store, clock):
    """Whoever keeps it up learns that it does not work."""
    old, _ = await due_of_each_kind(store, clock)
    with pytest.raises(LedgerUnavailableError, match="Slow"):
        await Keeper(FailingStore(store, "due", LedgerUnavailableError("Slow")), RETENTION).step()

    assert (None, []) == (await store.find(old.key), await events_of(store))


async def test_a_record_that_cannot_be_read_holds_up_none_behind_it(store, clock):
    """It stays, and is logged; all the others are erased, without a pause after each step."""
    broken = await place(store, wish("request-broken"))
    await store.change(broken.key, lambda found, _: found and replace(found, reply=BROKEN))
    others = [await place(store, wish(f"request-{number:03}")) for number in range(STEP + 5)]
    clock.ahead += timedelta(days=3)
    keeper, more = Keeper(store, RETENTION), []
    with capture_logs() as lines:
        more += [await keeper.step(), await keeper.step()]
    stages = {record.key: record.stage for record in await store.find_many([each.key for each in [broken, *others]])}

    assert [True, False] == more
    assert {broken.key} == {key for key, stage in stages.items() if stage == Stage.WHOLE}
    assert {broken.request_id} == {line["request_id"] for line in lines if line["log_level"] == "error"}


class CountingStore(FaultyStore):
    """Notes how many changes are under way at once."""

    def __init__(self, inner):
        super().__init__(inner)
        self.changing, self.most, self.changed = 0, 0, 0

    async def change(self, key, change):
        self.changing += 1
        self.most = max(self.most, self.changing)
        try:
            return await super().change(key, change)
        finally:
            self.changing -= 1
            self.changed += 1


async def test_a_commit_of_retention_is_small(store, clock):
    """Of all that a step takes, a few at once, since calls wait for each commit."""
    for number in range(3 * AT_ONCE + 1):
        await place(store, wish(f"request-{number:03}"))
    clock.ahead += timedelta(days=3)
    counting = CountingStore(store)
    await Keeper(counting, RETENTION).step()

    assert (AT_ONCE, 3 * AT_ONCE + 1) == (counting.most, counting.changed)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        pytest.param(RecipientOutcome(keypress="1"), b"", id="nothing but keys"),
        pytest.param(
            RecipientOutcome(state=RECIPIENT_STATE_ENDED, keypress="1"),
            RecipientOutcome(state=RECIPIENT_STATE_ENDED).SerializeToString(),
            id="keys and more",
        ),
        pytest.param(RecipientOutcome(state=RECIPIENT_STATE_ENDED), None, id="no keys"),
    ],
)
def test_an_event_without_keys_is_not_written_again(told, left):
    """Most have none, and a call may have hundreds."""
    assert left == without_keypress(told.SerializeToString())
