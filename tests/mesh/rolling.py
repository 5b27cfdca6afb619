"""`kaleyra-gateway serve` as a process of its own at a given port, set up by the environment alone, and steady load."""

import asyncio
import os
import signal
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from envoys import LOOPBACK, ROOT
from gateway_under_test import KEY, SID, Refusal
from replicas import answer_of, numbered

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub


@asynccontextmanager
async def serving(provider_url: str, database: str, port: int, sid: str = SID) -> AsyncIterator[subprocess.Process]:
    """Runs a gateway until the end of the block; it serves when the block begins. Its `sid` is in its POSTs' path."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONFAULTHANDLER": "1",
        "KALEYRA_BASE_URL": provider_url,
        "KALEYRA_SID": sid,
        "KALEYRA_API_KEY": KEY,
        "GATEWAY_LISTEN": f"{LOOPBACK}:{port}",
        "GATEWAY_LEDGER_URL": database,
    }
    process = await subprocess.create_subprocess_exec(
        sys.executable, "-m", "gateway", "serve", env=environment, stderr=subprocess.PIPE, cwd=ROOT
    )
    log: list[bytes] = []
    assert process.stderr is not None
    reading = None
    try:
        async with asyncio.timeout(60):
            while not log or b'"serving"' not in log[-1]:
                log.append(await process.stderr.readline())
                assert log[-1], (await process.wait(), log)
        reading = asyncio.create_task(process.stderr.read())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if reading is not None:
            await reading


async def drained(process: subprocess.Process) -> int:
    """Tells a gateway to end, and returns its exit status."""
    process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), 60)


@dataclass
class Load:
    """Callers who each place one call after the other, and never repeat one."""

    place: Callable[[PlaceCallRequest], Awaitable[PlaceCallResponse]]
    answers: dict[int, PlaceCallResponse | Refusal] = field(default_factory=dict)
    ended: bool = False
    _number: int = 0

    @classmethod
    @asynccontextmanager
    async def of(cls, stub: OutboundCallServiceStub, callers: int) -> AsyncIterator["Load"]:
        """Runs the callers during the block."""
        load = cls(lambda request: stub.PlaceCall(request, timeout=60))
        calling = [asyncio.create_task(load._call()) for _ in range(callers)]
        try:
            yield load
        finally:
            load.ended = True
            await asyncio.gather(*calling)

    async def _call(self) -> None:
        while not self.ended:
            self._number += 1
            number = self._number
            self.answers[number] = await answer_of(self.place(numbered(number)))
            await asyncio.sleep(0.1)
