"""What every store promises of events: committed with the change, numbered in order, forgotten from the oldest on."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from wishes import reserve, wish

from gateway.clock import utc_now
from gateway.kaleyra.reports import Report, ReportKind
from gateway.ledger import transitions
from gateway.ledger.events import Span
from gateway.ledger.keeper import Keeper
from gateway.ledger.postgresql.events import MOST_AT_ONCE
from gateway.ledger.record import hashed
from gateway.ledger.retention import Retention
from gateway.ledger.transitions import Outcome
from voicegateway.v1.outbound_call_pb2 import DISPOSITION_ANSWERED, RECIPIENT_STATE_ENDED
from voicegateway.v1.outbound_call_service_pb2 import (
    CALL_EVENT_TYPE_CREATED,
    CALL_EVENT_TYPE_DISPATCH_CHANGED,
    CALL_EVENT_TYPE_RECIPIENT_CHANGED,
)

STORY = [CALL_EVENT_TYPE_CREATED, CALL_EVENT_TYPE_DISPATCH_CHANGED, CALL_EVENT_TYPE_RECIPIENT_CHANGED]
PRESSED = "86420"


async def tell_a_story(store, request_id, account="default", token=None):
    """Records a call that is accepted and answered; returns its record."""
    wanted = replace(wish(request_id, account), token=hashed((token or request_id).encode()))
    reserved = (await reserve(store, wanted)).record
    await store.change(
        wanted.key,
        lambda found, now: transitions.finish(found, 1, reserved.owner, Outcome(error=None, reply=b""), now),
    )
    return await hear(store, wanted, keypress=PRESSED)


async def hear(store, wanted, **told):
    report = Report(
        kind=ReportKind.END, received=utc_now(), provider_call_id="a", disposition=DISPOSITION_ANSWERED, **told
    )
    changed = await store.change(wanted.key, lambda found, now: transitions.report(found, wanted.token, report, now))
    return changed.record


async def keep(store, erase_after):
    """Does whatever retention is due."""
    erase_after, rest = timedelta(days=erase_after), {"forget_after": timedelta(days=400)}
    keeper = Keeper(store, Retention(erase_after=erase_after, entomb_after=timedelta(days=30), **rest))
    while await keeper.step():
        pass


async def events(store, account="default", after=0, call_id=None, limit=1000):
    await store.number_events()
    return await store.events(account, after, call_id, limit)


async def test_every_change_is_told_once_in_order(store):
    """CREATED, DISPATCH_CHANGED, RECIPIENT_CHANGED, from 1 on, each with what it needs of its call."""
    record = await tell_a_story(store, "request-1")
    told = [each.to_call_event() for each in await events(store)]

    assert STORY == [each.type for each in told]
    assert [1, 2, 3] == [each.sequence for each in told]
    assert {(record.call_id, "request-1")} == {(each.call_id, each.request_id) for each in told}
    assert "+13236550107" == told[0].call.request.recipients[0].number == told[2].recipient.recipient.number
    assert (RECIPIENT_STATE_ENDED, PRESSED) == (told[2].recipient.state, told[2].recipient.keypress)
    assert sorted(each.occur_time.ToNanoseconds() for each in told) == [
        each.occur_time.ToNanoseconds() for each in told
    ]


async def test_all_that_is_committed_is_numbered_at_once_however_much_it_is(store):
    """More than PostgreSQL numbers in one transaction."""
    many = MOST_AT_ONCE + 1
    await asyncio.gather(*(reserve(store, wish(f"request-{number:04}")) for number in range(many)))
    await store.number_events()

    assert Span(0, many) == await store.span("default")


async def test_accounts_count_by_themselves_and_calls_are_read_alone(store):
    """Numbers of one account have no holes of another's, and a call's events are its own."""
    await asyncio.gather(*(tell_a_story(store, f"request-{number}") for number in range(20)))
    mine = await tell_a_story(store, "request-1", "other", "another token")
    found = await events(store)

    assert list(range(1, 61)) == [each.sequence for each in found]
    assert [1, 2, 3] == [each.sequence for each in await events(store, "other")]
    assert STORY == [each.event.type for each in await events(store, "other", call_id=mine.call_id)]
    assert Span(0, 60) == await store.span("default")
    assert Span(0, 0) == await store.span("nobody")
    for call_id in {each.event.call_id for each in found}:
        assert STORY == [each.event.type for each in await events(store, call_id=call_id)]


async def test_events_are_read_from_anywhere_in_any_pieces(store):
    """After a number, and so many at once."""
    for number in range(4):
        await tell_a_story(store, f"request-{number}")
    whole = await events(store)

    for after in range(13):
        assert whole[after:] == await events(store, after=after)
        assert whole[after : after + 2] == await events(store, after=after, limit=2)


async def test_many_changes_in_one_commit_are_told_one_by_one(store):
    """A phone that rings and ends within one group of commits is told twice, not once."""
    wanted = replace(wish("request-1"), token=hashed(b"token"))
    await reserve(store, wanted)
    kinds = [ReportKind.START, ReportKind.ANSWER, ReportKind.END]
    reports = [Report(kind=kind, received=utc_now(), provider_call_id="a") for kind in kinds]
    await asyncio.gather(
        *(
            store.change(wanted.key, lambda found, now, told=told: transitions.report(found, wanted.token, told, now))
            for told in reports
        )
    )
    told = [each.to_call_event() for each in await events(store)]

    assert [CALL_EVENT_TYPE_RECIPIENT_CHANGED] * 3 == [each.type for each in told[-3:]]
    assert [2, 3, 4] == [each.recipient.state for each in told[-3:]]


async def test_a_change_that_is_not_made_is_not_told(store):
    """A report that comes again adds no event."""
    await tell_a_story(store, "request-1")
    before = await events(store)
    again = replace(wish("request-1"), token=hashed(b"request-1"))
    stranger = replace(again, token=hashed(b"a stranger's"))
    await hear(store, stranger, status="BUSY")

    assert before == await events(store)


async def test_a_token_finds_its_call_as_long_as_there_is_a_record(store, clock):
    """Of any attempt; a tombstone has none any more."""
    record = await tell_a_story(store, "request-1", token="first")
    found = await store.find_token(hashed(b"first"))
    clock.ahead += timedelta(days=40)
    await keep(store, erase_after=30)

    assert record.key == found
    assert await store.find_token(hashed(b"second")) is None
    assert await store.find_token(hashed(b"first")) is None


async def test_what_was_pressed_is_erased_from_events_too(store, clock):
    """The event stays, without numbers and keys."""
    record = await tell_a_story(store, "request-1")
    await events(store)
    clock.ahead += timedelta(days=2)
    await keep(store, erase_after=1)
    told = [each.to_call_event() for each in await events(store)]
    erased = (await store.find(record.key)).to_call()

    assert STORY == [each.type for each in told]
    assert (RECIPIENT_STATE_ENDED, "", "") == (
        told[2].recipient.state,
        told[2].recipient.keypress,
        told[2].recipient.recipient.number,
    )
    assert not told[0].call.HasField("request")
    assert (RECIPIENT_STATE_ENDED, "", "") == (
        erased.recipients[0].state,
        erased.recipients[0].keypress,
        erased.recipients[0].recipient.number,
    )


async def test_events_are_forgotten_from_the_oldest_on(store, clock):
    """What is kept has no hole, whatever happened when; the numbers go on."""
    await tell_a_story(store, "request-1")
    await store.number_events()
    clock.ahead += timedelta(days=20)
    await tell_a_story(store, "request-2")
    await store.number_events()
    clock.ahead += timedelta(days=20)
    await tell_a_story(store, "request-3")
    await store.number_events()

    assert 2 == await store.forget_events(timedelta(days=30), 2)
    assert Span(2, 9) == await store.span("default")
    assert 1 == await store.forget_events(timedelta(days=30), 1000)
    assert 0 == await store.forget_events(timedelta(days=30), 1000)
    assert (Span(3, 9), [4, 5, 6, 7, 8, 9]) == (
        await store.span("default"),
        [each.sequence for each in await events(store)],
    )
    assert 6 == await store.forget_events(timedelta(0) - timedelta(days=1), 1000)
    await tell_a_story(store, "request-4")
    assert [10, 11, 12] == [each.sequence for each in await events(store)]


async def test_silence_is_found_when_its_time_has_come(store, clock):
    """By the ledger's clock, and not twice."""
    wanted = replace(wish("request-1"), token=hashed(b"token"), stale_after=timedelta(hours=24))
    reserved = (await reserve(store, wanted)).record
    await store.change(
        wanted.key, lambda found, now: transitions.finish(found, 1, reserved.owner, Outcome(error=None), now)
    )
    early = await store.stale(10)
    clock.ahead += timedelta(hours=25)
    late = await store.stale(10)
    await store.change(wanted.key, transitions.go_stale)

    assert ([], [wanted.key], []) == (early, late, await store.stale(10))
    assert [True] == [each.to_call_event().recipient.stale for each in (await events(store))[2:]]
