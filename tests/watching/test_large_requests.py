"""Calls with texts of a quarter of a megabyte: whoever watches them costs a little of that, and is told everything."""

import asyncio
from urllib.parse import urlsplit

import grpc.aio
import httpx2
from free_ports import free_port
from gateway_under_test import place_call_request
from served_process import served_process
from test_slow_watchers import watchers
from test_what_watchers_cost import resident
from watched_gateway import TAKES_LITTLE

from gateway.calls.feed import MOST_BYTES_WAITING
from voicegateway.v1.outbound_call_service_pb2 import WatchCallsRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

NUMBERS = [f"+132365501{number:02}" for number in range(100)]
LARGE = {"playlist": {"items": [{"message": {"text": "\u4f60" * 4000}}] * 20}}
CALL = {"recipients": [{"number": number} for number in NUMBERS]} | LARGE
CALLS, WATCHERS = 12, 20


async def test_large_calls_are_told_one_after_the_other(watched):
    """To whoever reads the ledger, some at a time, and to whoever is handed what comes; few of them wait in memory."""
    handed = watched.watch()
    await handed.heartbeat()
    async with watched.watch_slowly(after_sequence=0) as slow:
        placing = asyncio.gather(*(watched.place(CALL) for _ in range(CALLS)))
        most = 0
        while not placing.done():
            held = [sum(len(each.request) for each in watcher._waiting) for watcher in watchers(watched)]
            most = max(most, *held, 0)
            await asyncio.sleep(0)
        await placing
        told = await handed.events(2 * CALLS)
        later = await slow.events(2 * CALLS)

    assert [*range(1, 2 * CALLS + 1)] == [event.sequence for event in told]
    assert told == later
    assert most <= MOST_BYTES_WAITING
    assert CALLS == sum(len(event.call.request.playlist.items) == 20 for event in told)


async def test_watchers_who_read_nothing(provider, tmp_path, ledger):
    """Twenty of a call to a hundred, of whom everything is told by then: they cost less than 100 MB."""
    port = free_port()
    receiver = f'[receiver]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"'
    async with (
        served_process(provider.url, tmp_path, receiver, ledger["url"]) as served,
        httpx2.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        call = (await served.stub.PlaceCall(place_call_request(CALL), timeout=60)).call
        url = f"http://127.0.0.1:{port}{urlsplit(dict(provider.posts[0].form)['dlrurl']).path}/call_start"
        for number in NUMBERS:
            assert 200 == (await http.get(url, params={"callee": number, "id": number})).status_code
        before, peak = resident(served), 0
        async with grpc.aio.insecure_channel(served.told("serving")[0]["address"], options=TAKES_LITTLE) as channel:
            stub = OutboundCallServiceStub(channel)
            rpcs = [stub.WatchCalls(WatchCallsRequest(call_id=call.call_id)) for _ in range(WATCHERS)]
            await asyncio.gather(*(rpc.initial_metadata() for rpc in rpcs))
            for _ in range(20):
                await asyncio.sleep(0.1)
                peak = max(peak, resident(served))
            for rpc in rpcs:
                rpc.cancel()

    assert peak - before < 100_000_000
