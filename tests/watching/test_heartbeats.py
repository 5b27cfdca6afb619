"""Heartbeats say that a stream is alive, and up to where: never beyond an event that is still to come."""

import asyncio

import pytest
from event_stream import EventStream
from traffic import AGAIN, rings, tokens_of_calls
from watched_gateway import ONE

OFTEN = {"watch": {"heartbeat": 0.2}}
HASTY = {"watch": {"heartbeat": 0.005}}


async def test_in_silence_they_come_again_and_again(start_watched):
    """On either kind of stream, with the sequence of the last event."""
    watched = await start_watched(**OFTEN)
    call = await watched.place()
    account, one = watched.watch(after_sequence=0), watched.watch(call_id=call.call_id)
    for stream in (account, one):
        await stream.events(2)

        assert [2, 2, 2] == [await stream.heartbeat() for _ in range(3)]


async def test_what_other_calls_do_moves_it_on(start_watched):
    """A stream about one call can be resumed from where the whole account was."""
    watched = await start_watched(**OFTEN)
    call = await watched.place()
    stream = watched.watch(call_id=call.call_id)
    await stream.events(2)
    await watched.place()
    while (sequence := await stream.heartbeat()) < 4:
        assert 2 <= sequence
    await stream.leave()
    await watched.plays(ONE, "BUSY", call_id=call.call_id)
    events = await watched.watch(call_id=call.call_id, after_sequence=sequence).rest()

    assert [5, 6] == [event.sequence for event in events]


async def test_events_are_as_good(start_watched):
    """While events come there is no silence to break."""
    watched = await start_watched(watch={"heartbeat": 20.0})
    stream = watched.watch()
    await stream.heartbeat()
    [token] = await tokens_of_calls(watched, 1)
    await rings(watched, token, 50)
    await stream.events(52)

    assert 1 + 52 == len(stream.responses)


@pytest.mark.parametrize("kind", [pytest.param("account", id="an account"), pytest.param("call", id="a call")])
async def test_no_event_is_ever_skipped(start_watched, kind):
    """At any moment of a busy account: what came before a heartbeat is all up to its sequence, what follows is not."""
    watched = await start_watched(**HASTY)
    tokens = await tokens_of_calls(watched, 6)
    quiet = await watched.place(AGAIN)
    lookup = {"call_id": quiet.call_id} if kind == "call" else {}
    stream = watched.watch(**lookup, after_sequence=0)
    reading = asyncio.create_task(read_until_done(stream))
    for _ in range(12):
        await asyncio.gather(*(rings(watched, token, 3) for token in tokens))
        await watched.report("call_start", quiet.call_id, callee=ONE, id="a")
        await watched.report("call_end", quiet.call_id, callee=ONE, id=str(len(stream.responses)))
    await watched.place(requestId="the-last-one")
    last = (await watched.watch(request_id="the-last-one").event()).sequence
    await stream_reaches(stream, last)
    reading.cancel()
    told = [each.event.sequence for each in stream.responses if each.HasField("event")]

    assert sorted(set(told)) == told
    assert kind == "call" or list(range(1, told[-1] + 1)) == told
    beats = 0
    for place, each in enumerate(stream.responses):
        if each.HasField("heartbeat"):
            beats += 1
            sequence = each.heartbeat.sequence
            assert all(before.event.sequence <= sequence for before in stream.responses[:place])
            assert all(after.event.sequence > sequence for after in stream.responses[place:] if after.HasField("event"))
    assert beats > 3


async def read_until_done(stream: EventStream) -> None:
    """Reads until it is cancelled."""
    while await stream.response():
        pass


async def stream_reaches(stream: EventStream, sequence: int) -> None:
    """Waits until a stream that somebody reads is past a sequence."""
    async with asyncio.timeout(60):
        while not any(max(each.heartbeat.sequence, each.event.sequence) >= sequence for each in stream.responses):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
