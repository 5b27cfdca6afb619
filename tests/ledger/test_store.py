"""What every store promises, whichever database keeps the records."""

import asyncio
from datetime import timedelta

import pytest
from wishes import reserve, wish

from gateway.errors import GatewayError
from gateway.ledger import transitions
from gateway.ledger.store import Filter
from gateway.ledger.transitions import Outcome
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_PROVIDER_UNREACHABLE
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_NOT_SENT, DISPATCH_SENDING

ACCEPTED = Outcome(error=None, reply=b"reply")


async def finish(store, record, outcome=ACCEPTED):
    return await store.change(
        record.key,
        lambda found, now: transitions.finish(found, record.attempt, record.owner, outcome, now),
    )


async def test_a_record_reads_back_as_it_was_written(store):
    """Every field survives the database, times to the microsecond."""
    wanted = wish(custom="T1", prefix="+1")
    reserved = await reserve(store, wanted)

    assert reserved.is_mine
    assert reserved.record == await store.find(wanted.key)
    assert reserved.record == await store.find_call("default", wanted.call_id)


async def test_of_two_hundred_at_once_one_takes_the_key(store):
    """However many ask, one reservation is made and all the others see it."""
    asked = [wish() for _ in range(200)]
    answers = await asyncio.gather(*(reserve(store, each) for each in asked))

    assert 1 == sum(answer.is_mine for answer in answers)
    assert 1 == len({answer.record.call_id for answer in answers})


async def test_a_change_of_nothing_writes_nothing(store):
    """A transition that does not apply leaves the record, and says that it was not the one."""
    first = await reserve(store, wish())
    ended = await finish(store, first.record)
    again = await finish(store, first.record, Outcome(error=GatewayError(ERROR_REASON_PROVIDER_UNREACHABLE)))

    assert (True, DISPATCH_ACCEPTED) == (ended.is_mine, ended.record.dispatch)
    assert (False, ended.record) == (again.is_mine, again.record)


async def test_a_bug_in_one_change_does_not_fail_the_others_of_its_group(store):
    """The changes of one commit stand side by side, not on each other."""

    def broken(_record, _now):
        raise RuntimeError("a bug")

    outcomes = await asyncio.gather(
        reserve(store, wish("request-a")),
        store.change(wish("request-b").key, broken),
        reserve(store, wish("request-c")),
        return_exceptions=True,
    )

    assert [True, "RuntimeError", True] == [getattr(each, "is_mine", type(each).__name__) for each in outcomes]


async def test_accounts_do_not_share_keys_or_calls(store):
    """The same request_id in another account is another call, and a call is read in its own account only."""
    ours, theirs = wish(account="ours"), wish(account="theirs")
    first, second = await reserve(store, ours), await reserve(store, theirs)

    assert first.is_mine
    assert second.is_mine
    assert await store.find_call("theirs", ours.call_id) is None


async def test_a_call_can_be_read_in_whatever_account_it_is(store):
    """An operator knows a call's id, and need not know its account."""
    theirs = await reserve(store, wish(account="theirs"))

    assert theirs.record == await store.find_call(None, theirs.record.call_id)
    assert await store.find_call(None, "01ARZ3NDEKTSV4RRFFQ69G5FAV") is None


async def test_many_records_are_read_at_once(store):
    """Those that there are, each by its whole key."""
    ours, theirs = await reserve(store, wish("request-a")), await reserve(store, wish("request-b", account="theirs"))
    keys = [ours.record.key, theirs.record.key, wish("request-a", account="theirs").key, wish("request-none").key]

    assert {ours.record, theirs.record} == set(await store.find_many(keys))
    assert [] == await store.find_many([])


async def test_a_pause_stands_until_it_is_taken_back(store, clock):
    """It has a reason and a beginning; whoever pauses again changes the reason only."""
    assert await store.paused() is None
    before = clock()
    await store.pause("the provider rings twice")
    first = await store.paused()
    clock.ahead += timedelta(hours=1)
    await store.pause("still")
    second = await store.paused()
    await store.resume()
    await store.resume()

    assert ("the provider rings twice", "still") == (first.reason, second.reason)
    assert first.since == second.since
    assert abs(first.since - before) < timedelta(minutes=1)
    assert await store.paused() is None


async def test_a_probe_can_be_repeated(store):
    """It writes over what the last one wrote."""
    for _ in range(3):
        await store.probe()

    assert [] == await store.page(Filter(account="default"), 10)


async def test_what_is_on_its_way_can_be_listed_and_what_is_overdue(store, clock):
    """A sweep finds the attempts whose time has passed, and no others."""
    sent, ended = await reserve(store, wish("request-a")), await reserve(store, wish("request-b"))
    await finish(store, ended.record)

    assert [sent.record.key] == await store.sending(overdue_only=False)
    assert [] == await store.sending(overdue_only=True)
    clock.ahead += timedelta(seconds=28)
    assert [sent.record.key] == await store.sending(overdue_only=True)


async def test_a_page_continues_where_the_last_one_ended_whatever_is_recorded_meanwhile(store):
    """Pages are cut by key: new calls appear in front of the list, and shift nothing."""
    for number in range(5):
        await reserve(store, wish(f"request-{number}"))
    first = await store.page(Filter(account="default"), 2)
    await reserve(store, wish("request-new"))
    rest = await store.page(Filter(account="default", older_than=(first[-1].created, first[-1].call_id)), 10)

    assert ["request-4", "request-3", "request-2", "request-1", "request-0"] == [
        record.request_id for record in [*first, *rest]
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({}, ["request-c", "request-b", "request-a"], id="all, newest first"),
        pytest.param({"dispatches": [DISPATCH_SENDING]}, ["request-c", "request-b"], id="by dispatch"),
        pytest.param({"dispatches": [DISPATCH_NOT_SENT]}, [], id="by a dispatch that none has"),
        pytest.param({"custom": "T1"}, ["request-b"], id="by custom"),
        pytest.param({"number": "13236550108"}, ["request-c"], id="by number"),
        pytest.param({"number": "3236550109"}, ["request-c"], id="by a number without its prefix"),
        pytest.param({"number": "13236550109"}, ["request-c"], id="by a number with its prefix"),
        pytest.param({"account": "other"}, [], id="in another account"),
    ],
)
async def test_a_page_keeps_what_meets_every_filter(store, wanted, found):
    """Filters narrow the list; none widens it."""
    first = await reserve(store, wish("request-a"))
    await finish(store, first.record)
    await reserve(store, wish("request-b", custom="T1"))
    await reserve(
        store, wish("request-c", prefix="1", recipients=[{"number": "+13236550108"}, {"number": "3236550109"}])
    )

    assert found == [each.request_id for each in await store.page(Filter(**({"account": "default"} | wanted)), 10)]


async def test_a_page_can_be_cut_by_time(store, clock):
    """From a time on, inclusive, and before a time, exclusive."""
    records = []
    for number in range(3):
        clock.ahead += timedelta(seconds=10)
        records.append((await reserve(store, wish(f"request-{number}"))).record)
    wanted = Filter(account="default", after=records[1].created, before=records[2].created)

    assert [records[1]] == await store.page(wanted, 10)
