"""No report came in time: told as stale, once, of those who did not end; nothing is made up about them."""

from datetime import UTC, timedelta

import faults
import pytest
from event_stream import outcome_in_words, story
from raw_provider import ACCEPTED, REFUSED, reply
from waiting import until_true
from watched_gateway import ONE, THREE, TWO, to

from gateway.clock import utc_now

HOUR = timedelta(hours=1)
IN_A_DAY = timedelta(hours=24, minutes=1)


@pytest.fixture
async def watched(start_on_store):
    """A gateway that waits a day for reports, which is the default, on a ledger whose clock a test may set."""
    return await start_on_store()


async def stale_now(watched, call):
    """Waits until something of a call has gone stale; returns the call."""

    async def is_stale() -> bool:
        return any(each.stale for each in (await watched.call(call_id=call.call_id)).recipients)

    await until_true(is_stale)
    return await watched.call(call_id=call.call_id)


async def a_day_passes(watched, clock):
    """Waits until a call of now, of which nothing is heard, has gone stale: whatever was due before it has, too."""
    witness = await watched.place()
    clock.ahead += IN_A_DAY
    await stale_now(watched, witness)


def in_words(call):
    return [outcome_in_words(each) for each in call.recipients]


async def test_those_who_did_not_end(start_on_store, clock):
    """One waits, one rings, one has ended: the first two are told, as events and in the record, and nobody twice."""
    watched = await start_on_store(watch={"heartbeat": 0.2})
    call = await watched.place(to(ONE, TWO, THREE))
    await watched.report("call_start", callee=TWO, id="b")
    await watched.plays(THREE, "BUSY")
    before = await watched.call(call_id=call.call_id)
    stream = watched.watch(call_id=call.call_id)
    await stream.events(5)
    await stream.heartbeat()  # it has looked when to end before the time jumps
    clock.ahead = IN_A_DAY
    after = await stale_now(watched, call)
    told = await stream.events(2)
    await stream.heartbeat()
    await a_day_passes(watched, clock)
    await watched.report("call_start", call.call_id, callee=ONE, id="a")
    following = await stream.event()

    assert ["...0107 WAITING stale", "...0108 RINGING stale", "...0109 ENDED BUSY"] == in_words(after)
    assert ["RECIPIENT_CHANGED ...0107 WAITING stale", "RECIPIENT_CHANGED ...0108 RINGING stale"] == story(told)
    assert "RECIPIENT_CHANGED ...0107 RINGING stale" == story([following])[0]
    for outcome in after.recipients:
        outcome.stale = False
    assert list(before.recipients) == list(after.recipients)


async def test_a_report_that_comes_later_still_counts(watched, clock):
    """It says what it says; whoever has ended is not stale any more, and the stream ends."""
    call = await watched.place()
    clock.ahead = IN_A_DAY
    await stale_now(watched, call)
    await watched.plays(ONE, "ANSWER")
    recorded = await watched.call(call_id=call.call_id)
    events = story(await watched.watch(call_id=call.call_id).rest())

    assert ["...0107 ENDED ANSWERED"] == in_words(recorded)
    assert [
        "...0107 WAITING stale",
        "...0107 RINGING stale",
        "...0107 ANSWERED stale",
        "...0107 ENDED ANSWERED",
    ] == [words.removeprefix("RECIPIENT_CHANGED ") for words in events[2:]]


async def test_not_before_its_time(watched, clock):
    """A day is a day, from when the phones were expected to ring: with a delay, or a time, from then."""
    later = (utc_now() + timedelta(hours=5)).replace(microsecond=0)
    timed = await watched.place(to(ONE, scheduleTime=later.isoformat()))
    delayed = await watched.place(to(ONE, delay="900s"))
    at_once = await watched.place()
    clock.ahead = IN_A_DAY
    await stale_now(watched, at_once)
    then = [in_words(await watched.call(call_id=call.call_id))[0] for call in (timed, delayed)]
    clock.ahead += timedelta(minutes=15)
    await stale_now(watched, delayed)
    later_on = in_words(await watched.call(call_id=timed.call_id))
    clock.ahead += 5 * HOUR
    stale = await stale_now(watched, timed)
    told = (await watched.watch(call_id=timed.call_id).events(3))[2]

    assert ["...0107 WAITING", "...0107 WAITING"] == then
    assert ["...0107 WAITING"] == later_on
    assert ["...0107 WAITING stale"] == in_words(stale)
    assert told.occur_time.ToDatetime(UTC) >= later + timedelta(days=1)


async def test_whoever_ended_is_not(watched, clock):
    """A call that is over has nothing to wait for; nor one whose redial did not come."""
    over = await watched.place()
    await watched.plays(ONE, "BUSY")
    redial = await watched.place(to(ONE, retryCount=1))
    await watched.plays(ONE, "BUSY")
    await a_day_passes(watched, clock)

    for call in (over, redial):
        assert ["...0107 ENDED BUSY"] == in_words(await watched.call(call_id=call.call_id))
        assert 4 == len(await watched.watch(call_id=call.call_id).events(4))


@pytest.mark.parametrize(
    ("answer", "dispatch"),
    [
        pytest.param(faults.says(reply({}, 401)), "REJECTED", id="refused, and free"),
        pytest.param(faults.says(reply(REFUSED)), "REJECTED", id="refused, and spent"),
        pytest.param(faults.says(b""), "OUTCOME_UNKNOWN", id="unknown"),
    ],
)
async def test_of_calls_that_may_have_rung_nobody(watched, clock, answer, dispatch):
    """Where nobody was dialed nothing is missed; where nobody knows, that nothing was heard is worth telling."""
    watched.provider.behave(answer)
    error = await watched.refused()
    call_id = error.info.metadata["call_id"]
    watched.provider.reply(ACCEPTED)
    await a_day_passes(watched, clock)
    stream = watched.watch(call_id=call_id)

    assert dispatch == error.dispatch
    assert ["CREATED SENDING", f"DISPATCH_CHANGED {dispatch}"] == story(await stream.events(2))
    if dispatch == "OUTCOME_UNKNOWN":
        assert ["RECIPIENT_CHANGED ...0107 WAITING stale"] == story(await stream.events(1))
    else:
        assert [] == await stream.rest()


async def test_the_setting(start_on_store, clock):
    """`receiver.stale_after`, in seconds."""
    watched = await start_on_store(receiver={"stale_after": 3600.0})
    call = await watched.place()
    clock.ahead = timedelta(minutes=59)
    waiting = in_words(await watched.call(call_id=call.call_id))
    clock.ahead = timedelta(minutes=61)

    assert ["...0107 WAITING"] == waiting
    assert ["...0107 WAITING stale"] == in_words(await stale_now(watched, call))


async def test_without_a_receiver_nothing_is_expected(start_gateway, ledger, clock):
    """Nobody asked for reports, and nobody misses them."""
    gateway = await start_gateway(ledger=ledger)
    call = (await gateway.place_call()).call
    store = gateway.gateway.ledger._store
    if hasattr(store, "_ahead"):
        store._ahead = lambda: IN_A_DAY
    else:
        store._now = clock
        clock.ahead = IN_A_DAY

    assert [] == await store.stale(10)
    assert ["...0107 WAITING"] == in_words(call)
