"""Gateways as processes of their own, which can be killed, stopped and continued; each is there in a moment."""

import asyncio
import json
import os
import signal
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Self

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from replicas import PATIENT

import gateway
from gateway.app import SERVICE
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

HERE = Path(__file__).parent
PROJECT = Path(gateway.__file__).parents[1]


class Child:
    """One gateway process, and a channel to it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.serves: asyncio.Future[dict[str, Any]] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()
        self.stopped = asyncio.Event()
        self.channel: grpc.aio.Channel
        self.stub: OutboundCallServiceStub

    def hears(self, news: Mapping[str, Any]) -> None:
        if "address" in news:
            self.serves.set_result(dict(news))
        if "stopped" in news:
            self.stopped.set()
        if "status" in news:
            self.ended.set_result(news["status"])

    async def is_there(self) -> str:
        """Waits until it serves, and returns its address."""
        await asyncio.wait({self.serves, self.ended}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        address: str = self.serves.result()["address"]
        return address

    async def has_stopped(self) -> None:
        """Waits until it stands still."""
        await asyncio.wait_for(self.stopped.wait(), 60)
        self.stopped.clear()

    async def exit_status(self) -> int:
        return await asyncio.wait_for(asyncio.shield(self.ended), 60)

    async def turns_callers_away(self) -> None:
        """Waits until it says that new calls are not welcome."""
        watched = health_pb2.HealthCheckRequest(service=SERVICE.full_name)
        watch = health_pb2_grpc.HealthStub(self.channel).Watch(watched)
        async with asyncio.timeout(60):
            while (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING:
                pass
        watch.cancel()

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.serves.result()["pid"], number)


class Nursery:
    """Makes gateway processes."""

    def __init__(self, process: subprocess.Process) -> None:
        self._process = process
        self._children: dict[int, Child] = {}
        self._numbers = count()

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Starts the process that forks them; with it they end."""
        paths = os.pathsep.join(map(str, (HERE, HERE.parent, PROJECT)))
        process = await subprocess.create_subprocess_exec(
            sys.executable,
            str(HERE / "nursery_process.py"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
            start_new_session=True,
        )
        nursery = cls(process)
        reading = asyncio.create_task(nursery._read())
        try:
            yield nursery
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
            await reading

    @asynccontextmanager
    async def child(
        self,
        provider_url: str,
        ledger: Mapping[str, Any],
        step: str = "",
        signals: Sequence[str] = (),
        **settings: Any,
    ) -> AsyncIterator[Child]:
        """Runs a gateway, which sends itself signals at a step; at the end of the block it is killed."""
        number = next(self._numbers)
        child = self._children[number] = Child()
        whole = {"ledger": dict(ledger), "provider": dict(PATIENT)} | settings
        plan = {"number": number, "provider": provider_url, "settings": whole, "step": step, "signals": list(signals)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(plan).encode() + b"\n")
        await self._process.stdin.drain()
        address = await child.is_there()
        try:
            async with grpc.aio.insecure_channel(address) as child.channel:
                child.stub = OutboundCallServiceStub(child.channel)
                yield child
        finally:
            child.send(signal.SIGKILL)
            await child.exit_status()
            del self._children[number]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            if news["number"] in self._children:
                self._children[news["number"]].hears(news)
