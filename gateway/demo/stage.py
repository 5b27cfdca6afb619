"""What the demo runs on: a sandbox that is fast, a gateway that listens for its reports, and a caller's channel."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any, Final

import grpc.aio
from google.protobuf.json_format import ParseDict

from gateway.app import Gateway
from gateway.caller.answer import Answer, answer_from_error
from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Record, Sandbox
from gateway.settings import InvalidSettingsError, Settings, load
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import open_aio_channel

SPEED: Final = 20
"""How many times as fast as people the sandbox's phones are."""

SEED: Final = 12
"""Phones that take neither long nor too short to be watched."""

PROVIDER_PATIENCE: Final = 1.0
"""Seconds that the demo's gateway waits for the provider's reply; the usual 20 would be a long scene."""

_LOOPBACK: Final = "127.0.0.1"
_TRIES: Final = 10


@dataclass(slots=True)
class Stage:
    """Everything that runs.

    Attributes:
        arrived: What the provider received since this was last emptied.
    """

    gateway: Gateway
    address: str
    provider: str
    channel: grpc.aio.Channel
    arrived: list[Record] = field(default_factory=list)

    async def place(self, request: Mapping[str, Any]) -> Answer:
        """Places a call, written as JSON."""
        self.arrived.clear()
        try:
            stub = OutboundCallServiceStub(self.channel)
            return Answer(response=await stub.PlaceCall(ParseDict(dict(request), PlaceCallRequest())))
        except grpc.aio.AioRpcError as error:
            return answer_from_error(error)


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Starts everything, and cleans up."""
    arrived: list[Record] = []
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(Sandbox(on_record=arrived.append, speed=SPEED, seed=SEED).serve())
        folder = stack.enter_context(TemporaryDirectory(prefix="kaleyra-gateway-demo-"))
        gateway, address = await started(provider, folder)
        stack.push_async_callback(gateway.stop)
        channel = await stack.enter_async_context(open_aio_channel(address))
        yield Stage(gateway, address, provider, channel, arrived)


async def started(provider: str, folder: str) -> tuple[Gateway, str]:
    """Starts a gateway; returns its address, too.

    Its receiver's port has to be known before it listens there. Somebody else may take it in between: then another one.

    Raises:
        InvalidSettingsError: Nothing can be listened on.
    """
    for left in reversed(range(_TRIES)):
        gateway = Gateway(_settings(provider, folder, free_port()), Secrets())
        try:
            return gateway, await gateway.start()
        except InvalidSettingsError:
            if not left:
                raise
    raise AssertionError


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server((_LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _settings(provider: str, folder: str, port: int) -> Settings:
    settings = load(
        None,
        {
            "KALEYRA_BASE_URL": provider,
            "KALEYRA_SID": DEFAULT_SID,
            "KALEYRA_API_KEY": DEFAULT_KEY,
            "GATEWAY_LISTEN": f"{_LOOPBACK}:0",
            "GATEWAY_LEDGER_URL": f"sqlite:///{folder}/ledger.db",
            "GATEWAY_RECEIVER_LISTEN": f"{_LOOPBACK}:{port}",
            "GATEWAY_RECEIVER_PUBLIC_URL": f"http://{_LOOPBACK}:{port}",
        },
    )
    hasty = settings.provider.model_copy(update={"reply_timeout": PROVIDER_PATIENCE})
    return settings.model_copy(update={"provider": hasty})
