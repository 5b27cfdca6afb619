"""Whoever does not read costs little, and misses nothing."""

import asyncio

import pytest
from traffic import rings, tokens_of_calls
from waiting import until

from gateway.calls.feed import MOST_WAITING

CALLS, EACH = 40, 50


def watchers(watched):
    """What the gateway holds of those who watch."""
    return [each for those in watched.running.gateway._feed._watchers.values() for each in those]


async def most_waiting(watcher, happening):
    """The most that was held for a watcher while something happened."""
    most = 0
    happens = asyncio.ensure_future(happening)
    while not happens.done():
        most = max(most, len(watcher._waiting))
        await asyncio.sleep(0)
    await happens
    return most


async def much_happens(watched, tokens, each):
    await asyncio.gather(*(rings(watched, token, each) for token in tokens))


async def test_thousands_of_events_pass_before_a_watcher_reads(watched):
    """He is left behind with a few in memory; then he gets every one, in order. Others are not held up by him."""
    tokens = await tokens_of_calls(watched, CALLS)
    total = CALLS * (2 + EACH)
    async with watched.watch_slowly(after_sequence=0) as slow:
        await slow.event()
        [behind] = watchers(watched)
        waited = await most_waiting(behind, much_happens(watched, tokens, EACH))
        others = await watched.watch(after_sequence=0).events(total)
        held = behind.cursor
        rest = await slow.events(total - 1)

    assert [*range(1, total + 1)] == [event.sequence for event in others]
    assert held < total // 2
    assert waited <= MOST_WAITING
    assert others[1:] == rest


async def test_one_call_without_end(watched):
    """The same for a stream about one call."""
    [token] = await tokens_of_calls(watched, 1)
    [call_id] = [dict(post.form)["custom"] for post in watched.provider.posts]
    async with watched.watch_slowly(call_id=call_id) as slow:
        await slow.event()
        [behind] = watchers(watched)
        waited = await most_waiting(behind, much_happens(watched, [token] * 70, 10))
        others = await watched.watch(call_id=call_id).events(702)
        held = behind.cursor
        rest = await slow.events(701)

    assert held < 700
    assert waited <= MOST_WAITING
    assert others[1:] == rest


@pytest.mark.parametrize("rounds", [pytest.param(3, id="three times")])
async def test_whoever_catches_up_is_handed_what_comes(watched, rounds):
    """Left behind, he reads on from the ledger, and then is told as everybody is; and so again."""
    tokens, told = await tokens_of_calls(watched, CALLS), []
    async with watched.watch_slowly(after_sequence=0) as stream:
        told += await stream.events(2 * CALLS)
        [watcher] = watchers(watched)
        for _ in range(rounds):
            await much_happens(watched, tokens, 20)
            await until(lambda: watcher._is_behind)
            told += await stream.events(20 * CALLS)
            await until(lambda: not watcher._is_behind)
            await rings(watched, tokens[0])
            told += await stream.events(1)

    assert [*range(1, len(told) + 1)] == [event.sequence for event in told]
