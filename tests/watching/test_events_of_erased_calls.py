"""When the time has come for numbers and texts to go, they go from events, too; what is left is still told."""

from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from event_stream import story
from waiting import until_true
from watched_gateway import ONE, TWO, to

KEYS = "4711#9*"
SECRETS = (ONE.removeprefix("+"), TWO.removeprefix("+"), "Zq7-reference", KEYS)
CALL = to(ONE, TWO) | {"recipients": [{"number": ONE, "reference": "Zq7-reference"}, {"number": TWO}]}
A_DAY = timedelta(days=1)

TABLES = ("calls", "call_numbers", "events", "unnumbered_events", "report_tokens", "sequences")


async def everything_kept(ledger) -> bytes:
    """All bytes of a ledger, as far as anybody can read them by its own means."""
    if ledger["url"].startswith("sqlite"):
        file = Path(ledger["url"].removeprefix("sqlite:///"))
        return b"".join(each.read_bytes() for each in file.parent.iterdir())
    connection = await asyncpg.connect(ledger["url"])
    try:
        rows = [row for table in TABLES for row in await connection.fetch(f"SELECT * FROM {table}")]
    finally:
        await connection.close()
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


@pytest.fixture
async def watched(start_on_store):
    """A gateway on a ledger whose clock a test may set; numbers are kept for 30 days, which is the default."""
    return await start_on_store(watch={"settle": 0.3})


async def is_played(watched):
    """A call of two, with keys pressed; returns it."""
    call = await watched.place(CALL)
    await watched.report("call_answer", callee=ONE, id="a", keypress=KEYS[:2])
    await watched.report("call_end", callee=ONE, id="a", status="ANSWER", keypress=KEYS)
    await watched.report("call_end", callee=TWO, id="b", status="BUSY")
    return call


async def erased(watched, call):
    async def is_erased() -> bool:
        return not (await watched.call(call_id=call.call_id)).HasField("request")

    await until_true(is_erased)
    await until_true(watched.running.gateway.ledger._store.scrub)


async def test_no_number_and_no_key_is_left(start_on_store, clock, ledger):
    """Neither in the ledger nor in what is told; how it went is."""
    watched = await start_on_store(ledger={"erase_days": 1}, watch={"settle": 0.3})
    call = await is_played(watched)
    before = await watched.watch(call_id=call.call_id).rest()
    kept = await everything_kept(ledger)
    clock.ahead = 2 * A_DAY
    await erased(watched, call)

    async def is_scrubbed() -> bool:
        left = await everything_kept(ledger)
        return not any(secret.encode() in left for secret in SECRETS)

    await until_true(is_scrubbed)
    after = await watched.watch(call_id=call.call_id).rest()
    account = await watched.watch(after_sequence=0).events(len(after))

    assert all(secret.encode() in kept for secret in SECRETS)
    assert all(secret in str(before) for secret in SECRETS)
    assert not any(secret in str(after) for secret in SECRETS)
    assert after == account
    assert [words.replace("...0107", "...").replace("...0108", "...") for words in story(before)] == story(after)
    assert [event.sequence for event in before] == [event.sequence for event in after]


async def test_a_stream_that_is_open_goes_on(start_on_store, clock):
    """An erasure is no event, and the next call is told with its numbers."""
    watched = await start_on_store(ledger={"erase_days": 1}, watch={"settle": 0.3})
    call = await is_played(watched)
    stream = watched.watch()
    begins = await stream.heartbeat()
    clock.ahead = 2 * A_DAY
    await erased(watched, call)
    await watched.report("call_start", call.call_id, callee=ONE, id="late")
    other = await watched.place(to(ONE))
    events = await stream.events(2)

    assert 5 == begins
    assert [(6, other.call_id), (7, other.call_id)] == [(event.sequence, event.call_id) for event in events]
    assert ONE == events[0].call.request.recipients[0].number


async def test_old_events_are_forgotten(watched, clock):
    """After `keep_days` a place in them is out of range, and the numbers go on."""
    call = await is_played(watched)
    clock.ahead = 31 * A_DAY
    later = await watched.place()

    async def is_forgotten() -> bool:
        return (await watched.running.gateway.ledger.span("default")).forgotten == 5

    await until_true(is_forgotten)
    errors = [
        await watched.watch_error(after_sequence=4),
        await watched.watch_error(after_sequence=4, call_id=call.call_id),
    ]
    events = await watched.watch(after_sequence=0).events(2)

    assert [("CURSOR_OUT_OF_RANGE", "6", "7")] * 2 == [
        (error.reason, error.info.metadata["oldest_sequence"], error.info.metadata["newest_sequence"])
        for error in errors
    ]
    assert [(6, later.call_id), (7, later.call_id)] == [(event.sequence, event.call_id) for event in events]
    assert [] == await watched.watch(call_id=call.call_id).rest()
