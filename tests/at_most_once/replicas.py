"""Gateways in this process, on a ledger that a test may watch; and what their callers see."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc.aio
from gateway_under_test import TO_A_FLOW, GatewayUnderTest, Refusal, place_call_request, refusal_of, settings_for
from raw_provider import Post
from watched_store import Act, WatchedStore, watched

from gateway.app import Gateway
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_pb2 import Dispatch, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

ID = {"requestId": "reminder-8812"}

PATIENT: Mapping[str, Any] = {"connect_timeout": 10.0, "reply_timeout": 30.0}
"""A provider's table with which nothing times out."""

NOTHING = "nothing"
"""What is recorded of an id that is not."""

NO_WORD = ("no word of the gateway's", False)
"""What a caller is told whose gateway died."""


@dataclass
class Replica(GatewayUnderTest):
    """A running gateway, and its watched store."""

    store: WatchedStore

    async def heard(self) -> None:
        """Waits until every caller has been answered, or its leaving was heard of."""
        await asyncio.wait_for(self.gateway._boundary.idle(), 60)


@asynccontextmanager
async def replica(
    provider_url: str,
    ledger: Mapping[str, Any],
    acts: Mapping[str, Act] | None = None,
    ahead: timedelta = timedelta(),
    **settings: Any,
) -> AsyncIterator[Replica]:
    """Runs a gateway until the end of the block."""
    store = watched(ledger, acts or {}, ahead)
    configured = settings_for(provider_url, {"ledger": ledger, "provider": PATIENT} | settings)
    gateway = Gateway(configured, Secrets(), store=store)
    address = await gateway.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Replica(gateway, address, channel, OutboundCallServiceStub(channel), store)
    finally:
        await gateway.stop()


@dataclass
class Gate:
    """A step that somebody waits at, until the test opens it."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()

    async def is_reached(self) -> None:
        await asyncio.wait_for(self.reached.wait(), 60)


async def recorded(stub: OutboundCallServiceStub, request_id: str = ID["requestId"]) -> OutboundCall | None:
    """Reads a call as any caller would; None where there is none."""
    reading = stub.GetCall(GetCallRequest(request_id=request_id), timeout=60)
    try:
        return (await reading).call
    except grpc.aio.AioRpcError:
        assert "CALL_NOT_FOUND" == (await refusal_of(reading)).reason
        return None


async def dispatch(stub: OutboundCallServiceStub, request_id: str = ID["requestId"]) -> str:
    """What is recorded of an id, in a word."""
    call = await recorded(stub, request_id)
    return NOTHING if call is None else dispatch_of(call)


def dispatch_of(call: OutboundCall) -> str:
    return Dispatch.Name(call.dispatch).removeprefix("DISPATCH_")


async def answer_of(rpc: Any) -> PlaceCallResponse | Refusal:
    """Awaits a PlaceCall, whatever it is answered."""
    try:
        answer: PlaceCallResponse = await rpc
    except grpc.aio.AioRpcError:
        return await refusal_of(rpc)
    return answer


async def placed(
    stub: OutboundCallServiceStub, timeout: float | None = 60, **fields: Any
) -> PlaceCallResponse | Refusal:
    """Places a call, and awaits whatever it is answered."""
    return await answer_of(stub.PlaceCall(place_call_request(**ID | fields), timeout=timeout))


def told(answer: PlaceCallResponse | Refusal) -> tuple[str, bool]:
    """An answer in two words: OK, the reason or none, and whether it is a replay."""
    if isinstance(answer, Refusal) and answer.info is None:
        return NO_WORD
    if isinstance(answer, Refusal):
        return answer.reason, answer.info.metadata.get("replayed") == "true"
    return "OK", answer.replayed


def numbered(number: int) -> PlaceCallRequest:
    """One of many requests, each with an id and a phone number of its own."""
    call = dict(TO_A_FLOW) | {"recipients": [{"number": f"+1323655{number:07}"}]}
    return place_call_request(call, requestId=f"reminder-{number:07}")


def number_in(post: Post) -> int:
    """Which of the many requests a POST was made for."""
    return int(dict(post.form)["to"].removeprefix("+1323655"))
