"""Who stops following a call leaves nothing behind: no stream, no thread, and no event unread that counts as told."""

import asyncio
import gc
import threading

import grpc
import pytest
from scripted_server import Failure, Silence
from scripted_streams import DRAIN, NUMBER, Beat, StreamingServer, UpTo, streaming_server
from waiting import until
from watched import CALL_ID, QUICK

from voicegateway_client import (
    CallError,
    open_aio_channel,
    open_channel,
    watch_call,
    watch_call_aio,
    watch_calls,
    watch_calls_aio,
)

LONG = {"first_wait": 3600.0, "longest_wait": 3600.0, "patience": None}
"""A wait between two streams that no test sits out."""


async def all_over(server: StreamingServer) -> None:
    """Waits until the server was told that nobody reads any stream."""
    await until(lambda: all(stream.over.is_set() for stream in server.streams))


def guards() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "silence"]


# Threads


async def test_closing_ends_a_wait_for_the_next_event():
    """Another thread closes it: the iteration ends, the gateway hears of it, and no thread stays."""
    async with streaming_server([1, Silence()]) as server:
        with open_channel(server.address) as channel:
            watch = watch_call(channel, call_id=CALL_ID)
            reading = asyncio.create_task(asyncio.to_thread(lambda: [event.sequence for event in watch]))
            await until(lambda: watch.last_sequence == 1)
            watch.close()

            assert [1] == await asyncio.wait_for(reading, 60)
            await all_over(server)
    await until(lambda: not guards())


async def test_closing_ends_a_wait_between_two_streams():
    """However long it would have been."""
    async with streaming_server([1, DRAIN]) as server:
        with open_channel(server.address) as channel:
            watch = watch_call(channel, call_id=CALL_ID, **LONG)
            reading = asyncio.create_task(asyncio.to_thread(list, watch))
            await all_over(server)
            await until(lambda: watch.last_sequence == 1 and watch._stream is None)
            watch.close()

            assert [1] == [event.sequence for event in await asyncio.wait_for(reading, 60)]


async def test_a_block_that_is_left_ends_the_stream():
    """After the block there is no event, although more was on its way."""

    def read(address: str) -> list[int]:
        with open_channel(address) as channel, watch_call(channel, call_id=CALL_ID) as events:
            read = [next(events).sequence]
            events.close()
            return read + [event.sequence for event in events]

    async with streaming_server([1, 2, 3, Silence()]) as server:
        assert [1] == await asyncio.to_thread(read, server.address)
        await all_over(server)


async def test_a_loop_that_is_left_ends_the_stream():
    """Nobody has the iterator any more: its stream and its thread go with it."""

    def read(channel: grpc.Channel) -> None:
        for _ in watch_call(channel, call_id=CALL_ID):
            break

    async with streaming_server([1, 2, Silence()]) as server:
        with open_channel(server.address) as channel:
            await asyncio.to_thread(read, channel)
            gc.collect()
            await all_over(server)
            await until(lambda: not guards())


async def test_a_closed_one_asks_for_nothing():
    """Closed before the first event, it opens no stream."""
    async with streaming_server([1]) as server:
        with open_channel(server.address) as channel:
            watch = watch_calls(channel)
            watch.close()

            assert [] == await asyncio.to_thread(list, watch)
    assert [] == server.streams


async def test_a_closed_channel_is_not_tried_for_ever():
    """GRPC's own error says so."""
    async with streaming_server([1, Silence()]) as server:
        channel = open_channel(server.address)
        watch = watch_call(channel, call_id=CALL_ID, **QUICK)
        assert 1 == (await asyncio.to_thread(next, watch)).sequence
        channel.close()

        with pytest.raises(ValueError, match="Cannot invoke RPC"):
            await asyncio.to_thread(next, watch)
        assert watch._closed.is_set()


async def test_a_slow_reader_holds_no_events_in_memory():
    """What is not read stays with the gateway: it can send no more than fits on the way."""
    async with streaming_server([UpTo(2000)], padding=100_000) as server:
        with open_channel(server.address) as channel, watch_call(channel, call_id=CALL_ID) as events:
            await asyncio.to_thread(next, events)
            sent = -1
            while sent != (sent := server.streams[0].sent):  # noqa: ASYNC110 - nothing signals that nothing is sent
                await asyncio.sleep(0.5)

    assert 400 > sent


# asyncio


async def test_a_task_that_is_cancelled_ends_the_stream():
    """The task ends at once, and the gateway hears of it."""
    async with streaming_server([1, Silence()]) as server, open_aio_channel(server.address) as channel:
        watch = watch_call_aio(channel, call_id=CALL_ID)
        assert 1 == (await anext(watch)).sequence
        task = asyncio.create_task(anext(watch))
        await asyncio.sleep(0)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        await all_over(server)


async def test_a_task_that_is_cancelled_between_two_streams_ends():
    """However long the wait would have been."""
    async with streaming_server([DRAIN]) as server, open_aio_channel(server.address) as channel:
        watch = watch_call_aio(channel, call_id=CALL_ID, **LONG)
        task = asyncio.create_task(anext(watch))
        await until(lambda: bool(server.streams) and watch._stream is None)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task


async def test_who_asks_again_after_a_cancel_misses_nothing():
    """A wait that was given up, as by `asyncio.timeout`, is not the end: the next goes on after the last event."""
    async with (
        streaming_server([1, Beat(3), Silence()], [Beat(5), Silence()], [6]) as server,
        open_aio_channel(server.address) as channel,
        watch_call_aio(channel, call_id=CALL_ID) as events,
    ):
        assert 1 == (await anext(events)).sequence
        for sequence in (3, 5):
            task = asyncio.create_task(anext(events))
            await until(lambda: events.last_sequence == sequence)  # noqa: B023
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert 6 == (await anext(events)).sequence

    assert [None, 3, 5] == server.asked_after


async def test_closing_ends_the_iteration_of_another_task():
    """It is the end of the events, not a cancelled task."""
    async with streaming_server([1, Silence()]) as server, open_aio_channel(server.address) as channel:
        watch = watch_calls_aio(channel)

        async def read() -> list[int]:
            return [event.sequence async for event in watch]

        reading = asyncio.create_task(read())
        await until(lambda: watch.last_sequence == 1)
        await watch.aclose()

        assert [1] == await asyncio.wait_for(reading, 60)
        await all_over(server)


async def test_closing_ends_a_wait_of_another_task():
    """However long it would have been."""
    async with streaming_server([DRAIN]) as server, open_aio_channel(server.address) as channel:
        watch = watch_call_aio(channel, call_id=CALL_ID, **LONG)
        reading = asyncio.create_task(anext(watch, None))
        await until(lambda: bool(server.streams) and watch._stream is None)
        await watch.aclose()

        assert await asyncio.wait_for(reading, 60) is None


async def test_a_block_of_asyncio_that_is_left_ends_the_stream():
    """After the block there is no event, although more was on its way."""
    async with streaming_server([1, 2, Silence()]) as server, open_aio_channel(server.address) as channel:
        async with watch_call_aio(channel, call_id=CALL_ID) as events:
            assert 1 == (await anext(events)).sequence
        assert [] == [event async for event in events]
        await all_over(server)


async def test_a_closed_channel_of_asyncio_is_not_tried_for_ever():
    """GRPC's own error says so, and the task that waits is not taken for a cancelled one."""
    async with streaming_server([1, Silence()]) as server:
        channel = open_aio_channel(server.address)
        watch = watch_call_aio(channel, call_id=CALL_ID, **QUICK)
        assert 1 == (await anext(watch)).sequence
        waiting = asyncio.create_task(anext(watch))
        await asyncio.sleep(0)
        await channel.close()

        with pytest.raises(grpc.aio.UsageError, match="closed"):
            await waiting


# Which call, and what is told of it


async def test_a_call_is_named_by_one_of_its_ids():
    """By the caller's own, too; by none or by both is a mistake."""
    async with streaming_server([1]) as server:
        with open_channel(server.address) as channel:
            by_request = watch_call(channel, request_id="reminder-1", account="staging", after_sequence=0)
            await asyncio.to_thread(list, by_request)
            for ids in ({}, {"call_id": CALL_ID, "request_id": "reminder-1"}):
                with pytest.raises(ValueError, match="one of call_id and request_id"):
                    watch_call(channel, **ids)

    [stream] = server.streams
    assert ("reminder-1", "staging", 0) == (stream.request.request_id, stream.request.account, stream.after)


async def test_no_number_is_in_what_may_be_logged(caplog):
    """Neither the watch nor its error says whose phone it is, whatever the server's words are."""
    last = Failure(grpc.StatusCode.UNIMPLEMENTED, message=f"no {NUMBER}")
    async with streaming_server([1, DRAIN], [2, last]) as server, open_aio_channel(server.address) as channel:
        watch = watch_call_aio(channel, call_id=CALL_ID, **QUICK)
        told = [await anext(watch), await anext(watch)]
        with pytest.raises(CallError) as caught:
            await anext(watch)

    assert [NUMBER] * 2 == [event.recipient.recipient.number for event in told]
    assert NUMBER not in f"{watch!r} {watch} {caught.value!r} {caught.value} {caplog.text}"
