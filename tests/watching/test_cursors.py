"""Where a stream may begin, and what is told of a place where it cannot."""

import itertools
from datetime import timedelta

import pytest
from event_stream import story
from watched_gateway import ONE

from gateway.calls import feed


async def forget(watched, count):
    """Has the ledger forget its oldest events, as if their time had come."""
    store = watched.running.gateway.ledger._store
    await store.number_events()
    assert count == await store.forget_events(timedelta(0), count)


@pytest.mark.parametrize(
    ("request_", "code", "reason"),
    [
        pytest.param({"request_id": "never-placed"}, "NOT_FOUND", "CALL_NOT_FOUND", id="no such request_id"),
        pytest.param({"call_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "NOT_FOUND", "CALL_NOT_FOUND", id="no such call_id"),
        pytest.param({"account": "nobodys"}, "NOT_FOUND", "ACCOUNT_NOT_FOUND", id="no such account"),
        pytest.param({"after_sequence": -1}, "INVALID_ARGUMENT", "INVALID_REQUEST", id="a negative sequence"),
        pytest.param({"request_id": "x"}, "INVALID_ARGUMENT", "INVALID_REQUEST", id="an id that is none"),
        pytest.param({"after_sequence": 3}, "OUT_OF_RANGE", "CURSOR_OUT_OF_RANGE", id="ahead of what there is"),
    ],
)
async def test_what_is_refused(watched, request_, code, reason):
    """As reads are: no dispatch, no advice, and no repeating by a mesh."""
    await watched.place()
    error = await watched.watch_error(**request_)

    assert (code, reason, "", "", "-1") == (error.code, error.reason, error.dispatch, error.retry, error.pushback)


@pytest.mark.parametrize("lookup", [pytest.param("call_id", id="call_id"), pytest.param("request_id", id="request_id")])
async def test_a_call_by_either_id(watched, lookup):
    """Its own events, among those of others."""
    call = await watched.place()
    await watched.place()
    await watched.plays(ONE, "BUSY", call_id=call.call_id)
    events = await watched.watch(**{lookup: getattr(call, lookup)}).rest()

    assert [1, 2, 5, 6] == [event.sequence for event in events]
    assert {call.call_id} == {event.call_id for event in events}


async def test_a_call_after_a_sequence(watched):
    """Also after one that is another call's."""
    call = await watched.place()
    await watched.place()
    await watched.plays(ONE, "BUSY", call_id=call.call_id)
    told = [await watched.watch(call_id=call.call_id, after_sequence=after).rest() for after in range(7)]

    assert [[sequence for sequence in (1, 2, 5, 6) if sequence > after] for after in range(7)] == [
        [event.sequence for event in events] for events in told
    ]


async def test_an_account_of_which_the_oldest_is_forgotten(watched):
    """0 is from the oldest that is kept; older is refused, and told what there is."""
    await watched.place()
    await watched.plays(ONE, "BUSY")
    await forget(watched, 3)
    await watched.place()
    errors = [await watched.watch_error(after_sequence=after) for after in (1, 2, 7)]
    whole = await watched.watch(after_sequence=0).events(3)
    exact = await watched.watch(after_sequence=3).events(3)

    assert [("CURSOR_OUT_OF_RANGE", "4", "6")] * 3 == [
        (error.reason, error.info.metadata["oldest_sequence"], error.info.metadata["newest_sequence"])
        for error in errors
    ]
    assert [4, 5, 6] == [event.sequence for event in whole]
    assert whole == exact
    assert 6 == await watched.watch().heartbeat()


async def test_an_account_of_which_all_is_forgotten(watched):
    """The numbers go on, and whoever was up to date still is."""
    await watched.place()
    await forget(watched, 2)
    error = await watched.watch_error(after_sequence=1)
    streams = [watched.watch(after_sequence=2), watched.watch(after_sequence=0)]
    await watched.place()

    assert ("CURSOR_OUT_OF_RANGE", "2") == (error.reason, error.info.metadata["newest_sequence"])
    assert [[3, 4], [3, 4]] == [[event.sequence for event in await stream.events(2)] for stream in streams]


async def test_a_call_whose_events_are_kept_among_forgotten_ones(watched):
    """What was forgotten was other calls': any sequence is as good as ever."""
    await watched.place()
    await forget(watched, 2)
    call = await watched.place()
    await watched.plays(ONE, "BUSY")
    events = await watched.watch(call_id=call.call_id, after_sequence=1).rest()

    assert [3, 4, 5, 6] == [event.sequence for event in events]


async def test_a_call_of_which_events_are_forgotten(watched):
    """Who had seen some of it, and not all that is gone, is not told a history with a hole in it."""
    call = await watched.place()
    await watched.plays(ONE, "BUSY")
    await forget(watched, 3)
    error = await watched.watch_error(call_id=call.call_id, after_sequence=1)

    assert ("CURSOR_OUT_OF_RANGE", "4", "4") == (
        error.reason,
        error.info.metadata["oldest_sequence"],
        error.info.metadata["newest_sequence"],
    )
    assert ["RECIPIENT_CHANGED ...0107 ENDED BUSY"] == story(
        await watched.watch(call_id=call.call_id, after_sequence=3).rest()
    )


@pytest.mark.parametrize("after", [pytest.param(1, id="at its beginning"), pytest.param(0, id="on its way")])
async def test_a_reader_whose_next_event_is_forgotten_meanwhile(start_on_store, store, monkeypatch, after):
    """He was too slow, and is told so: a hole is never passed over in silence."""
    watched = await start_on_store()
    await watched.place()
    await watched.plays(ONE, "BUSY")
    read, reads = store.__getattr__("events"), itertools.count(1)

    async def events(account, after, call_id, limit):
        number = next(reads)
        if number == held:
            await forget(watched, 4)
            await watched.place()
            await store.number_events()
        return await read(account, after, call_id, 1 if number < held else limit)

    held = 1 if after else 2
    monkeypatch.setattr(feed, "PAGE", 1)
    store.events = events
    error = await watched.watch_error(after_sequence=after)

    assert ("CURSOR_OUT_OF_RANGE", "5", "6") == (
        error.reason,
        error.info.metadata["oldest_sequence"],
        error.info.metadata["newest_sequence"],
    )
