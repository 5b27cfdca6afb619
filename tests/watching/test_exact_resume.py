"""A stream that breaks after any event goes on with the next one: the pieces make the whole."""

import asyncio

import pytest
from event_stream import EventStream
from traffic import rings, tokens_of_calls
from watched_gateway import ONE, TWO, to


async def story_of_two_calls(watched):
    """Eleven events of one call and seven of another, in turn; returns the first."""
    first = await watched.place(to(ONE, TWO))
    second = await watched.place(to(ONE, retryCount=1))
    for callee, status in ((ONE, "BUSY"), (TWO, "ANSWER")):
        await watched.plays(callee, status, call_id=first.call_id)
    for attempt in ("1", "2"):
        await watched.plays(ONE, "NOANSWER", attempt, call_id=second.call_id)
    return first


async def in_pieces(watched, count, **lookup):
    """Reads one event of each stream, and has the next one go on after it."""
    events = [await watched.watch(after_sequence=0, **lookup).event()]
    while len(events) < count:
        stream = watched.watch(after_sequence=events[-1].sequence, **lookup)
        events.append(await stream.event())
        await stream.leave()
    return events


async def test_an_account_in_pieces(watched):
    """Broken after every single event."""
    await story_of_two_calls(watched)
    whole = await watched.watch(after_sequence=0).events(13)

    assert [*range(1, 14)] == [event.sequence for event in whole]
    assert whole == await in_pieces(watched, 13)


async def test_a_call_in_pieces(watched):
    """The same for one call among others; after its last event the stream is empty, and ends."""
    call = await story_of_two_calls(watched)
    whole = await watched.watch(call_id=call.call_id).rest()

    assert whole == await in_pieces(watched, len(whole), call_id=call.call_id)
    assert [] == await watched.watch(call_id=call.call_id, after_sequence=whole[-1].sequence).rest()


@pytest.mark.parametrize("lookup", [pytest.param("account", id="an account"), pytest.param("call", id="a call")])
async def test_in_pieces_while_it_happens(watched, lookup):
    """Each piece is a few events long, and more of them come meanwhile, of this call and of others."""
    token, *others = await tokens_of_calls(watched, 4)
    [call_id] = [dict(post.form)["custom"] for post in watched.provider.posts if token in dict(post.form)["dlrurl"]]
    request = {"call_id": call_id} if lookup == "call" else {}
    last = {"call": 1 + 1 + 40, "account": 4 * (1 + 1 + 40)}[lookup]
    going_on = [asyncio.create_task(rings(watched, each, 40)) for each in (token, *others)]
    pieces = []
    while len(pieces) < last:
        after = pieces[-1].sequence if pieces else 0
        stream = watched.watch(after_sequence=after, **request)
        pieces += await stream.events(min(7, last - len(pieces)))
        await stream.leave()
    await asyncio.gather(*going_on)
    whole = await watched.watch(after_sequence=0, **request).events(last)

    assert whole == pieces
    assert last == len({event.sequence for event in whole})


async def test_in_pieces_by_heartbeats(start_watched):
    """A heartbeat's sequence is as good a place to go on from as an event's."""
    watched = await start_watched(watch={"heartbeat": 0.05})
    token, other = await tokens_of_calls(watched, 2)
    after, seen = await watched.watch().heartbeat(), []
    for _ in range(5):
        await rings(watched, other)
        stream: EventStream = watched.watch(after_sequence=after)
        await rings(watched, token)
        seen += await stream.events(2)
        after = await stream.heartbeat()
        await stream.leave()

    assert [*range(5, 15)] == [event.sequence for event in seen]
    assert 14 == after
