"""When a stream about one call ends: at once where nothing can follow, else once it has been silent for a while."""

import asyncio
import itertools
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import faults
import pytest
from event_stream import story
from gateway_under_test import TO_A_FLOW
from raw_provider import ACCEPTED, REFUSED, reply
from unreachable import nobody_listens
from watched_gateway import ON_SQLITE, ONE, TWO, to

from gateway.clock import utc_now
from voicegateway.v1.outbound_call_pb2 import DISPATCH_REJECTED

SETTLE = {"watch": {"settle": 0.4}}
HASTY = {"watch": {"settle": 0.05, "heartbeat": 0.1}}

BUSY_ONCE = {"retryRules": {"rules": [{"count": 1, "statuses": ["RETRY_STATUS_BUSY"]}]}}


@ON_SQLITE
@pytest.mark.parametrize(
    ("retry", "ends"),
    [
        pytest.param({}, ["BUSY"], id="no retry"),
        pytest.param({}, ["ANSWER"], id="an answer without retry"),
        pytest.param({"retryCount": 2}, ["ANSWER"], id="a count is for who did not answer"),
        pytest.param({"retryCount": 2}, ["BUSY", "NOANSWER", "BUSY"], id="a count that is used up"),
        pytest.param({"retryCount": 2}, ["BUSY", "ANSWER"], id="answered at the second attempt"),
        pytest.param(BUSY_ONCE, ["NOANSWER"], id="a rule for something else"),
        pytest.param(BUSY_ONCE, ["BUSY", "BUSY"], id="a rule that is used up"),
    ],
)
async def test_it_ends_at_once_when_no_phone_can_ring_any_more(watched, retry, ends):
    """The settings say 600 seconds, and nobody waits for them."""
    call = await watched.place(dict(TO_A_FLOW) | retry)
    stream = watched.watch(call_id=call.call_id)
    for number, status in enumerate(ends):
        await watched.plays(ONE, status, id=f"attempt-{number}")
    events = await stream.rest()

    assert "ENDED" in story(events)[-1]
    assert len(ends) == events[-1].recipient.attempts


@ON_SQLITE
@pytest.mark.parametrize(
    ("retry", "status"),
    [
        pytest.param({"retryCount": 1}, "BUSY", id="a count"),
        pytest.param({"retryCount": 1}, "UNHEARD_OF", id="a count, after a status on no page"),
        pytest.param(BUSY_ONCE, "BUSY", id="a rule"),
        pytest.param(
            {"retryRules": {"rules": [{"count": 1, "statuses": ["RETRY_STATUS_ANSWER"]}]}},
            "ANSWER",
            id="a rule for answers",
        ),
        pytest.param({"retryInterval": "20s"}, "NOANSWER", id="an interval alone, which says not how often"),
    ],
)
async def test_it_goes_on_while_a_redial_is_possible(watched, retry, status):
    """The phone has ended and rings once more: the stream tells that, too."""
    call = await watched.place(dict(TO_A_FLOW) | retry)
    stream = watched.watch(call_id=call.call_id)
    await watched.plays(ONE, status, id="first")
    while "ENDED" not in story([await stream.event()])[0]:
        pass
    await watched.report("call_start", callee=ONE, id="second")

    assert "RECIPIENT_CHANGED ...0107 RINGING" in story([await stream.event()])[0]


async def test_it_waits_for_the_last_phone(watched):
    """One of two has ended: the other may still ring."""
    call = await watched.place(to(ONE, TWO))
    stream = watched.watch(call_id=call.call_id)
    await watched.plays(ONE, "BUSY")
    await stream.events(4)
    await watched.plays(TWO, "BUSY")

    assert ["RINGING", "ENDED BUSY"] == [words.partition("0108 ")[2] for words in story(await stream.rest())]


async def test_it_ends_when_a_redial_does_not_come(start_watched):
    """So many seconds after the last change, and no sooner."""
    watched = await start_watched(**SETTLE)
    call = await watched.place(dict(TO_A_FLOW) | {"retryCount": 1})
    await watched.plays(ONE, "BUSY")
    events = await watched.watch(call_id=call.call_id).rest()
    ended = utc_now()

    assert ended >= events[-1].occur_time.ToDatetime(ended.tzinfo) + timedelta(seconds=0.4)


async def test_it_ends_when_no_report_comes(start_watched):
    """A provider that reports nothing keeps nobody waiting for ever."""
    watched = await start_watched(**SETTLE)
    call = await watched.place()

    assert ["CREATED SENDING", "DISPATCH_CHANGED ACCEPTED"] == story(await watched.watch(call_id=call.call_id).rest())


async def test_an_unknown_outcome_is_waited_for(start_watched):
    """The same for a call of which nobody knows whether it was taken."""
    watched = await start_watched(**SETTLE)
    watched.provider.behave(faults.says(b""))
    error = await watched.refused()
    events = await watched.watch(call_id=error.info.metadata["call_id"]).rest()
    ended = utc_now()

    assert ["CREATED SENDING", "DISPATCH_CHANGED OUTCOME_UNKNOWN"] == story(events)
    assert ended >= events[-1].occur_time.ToDatetime(ended.tzinfo) + timedelta(seconds=0.4)


@pytest.mark.parametrize(
    ("answer", "dispatch"),
    [
        pytest.param(faults.says(reply({}, 401)), "REJECTED", id="refused, and the id is free"),
        pytest.param(faults.says(reply(REFUSED)), "REJECTED", id="refused, and the id is spent"),
        pytest.param(None, "NOT_SENT", id="nothing was sent"),
    ],
)
async def test_it_ends_at_once_when_nobody_was_dialed(start_watched, tmp_path, answer, dispatch):
    """The last word is told, and then the stream is over."""
    async with nobody_listens(tmp_path) as nowhere:
        watched = await start_watched(**({"account": {"base_url": nowhere.url}} if answer is None else {}))
        watched.provider.behave(answer)
        error = await watched.refused()
        events = await watched.watch(call_id=error.info.metadata["call_id"]).rest()

    assert dispatch == error.dispatch
    assert ["CREATED SENDING", f"DISPATCH_CHANGED {dispatch}"] == story(events)


async def test_a_free_call_that_is_placed_again_has_one_history(watched):
    """Refused at first, taken then: the sequence of one call's events goes on."""
    watched.provider.behave(faults.says(reply({}, 429)))
    await watched.refused(requestId="reminder-8812")
    watched.provider.reply(ACCEPTED)
    await watched.place(requestId="reminder-8812")
    await watched.plays(ONE, "BUSY")

    assert [
        "CREATED SENDING",
        "DISPATCH_CHANGED REJECTED",
        "DISPATCH_CHANGED SENDING",
        "DISPATCH_CHANGED ACCEPTED",
        "RECIPIENT_CHANGED ...0107 RINGING",
        "RECIPIENT_CHANGED ...0107 ENDED BUSY",
    ] == story(await watched.watch(request_id="reminder-8812").rest())


async def test_a_call_on_its_way_is_waited_for(start_watched):
    """However long the provider takes to answer: the time to settle does not run yet."""
    watched = await start_watched(**HASTY, provider={"reply_timeout": 30.0})
    received = []

    async def answers_after_heartbeats(connection):
        await connection.receive()
        stream = watched.watch(request_id="reminder-8812")
        received.append(stream)
        await stream.event()
        for _ in range(4):
            await stream.heartbeat()
        await connection.send(reply(ACCEPTED))

    watched.provider.behave(answers_after_heartbeats)
    await watched.place(requestId="reminder-8812")

    assert ["DISPATCH_CHANGED ACCEPTED"] == story(await received[0].rest())


@pytest.mark.parametrize("start", [pytest.param("delay", id="a delay"), pytest.param("scheduleTime", id="a time")])
async def test_a_call_for_later_is_waited_for(start_watched, start):
    """The time to settle begins when the phones are expected to ring."""
    watched = await start_watched(**HASTY)
    later = (utc_now() + timedelta(minutes=20)).replace(microsecond=0)
    call = await watched.place(dict(TO_A_FLOW) | {start: "900s" if start == "delay" else later.isoformat()})
    stream = watched.watch(call_id=call.call_id)
    await stream.events(2)
    for _ in range(4):
        await stream.heartbeat()
    await watched.plays(ONE, "BUSY")

    assert "RECIPIENT_CHANGED ...0107 ENDED BUSY" == story(await stream.rest())[-1]


async def test_a_call_for_later_that_is_never_reported_ends(start_watched):
    """The delay and the time to settle, one after the other."""
    watched = await start_watched(**SETTLE)
    call = await watched.place(dict(TO_A_FLOW) | {"delay": "1s"})
    events = await watched.watch(call_id=call.call_id).rest()
    ended = utc_now()

    assert 2 == len(events)
    assert ended >= call.create_time.ToDatetime(ended.tzinfo) + timedelta(seconds=1.4)


async def test_what_begins_again_while_a_stream_ends_is_told_to_its_end(start_on_store, store):
    """It was refused and the id is free, and just then the caller repeats it: the stream is about that, too."""
    watched = await start_on_store()
    watched.provider.behave(faults.says(reply({}, 429)))
    await watched.refused(requestId="reminder-8812")
    watched.provider.reply(ACCEPTED)
    looked, go_on = asyncio.Event(), asyncio.Event()
    read, looks = store.__getattr__("find"), itertools.count(1)

    async def find(key):
        record = await read(key)
        if next(looks) == 2:  # the first one is for what is to be watched, and this for whether it is over
            looked.set()
            await go_on.wait()
        return record

    store.find = find
    stream = watched.watch(request_id="reminder-8812")
    await looked.wait()
    await watched.place(requestId="reminder-8812")
    go_on.set()
    await stream.events(4)
    await watched.plays(ONE, "BUSY")

    assert "RECIPIENT_CHANGED ...0107 ENDED BUSY" == story(await stream.rest())[-1]


async def test_a_delay_is_waited_for_at_a_later_attempt_too(start_watched):
    """It counts from that attempt: the phone rings long after a delay from the first one would have passed."""
    watched = await start_watched(watch={"settle": 0.1})
    call = dict(TO_A_FLOW) | {"delay": "2s"}
    watched.provider.behave(faults.says(reply({}, 429)))
    await watched.refused(call, requestId="reminder-8812")
    await asyncio.sleep(2.2)
    watched.provider.reply(ACCEPTED)
    await watched.place(call, requestId="reminder-8812")
    events = await watched.watch(request_id="reminder-8812").rest()
    ended = utc_now()

    assert ended >= events[-1].occur_time.ToDatetime(ended.tzinfo) + timedelta(seconds=2)


@pytest.mark.parametrize("minutes", [pytest.param(-30, id="behind"), pytest.param(30, id="ahead")])
async def test_silence_is_measured_by_the_clock_of_the_ledger(start_on_store, clock, minutes):
    """Which may be a server's that differs from this machine's: what happened just now is waited after all the same."""
    watched = await start_on_store(watch={"settle": 1.0})
    clock.ahead = timedelta(minutes=minutes)
    begun = time.monotonic()
    call = await watched.place()
    await watched.watch(call_id=call.call_id).rest()

    assert 0.9 <= time.monotonic() - begun < 60


@ON_SQLITE
async def test_what_ends_without_an_event_is_noticed(start_watched, ledger):
    """As a replica of before there were events ends it: the stream looks again with each heartbeat."""
    watched = await start_watched(watch={"heartbeat": 0.2})
    watched.provider.behave(faults.answers_when_released)
    placing = asyncio.ensure_future(watched.refused(requestId="reminder-8812", timeout=60))
    await watched.provider.arrivals(1)
    stream = watched.watch(request_id="reminder-8812")
    await stream.event()
    with closing(sqlite3.connect(ledger["url"].removeprefix("sqlite:///"))) as other, other:
        other.execute("UPDATE calls SET dispatch = ?", (DISPATCH_REJECTED,))
    await stream.rest()
    watched.provider.release.set()
    placing.cancel()
