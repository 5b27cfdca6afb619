"""`kaleyra-gateway serve` as a process of its own, with its log."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio
from gateway_under_test import KEY, SID
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.app import SERVICE
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub


@dataclass
class ServedProcess:
    """A gateway process, its log as it is written, and a channel to it."""

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    channel: grpc.aio.Channel | None = None

    async def read(self) -> None:
        """Reads the log to its end; lines that are no JSON are kept as they are."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.output.append(line.decode())
            with suppress(json.JSONDecodeError):
                self.lines.append(json.loads(line))
            self.news.set()

    async def line(self, event: str, within: float = 60) -> dict[str, Any]:
        """Waits for the first line about an event."""
        async with asyncio.timeout(within):
            while not self.told(event):
                self.news.clear()
                await self.news.wait()
        return self.told(event)[0]

    def told(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    @property
    def stub(self) -> OutboundCallServiceStub:
        return OutboundCallServiceStub(self.channel)

    async def health(self) -> tuple[str, str]:
        """Liveness and readiness."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        names = ("", SERVICE.full_name)
        answers = [await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=60) for name in names]
        alive, ready = (health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status) for answer in answers)
        return alive, ready

    async def turns_not_ready(self, within: float = 60) -> None:
        """Waits until the gateway says that new calls are not welcome."""
        watch = health_pb2_grpc.HealthStub(self.channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE.full_name))
        async with asyncio.timeout(within):
            while (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING:
                pass
        watch.cancel()

    async def exit_status(self, within: float = 60) -> int:
        async with asyncio.timeout(within):
            return await self.process.wait()


@asynccontextmanager
async def served_process(
    provider_url: str, folder: Path, settings: str = "", ledger: str = "", listen: str = "127.0.0.1:0"
) -> AsyncIterator[ServedProcess]:
    """Starts a gateway before a provider, with further settings as TOML, and waits until it serves."""
    file = folder / "gateway.toml"
    file.write_text(f"""
        listen = "{listen}"
        {settings}
        [ledger]
        url = "{ledger or f"sqlite:///{folder}/ledger.db"}"
        [provider]
        connect_timeout = 5
        reply_timeout = 30
        [accounts.default]
        base_url = "{provider_url}"
        sid = "{SID}"
        api_key = "{KEY}"
    """)
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(file)]
    process = await asyncio.create_subprocess_exec(
        *command, stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    )
    served = ServedProcess(process)
    reading = asyncio.create_task(served.read())
    try:
        address = (await served.line("serving"))["address"]
        async with grpc.aio.insecure_channel(address) as served.channel:
            yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
