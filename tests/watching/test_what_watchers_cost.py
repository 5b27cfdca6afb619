"""What it costs to be watched: measured of a gateway in a process of its own, from outside."""

import asyncio
import os
from pathlib import Path

from event_stream import EventStream
from gateway_under_test import place_call_request
from served_process import served_process

from gateway.ledger.postgresql.store import MOST_READERS
from voicegateway.v1.outbound_call_service_pb2 import WatchCallsRequest

MIB = 1024 * 1024
IDLE, BATCH = 1000, 100
CYCLES, AT_ONCE = 10_000, 100


def resident(served) -> int:
    """Bytes of memory that the process holds."""
    pages = int(Path(f"/proc/{served.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(served) -> int:
    """How many files and sockets the process has open."""
    return len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))


async def watch(stub, **request) -> EventStream:
    """Watches, and reads the first response."""
    stream = EventStream(stub.WatchCalls(WatchCallsRequest(**request)))
    await stream.response()
    return stream


async def many_watch(stub, count: int, **request) -> list[EventStream]:
    streams = []
    for _ in range(count // BATCH):
        streams += await asyncio.gather(*(watch(stub, **request) for _ in range(BATCH)))
    return streams


RECEIVER = """
    [receiver]
    listen = "127.0.0.1:0"
    public_url = "http://127.0.0.1:1"
"""


async def test_a_thousand_idle_watchers(provider, tmp_path, ledger):
    """They cost less than 50 MB, whether they watch an account or a call."""
    async with served_process(provider.url, tmp_path, RECEIVER, ledger["url"]) as served:
        call = (await served.stub.PlaceCall(place_call_request(), timeout=60)).call
        streams = await many_watch(served.stub, 2 * BATCH)
        for stream in streams:
            await stream.leave()  # what the first ones need is not counted: code, pools and buffers
        before = resident(served)
        streams = await many_watch(served.stub, IDLE // 2)
        streams += await many_watch(served.stub, IDLE // 2, call_id=call.call_id)
        cost = resident(served) - before
        for stream in streams:
            stream.rpc.cancel()

    assert cost < 50_000_000


async def test_ten_thousand_come_and_go(provider, tmp_path, ledger):
    """Nothing grows with them: not its memory, not its open files. On PostgreSQL, which takes longer, fewer do."""
    cycles = CYCLES if ledger["url"].startswith("sqlite") else CYCLES // 5
    async with served_process(provider.url, tmp_path, RECEIVER, ledger["url"]) as served:
        call = (await served.stub.PlaceCall(place_call_request(), timeout=60)).call
        lookups = [{}, {"call_id": call.call_id}]

        async def come_and_go(times: int) -> None:
            for time in range(times):
                stream = await watch(served.stub, **lookups[time % 2])
                await stream.leave()

        await asyncio.gather(*(come_and_go(CYCLES // AT_ONCE // 10) for _ in range(AT_ONCE)))
        before, files = resident(served), open_files(served)
        await asyncio.gather(*(come_and_go(cycles // AT_ONCE) for _ in range(AT_ONCE)))
        grown = resident(served) - before
        still_works = await watch(served.stub)

        assert still_works.responses
        assert open_files(served) <= files + 2 + MOST_READERS  # a reading connection is made when it is first needed
    assert grown < 5_000_000
