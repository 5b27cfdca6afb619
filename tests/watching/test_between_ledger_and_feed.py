"""The moment in which a watcher has read the ledger to its end, and is told of what is new from then on."""

import asyncio

import pytest
from event_stream import story
from traffic import AGAIN
from waiting import until
from watched_gateway import ONE


@pytest.mark.parametrize("reads", [pytest.param("before", id="read before"), pytest.param("after", id="read after")])
async def test_an_event_in_between_is_told_once(start_on_store, store, reads):
    """It is committed and handed out while the watcher's own reading, which has it or not, is still on its way."""
    watched = await start_on_store()
    call = await watched.place(AGAIN)
    begun, go_on = asyncio.Event(), asyncio.Event()
    read = store.__getattr__("events")

    async def events(account, after, call_id, limit):
        if call_id is None or begun.is_set():
            return await read(account, after, call_id, limit)  # the feed's
        found = await read(account, after, call_id, limit) if reads == "before" else None
        begun.set()
        await go_on.wait()
        return await read(account, after, call_id, limit) if found is None else found

    store.events = events
    stream = watched.watch(call_id=call.call_id)
    await begun.wait()
    await watched.report("call_start", callee=ONE, id="a")
    await until(lambda: watched.running.gateway._feed.position("default") == 3)
    go_on.set()
    told = await stream.events(3)
    await watched.report("call_answer", callee=ONE, id="a")
    told.append(await stream.event())

    assert [1, 2, 3, 4] == [event.sequence for event in told]
    assert ["RINGING", "ANSWERED"] == [words.partition("0107 ")[2] for words in story(told)[2:]]


async def test_from_now_on_while_somebody_else_watches(start_on_store, store):
    """Whoever begins with the next event is not told of one that is committed and was not read yet."""
    watched = await start_on_store()
    await watched.place(AGAIN)
    await watched.watch().heartbeat()
    read, held = store.__getattr__("events"), asyncio.Event()

    async def events(account, after, call_id, limit):
        await held.wait()  # the feed lags behind
        return await read(account, after, call_id, limit)

    store.events = events
    await watched.report("call_start", callee=ONE, id="a")
    stream = watched.watch()
    begins = await stream.heartbeat()
    held.set()
    await watched.report("call_answer", callee=ONE, id="a")

    assert (3, 4) == (begins, (await stream.event()).sequence)
