"""Whoever waits at one replica for an attempt of another is told how that attempt ended, and no earlier one."""

import asyncio

import faults
from replicas import Gate, dispatch, placed, replica, told
from waiting import until

BAD_KEY = {"code": "RBC201", "message": "Invalid key", "data": [], "error": {}}


async def test_who_waits_for_the_second_attempt_is_not_told_of_the_first(provider, database):
    """The first attempt's free end was read just before the second began: it is not the answer to who came then."""
    gate = Gate()

    async def read_and_held(keys):
        found = await here.store.store.find_many(keys)
        if any(record.is_free for record in found):
            await gate()
        return found

    provider.behave(faults.answers_when_released_with(BAD_KEY))
    async with (
        replica(provider.url, {"url": database}) as there,
        replica(provider.url, {"url": database}) as here,
    ):
        here.store.find_many = read_and_held
        first = asyncio.ensure_future(placed(there.stub))
        await provider.arrivals(1)
        waits_for_the_first = asyncio.ensure_future(placed(here.stub))
        await until(lambda: len(here.store.results) == 1)
        provider.release.set()
        await first
        await gate.is_reached()

        provider.release.clear()
        provider.behave(faults.answers_when_released)
        for connection in provider.connections:
            connection.close_now()
        second = asyncio.ensure_future(placed(there.stub))
        await provider.arrivals(2)
        waits_for_the_second = asyncio.ensure_future(placed(here.stub))
        await until(lambda: len(here.store.results) == 2)
        gate.opened.set()
        early = await waits_for_the_first
        during = await dispatch(here.stub)
        provider.release.set()

        assert ("PROVIDER_CREDENTIALS_REJECTED", True) == told(early)
        assert "SENDING" == during
        assert [("OK", False), ("OK", True)] == [told(await second), told(await waits_for_the_second)]
    assert 2 == len(provider.posts)
