"""Whoever leaves a stream, in whatever way, leaves nothing behind but one line in the log."""

import asyncio
import gc
import io
import json

import grpc
import pytest
from event_stream import EventStream
from gateway_under_test import refusal_of
from traffic import AGAIN, rings
from waiting import until

from gateway.calls.feed import Subscription
from gateway.telemetry import Secrets, configure_logs
from voicegateway.v1.outbound_call_service_pb2 import WatchCallsRequest


@pytest.fixture
def log():
    """What the gateway logs, as in production."""
    written = io.StringIO()
    configure_logs(Secrets(), form="json", level="INFO", stream=written)
    return written


def holds_nobody(watched) -> bool:
    """Whether the gateway keeps nothing of anybody who watches."""
    feed = watched.running.gateway._feed
    return not (feed._watchers or feed._counts or feed._positions)


async def cancels_at_once(watched, **request):
    """Before the gateway has said anything."""
    watched.watch(**request).rpc.cancel()


async def cancels_after_a_response(watched, **request):
    """While the gateway waits for events."""
    stream = watched.watch(**request)
    await stream.response()
    await stream.leave()


async def runs_out_of_time(watched, **request):
    """Its deadline passes, while the gateway waits for events."""
    stream = EventStream(watched.running.stub.WatchCalls(WatchCallsRequest(**request), timeout=3))
    await stream.response()
    with pytest.raises(grpc.aio.AioRpcError):
        await stream.rest()


async def closes_its_channel(watched, **request):
    """The connection ends under the stream."""
    async with watched.watch_slowly(**request) as stream:
        await stream.response()


async def never_reads_and_leaves(watched, **request):
    """While the gateway waits for room to send."""
    token = watched.token()
    async with watched.watch_slowly(**request) as stream:
        await stream.response()
        [watcher] = [each for those in watched.running.gateway._feed._watchers.values() for each in those]
        await asyncio.gather(*(rings(watched, token, 10) for _ in range(60)))
        await until(lambda: watcher._is_behind)


async def is_refused(watched, **request):
    """For a cursor that is ahead."""
    await refusal_of(watched.watch(**request | {"after_sequence": 10_000}).rest())


@pytest.mark.parametrize("kind", [pytest.param("account", id="an account"), pytest.param("call", id="a call")])
@pytest.mark.parametrize(
    "leaves",
    [
        cancels_at_once,
        cancels_after_a_response,
        runs_out_of_time,
        closes_its_channel,
        never_reads_and_leaves,
        is_refused,
    ],
)
async def test_nothing_is_kept_of_whoever_leaves(watched, log, kind, leaves):
    """No subscription, no task; one line says how it ended, and no library complains."""
    call = await watched.place(AGAIN)
    request = {"call_id": call.call_id} if kind == "call" else {"after_sequence": 0}
    before = len(asyncio.all_tasks())
    log.truncate(0)
    log.seek(0)
    await leaves(watched, **request)
    await asyncio.wait_for(watched.running.gateway._boundary.streams_end(), 60)
    await until(lambda: holds_nobody(watched))
    await until(lambda: len(asyncio.all_tasks()) <= before)
    gc.collect()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [(line["event"], line.get("method"), line.get("outcome")) for line in lines]

    outcome = "ERROR_REASON_CURSOR_OUT_OF_RANGE" if leaves is is_refused else "CALLER_GONE"
    assert told == [("call", "WatchCalls", outcome)] or (leaves is cancels_at_once and not told)
    assert [] == [each for each in gc.get_objects() if isinstance(each, Subscription)]
