"""A replica that drains, or stops, ends its streams in words that make their readers go elsewhere."""

import asyncio

import faults
import pytest
from gateway_under_test import refusal_of
from traffic import AGAIN, rings, tokens_of_calls
from waiting import until

OVERLOADED = ("UNAVAILABLE", "OVERLOADED", {}, "-1")
"""Code, reason, metadata and pushback: the contract's row 19 for a stream. Nothing is said of a dispatch, and no mesh
repeats it: its reader goes on after what it has."""


def told(error):
    return error.code, error.reason, dict(error.info.metadata), error.pushback


async def streams_of_every_kind(watched):
    """Of an account and of a call, before the first event and after it; each is waiting for more."""
    call = await watched.place(AGAIN)
    account, new, one = watched.watch(after_sequence=0), watched.watch(), watched.watch(call_id=call.call_id)
    await account.events(2)
    await new.heartbeat()
    await one.events(2)
    return [account, new, one]


@pytest.mark.parametrize("end", [pytest.param("drain", id="drain"), pytest.param("stop", id="stop")])
async def test_every_stream_ends(watched, end):
    """At once: nobody waits for `drain_grace`, which is 30 seconds here."""
    streams = await streams_of_every_kind(watched)
    ends = [asyncio.create_task(refusal_of(stream.rest())) for stream in streams]
    async with asyncio.timeout(20):
        in_time = await getattr(watched.running.gateway, end)()
    errors = await asyncio.gather(*ends)

    assert [OVERLOADED] * 3 == [told(error) for error in errors]
    assert in_time is {"drain": True, "stop": None}[end]


async def test_a_reader_who_does_not_read_holds_nobody_up(watched):
    """A stream that cannot take its last word, since nobody takes the ones before, is cut off like any other."""
    tokens = await tokens_of_calls(watched, 20)
    async with watched.watch_slowly(after_sequence=0) as slow:
        await slow.event()
        [behind] = [each for those in watched.running.gateway._feed._watchers.values() for each in those]
        await asyncio.gather(*(rings(watched, token, 40) for token in tokens))
        await until(lambda: behind._is_behind)
        async with asyncio.timeout(20):
            in_time = await watched.running.gateway.drain()

    assert in_time


async def test_a_stream_that_is_asked_for_while_it_drains(watched):
    """It is refused in the same words, also while a call is still on its way; that call gets its answer."""
    watched.provider.behave(faults.answers_when_released)
    placing = asyncio.create_task(watched.place())
    await watched.provider.arrivals(1)
    draining = asyncio.create_task(watched.running.gateway.drain())
    await until(lambda: watched.running.gateway._feed._is_closed)
    errors = [await watched.watch_error(), await watched.watch_error(after_sequence=0)]
    watched.provider.release.set()
    call = await placing
    await draining

    assert [OVERLOADED] * 2 == [told(error) for error in errors]
    assert call.call_id


async def test_what_was_told_is_where_the_next_replica_goes_on(start_watched):
    """The last event that was read before the drain is followed by the first one after it."""
    watched = await start_watched()
    stream = watched.watch(after_sequence=0)
    await watched.place()
    before = await stream.events(2)
    ending = asyncio.create_task(refusal_of(stream.rest()))
    await watched.running.gateway.drain()
    error = await ending
    successor = await start_watched()
    await successor.place()
    after = await successor.watch(after_sequence=before[-1].sequence).events(2)

    assert OVERLOADED == told(error)
    assert [3, 4] == [event.sequence for event in after]
