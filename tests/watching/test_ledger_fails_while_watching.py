"""The ledger goes away while somebody watches: he is told, and afterwards goes on where he was."""

import asyncio

from event_stream import EventStream, story
from gateway_under_test import refusal_of
from traffic import AGAIN
from waiting import until_true
from watched_gateway import ONE, watching

UNAVAILABLE = ("UNAVAILABLE", "LEDGER_UNAVAILABLE", {}, "-1")
"""Code, reason, metadata and pushback: a read's, so nothing is said of a dispatch."""


def told(error):
    return error.code, error.reason, dict(error.info.metadata), error.pushback


async def test_streams_end_and_go_on_afterwards(start_on_store, store):
    """On an account and on a call; new ones are refused in the same words. What happened meanwhile is told then."""
    watched = await start_on_store()
    call = await watched.place(AGAIN)
    streams = [watched.watch(after_sequence=0), watched.watch(call_id=call.call_id)]
    for stream in streams:
        await stream.events(2)
    store.cannot_read = True
    errors = [await refusal_of(stream.rest()) for stream in streams]
    errors += [await watched.watch_error(), await watched.watch_error(call_id=call.call_id)]
    status = await watched.report("call_start", callee=ONE, id="a")
    store.cannot_read = False
    await watched.plays(ONE, "BUSY")
    again = [watched.watch(after_sequence=2), watched.watch(call_id=call.call_id, after_sequence=2)]

    assert [UNAVAILABLE] * 4 == [told(error) for error in errors]
    assert 503 == status
    assert [["RINGING", "ENDED BUSY"]] * 2 == [
        [words.partition("0107 ")[2] for words in story(await stream.events(2))] for stream in again
    ]


async def test_a_ledger_that_cannot_write_is_still_told_from(start_on_store, store):
    """Nothing new can happen; what did is read, and the stream goes on when it writes again."""
    watched = await start_on_store()
    call = await watched.place()
    store.is_down = True
    stream = watched.watch(call_id=call.call_id)
    before = story(await stream.events(2))
    status = await watched.report("call_start", callee=ONE, id="a")
    store.is_down = False
    await watched.plays(ONE, "BUSY")

    assert (503, 2) == (status, len(before))
    assert ["RINGING", "ENDED BUSY"] == [words.partition("0107 ")[2] for words in story(await stream.rest())]


async def test_a_feed_that_failed_recovers_by_itself(start_on_store, store):
    """Again and again: each time the next stream is as good as the first."""
    watched = await start_on_store()
    await watched.place(AGAIN)
    after = 2
    for attempt in range(3):
        stream = watched.watch(after_sequence=after)
        await watched.report("call_start", callee=ONE, id=f"attempt-{attempt}")
        after = (await stream.event()).sequence
        store.cannot_read = True
        assert UNAVAILABLE == told(await refusal_of(stream.rest()))
        store.cannot_read = False

    assert 5 == after


async def test_the_server_is_stopped_while_somebody_watches(provider, database, postgres, start_gateway):
    """A real PostgreSQL that crashes and comes back: the stream that is asked for again misses nothing."""
    running = await start_gateway(
        ledger={"url": database}, receiver={"listen": "127.0.0.1:0", "public_url": "http://127.0.0.1:1"}
    )
    async with watching(running, provider) as watched:
        await watched.place(AGAIN)
        stream = watched.watch(after_sequence=0)
        await stream.events(2)
        ending = asyncio.create_task(refusal_of(stream.rest()))
        await asyncio.to_thread(postgres.stop)
        try:
            error = await ending
            status = await watched.report("call_start", callee=ONE, id="lost")
        finally:
            await asyncio.to_thread(postgres.start)

        async def is_taken() -> bool:
            return 200 == await watched.report("call_start", callee=ONE, id="taken")

        await until_true(is_taken)
        again: EventStream = watched.watch(after_sequence=2)

        assert (UNAVAILABLE, 503) == (told(error), status)
        assert "taken" == (await again.event()).recipient.provider_call_id
