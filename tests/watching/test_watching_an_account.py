"""A stream about all calls of an account: what happens from now on, or after a sequence number."""

from event_stream import story
from watched_gateway import ONE

OTHER = {"sid": "HXXXXXXX071US", "api_key": "another-key"}


async def test_from_now_on(watched):
    """It begins with the sequence that it begins after; what was before is not told."""
    before = await watched.place()
    stream = watched.watch()
    begins = await stream.heartbeat()
    after = await watched.place()
    events = await stream.events(2)

    assert 2 == begins
    assert [(3, after.call_id), (4, after.call_id)] == [(event.sequence, event.call_id) for event in events]
    assert before.call_id != after.call_id


async def test_an_account_without_a_call(watched):
    """Its sequence is 0, and its first event is 1."""
    stream = watched.watch()
    begins = await stream.heartbeat()
    await watched.place()

    assert (0, 1) == (begins, (await stream.event()).sequence)


async def test_it_does_not_end_with_its_calls(watched):
    """All of them have ended; the next one is told."""
    stream = watched.watch(after_sequence=0)
    for _ in range(2):
        await watched.place()
        await watched.plays(ONE, "BUSY")

    assert 2 * ["CREATED SENDING", "DISPATCH_CHANGED ACCEPTED"] == [
        words for words in story(await stream.events(8)) if "RECIPIENT" not in words
    ]


async def test_after_a_sequence(watched):
    """Exactly what came after it; 0 is from the beginning."""
    await watched.place()
    await watched.plays(ONE, "BUSY")
    streams = [watched.watch(after_sequence=after) for after in range(5)]
    await watched.place()
    told = [await stream.events(6 - after) for after, stream in enumerate(streams)]

    assert [1, 2, 3, 4, 5, 6] == [event.sequence for event in told[0]]
    assert [told[0][after:] for after in range(5)] == told


async def test_other_accounts_are_not_told(start_watched):
    """Each has sequence numbers of its own, and nobody else's events."""
    watched = await start_watched(accounts={"other": OTHER | {"base_url": "http://127.0.0.1:1"}})
    ours, others = watched.watch(after_sequence=0), watched.watch(after_sequence=0, account="other")
    for _ in range(3):
        await watched.place()
        await watched.refused(account="other")

    assert [*range(1, 7)] == [event.sequence for event in await ours.events(6)]
    assert 3 * ["CREATED SENDING", "DISPATCH_CHANGED NOT_SENT"] == story(await others.events(6))
    assert [*range(1, 7)] == [each.event.sequence for each in others.responses]


async def test_the_default_account_by_its_name(watched):
    """An empty name is `default`."""
    await watched.place()
    streams = watched.watch(after_sequence=0), watched.watch(after_sequence=0, account="default")

    assert await streams[0].events(2) == await streams[1].events(2)


async def test_a_call_of_another_account_is_not_found(start_watched):
    """Neither by its call_id nor by its request_id."""
    watched = await start_watched(accounts={"other": OTHER | {"base_url": "http://127.0.0.1:1"}})
    call = await watched.place(requestId="reminder-8812")
    errors = [
        await watched.watch_error(call_id=call.call_id, account="other"),
        await watched.watch_error(request_id="reminder-8812", account="other"),
    ]

    assert ["CALL_NOT_FOUND"] * 2 == [error.reason for error in errors]
