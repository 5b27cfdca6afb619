"""What is recorded of one call, and what is told of a ledger that fails."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc.aio
from gateway_under_test import GatewayUnderTest, Refusal
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.app import SERVICE
from voicegateway.v1.outbound_call_pb2 import Dispatch, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest

ID = {"requestId": "reminder-8812"}

UNAVAILABLE = ("UNAVAILABLE", "LEDGER_UNAVAILABLE", "", "REPEAT", None)
"""Code, reason, dispatch, advice, pushback: the contract's row 20, where nothing is known of the record."""

_NAME = health_pb2.HealthCheckResponse.ServingStatus.Name


def told(error: Refusal) -> tuple[Any, ...]:
    """An error as `UNAVAILABLE` is written."""
    return error.code, error.reason, error.dispatch, error.retry, error.pushback


async def recorded(gateway: GatewayUnderTest) -> OutboundCall:
    """The call with `ID`."""
    return (await gateway.stub.GetCall(GetCallRequest(request_id=ID["requestId"]), timeout=60)).call


async def dispatch_of(gateway: GatewayUnderTest) -> Dispatch.ValueType | None:
    """What is recorded of it; None when nothing is, or when it cannot be read now."""
    with suppress(grpc.aio.AioRpcError):
        return (await recorded(gateway)).dispatch
    return None


async def dispatch_turns(gateway: GatewayUnderTest, dispatch: Dispatch.ValueType) -> None:
    """Waits until the record says so, without placing a call."""
    async with asyncio.timeout(60):
        while await dispatch_of(gateway) != dispatch:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def health(gateway: GatewayUnderTest) -> tuple[str, str]:
    """Liveness and readiness, as a load balancer reads them."""
    return await _of(gateway, ""), await _of(gateway, SERVICE.full_name)


async def turns(gateway: GatewayUnderTest, readiness: str) -> None:
    """Waits for a readiness, without placing a call."""
    async with asyncio.timeout(60):
        while await _of(gateway, SERVICE.full_name) != readiness:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _of(gateway: GatewayUnderTest, service: str) -> str:
    stub = health_pb2_grpc.HealthStub(gateway.channel)
    return _NAME((await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=60)).status)


@contextmanager
def unprobed(gateway: GatewayUnderTest) -> Iterator[None]:
    """Nobody finds out in the block that a ledger, which failed for a moment, works again."""

    async def looks_away() -> None:
        pass

    guarded = gateway.gateway.ledger.guarded
    guarded.probe = looks_away  # type: ignore[method-assign]
    try:
        yield
    finally:
        del guarded.probe
