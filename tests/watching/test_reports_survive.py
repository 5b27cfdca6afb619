"""A report that was answered with 200 is on the disk: whatever ends the process a moment later, it counts."""

import asyncio
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlsplit

import httpx2
from event_stream import EventStream, outcome_in_words
from gateway_under_test import place_call_request
from served_process import served_process
from watched_gateway import to

from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, WatchCallsRequest

RECEIVER = """
    [receiver]
    listen = "127.0.0.1:0"
    public_url = "http://127.0.0.1:1"
"""
NUMBERS = [f"+1323655{number:04}" for number in range(100, 200)]


async def test_kill_in_the_middle_of_many(provider, tmp_path, ledger):
    """A hundred reports are on their way, some are answered, and the process is killed. The next one knows those."""
    acknowledged = []
    async with served_process(provider.url, tmp_path, RECEIVER, ledger["url"]) as served:
        call = (await served.stub.PlaceCall(place_call_request(to(*NUMBERS)), timeout=60)).call
        path = urlsplit(dict(provider.posts[0].form)["dlrurl"]).path
        address = served.told("serving")[0]["reports"]

        async def report(client, number):
            with suppress(httpx2.TransportError):
                params = {"callee": number, "status": "BUSY", "id": number}
                answer = await client.get(f"http://{address}{path}/call_end", params=params)
                assert 200 == answer.status_code
                acknowledged.append(number)
                if len(acknowledged) == 40:
                    served.process.kill()

        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=60)) for _ in range(4)
            ]
            await asyncio.gather(*(report(clients[place % 4], number) for place, number in enumerate(NUMBERS)))
        await served.exit_status()
    async with served_process(provider.url, tmp_path, RECEIVER, ledger["url"]) as served:
        recorded = (await served.stub.GetCall(GetCallRequest(call_id=call.call_id), timeout=60)).call
        outcomes = {each.recipient.number: outcome_in_words(each) for each in recorded.recipients}
        stream = EventStream(served.stub.WatchCalls(WatchCallsRequest(after_sequence=0)))
        ended = [number for number in NUMBERS if "ENDED BUSY" in outcomes[number]]
        events = await stream.events(2 + len(ended))
        stream.rpc.cancel()

    assert 40 <= len(acknowledged) <= len(ended) <= 100
    assert set(acknowledged) <= set(ended)
    assert [*range(1, 3 + len(ended))] == [event.sequence for event in events]
    assert sorted(ended) == sorted(event.recipient.recipient.number for event in events[2:])
