"""A gRPC server in a gateway's place, for what no gateway can be made to answer at will: any code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from envoys import LOOPBACK
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from gateway.app import SERVICE
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, GetCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import (
    OutboundCallServiceServicer,
    add_OutboundCallServiceServicer_to_server,
)


class StandIn(OutboundCallServiceServicer):
    """Answers GetCall with the code that the request names."""

    async def GetCall(self, request: GetCallRequest, context: Any) -> GetCallResponse:  # noqa: N802
        code = grpc.StatusCode[request.request_id]
        if code is not grpc.StatusCode.OK:
            await context.abort(code, "as asked")
        return GetCallResponse()


@asynccontextmanager
async def standing_in(port: int) -> AsyncIterator[None]:
    """Serves until the end of the block, ready."""
    server, well = grpc.aio.server(), health.aio.HealthServicer()
    add_OutboundCallServiceServicer_to_server(StandIn(), server)
    health_pb2_grpc.add_HealthServicer_to_server(well, server)
    await well.set(SERVICE.full_name, health_pb2.HealthCheckResponse.SERVING)
    server.add_insecure_port(f"{LOOPBACK}:{port}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)
