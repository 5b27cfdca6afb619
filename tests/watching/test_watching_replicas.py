"""Replicas on one PostgreSQL: whatever happens at one is told at each of them, and everywhere in the same order."""

import asyncio

import pytest
from event_stream import story
from gateway_under_test import running_gateway
from raw_provider import RawProvider
from traffic import rings, tokens_of_calls
from watched_gateway import ONE, RECEIVER, WatchedGateway, watching


@pytest.fixture
async def replicas(provider: RawProvider, database: str):
    """Two gateways on one database."""
    settings = {"ledger": {"url": database}, "receiver": dict(RECEIVER), "watch": {"heartbeat": 0.05}}
    async with (
        running_gateway(provider.url, settings) as one,
        running_gateway(provider.url, settings) as other,
        watching(one, provider) as here,
        watching(other, provider) as there,
    ):
        yield here, there


async def test_a_report_at_one_is_told_at_the_other(replicas):
    """Placed at one, reported to the other, watched at both, before and after."""
    here, there = replicas
    call = await here.place()
    streams = [each.watch(call_id=call.call_id) for each in replicas]
    for stream in streams:
        await stream.events(2)
    await there.plays(ONE, "ANSWER")
    rest = [await stream.rest() for stream in streams]
    late = [await each.watch(request_id=call.request_id).rest() for each in replicas]

    assert ["RINGING", "ANSWERED", "ENDED ANSWERED"] == [words.partition("0107 ")[2] for words in story(rest[0])]
    assert rest[0] == rest[1]
    assert late[0] == late[1]
    assert rest[0] == late[0][2:]
    assert (await here.call(call_id=call.call_id)) == (await there.call(call_id=call.call_id))


async def test_both_tell_the_same_sequence(replicas):
    """Calls and reports at both, all at once: without a gap, and each watcher sees the same."""
    here, there = replicas
    streams = [each.watch(after_sequence=0) for each in replicas for _ in range(2)]
    total = 2 * 10 * (2 + 20)
    reading = [asyncio.create_task(stream.events(total)) for stream in streams]
    tokens = await asyncio.gather(tokens_of_calls(here, 10), tokens_of_calls(there, 10))
    crossed = zip((there, here), tokens, strict=True)
    await asyncio.gather(*(rings(replica, token, 20) for replica, ours in crossed for token in ours))
    first, *others = await asyncio.gather(*reading)

    assert [*range(1, total + 1)] == [event.sequence for event in first]
    assert [first] * 3 == others


async def test_a_stream_goes_on_at_the_other(replicas):
    """From any event and any heartbeat, in turn, while it happens."""
    here, there = replicas
    token, *_ = await tokens_of_calls(here, 3)
    going_on = asyncio.create_task(rings(there, token, 60))
    seen, after = [], 6
    while len(seen) < 60:
        stream = replicas[len(seen) % 2].watch(after_sequence=after)
        response = await stream.response()
        while response.HasField("event") and len(seen) % 7 != 6:
            seen.append(response.event)
            response = await stream.response()
        if response.HasField("event"):
            seen.append(response.event)
        after = response.event.sequence or response.heartbeat.sequence
        await stream.leave()
    await going_on

    assert [*range(7, 67)] == [event.sequence for event in seen]


async def test_a_heartbeat_never_passes_an_event_of_the_other(replicas):
    """What is told of the one as its position is no further than what its watchers were handed."""
    here, there = replicas
    tokens = await tokens_of_calls(here, 4)
    stream, seen = here.watch(), []
    seen = [await stream.response()]
    for _ in range(20):
        await asyncio.gather(*(rings(there, token) for token in tokens))
        seen.append(await stream.response())
    while seen[-1].event.sequence < 8 + 80:
        seen.append(await stream.response())

    position = 0
    for response in seen:
        if response.HasField("event"):
            assert position + 1 == response.event.sequence or position == 0
            position = response.event.sequence
        else:
            assert position in {0, response.heartbeat.sequence}
            position = response.heartbeat.sequence


async def test_one_replica_goes_and_nothing_is_lost(provider, database):
    """Events that a replica committed in its last moment are numbered and told by the other."""
    settings = {"ledger": {"url": database}, "receiver": dict(RECEIVER)}
    async with running_gateway(provider.url, settings) as staying, watching(staying, provider) as here:
        async with running_gateway(provider.url, settings) as leaving, watching(leaving, provider) as there:
            call = await there.place()
            leaving.gateway._feed._task.cancel()  # it numbers nothing any more
            stream = here.watch(call_id=call.call_id)
            await stream.events(2)
            await there.report("call_start", callee=ONE, id="a")
        await here.report("call_end", callee=ONE, id="a", status="BUSY")

        assert ["RINGING", "ENDED BUSY"] == [words.partition("0107 ")[2] for words in story(await stream.rest())]


async def test_a_replica_that_nobody_watches_numbers_too(replicas: tuple[WatchedGateway, WatchedGateway]):
    """Whoever comes later finds numbered history: "from now on" begins after it."""
    here, there = replicas
    await here.place()

    assert 2 == await there.watch().heartbeat()
