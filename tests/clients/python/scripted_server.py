"""A gRPC server in the gateway's place, which answers PlaceCall as it was told, one answer after the other."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway_client.channel import SERVICE

DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True)
class Failure:
    """A status, with trailers as given."""

    code: grpc.StatusCode
    trailers: tuple[tuple[str, str | bytes], ...] = ()
    message: str = "said a server"


@dataclass(frozen=True)
class Silence:
    """No answer, until the caller leaves."""


def info(
    reason: str = "ERROR_REASON_INTERNAL", domain: str = "voicegateway.v1", **metadata: str
) -> details_pb2.ErrorInfo:
    return details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)


def failure(code: grpc.StatusCode, *details: Message, pushback: bool = False, says: int | None = None) -> Failure:
    """A status with details, as the gateway writes one."""
    status = status_pb2.Status(code=code.value[0] if says is None else says, message="said a server")
    for each in details:
        status.details.add().Pack(each)
    end = (("grpc-retry-pushback-ms", "-1"),) if pushback else ()
    return Failure(code, ((DETAILS, status.SerializeToString()), *end))


@dataclass
class Seen:
    """What the server saw of one call."""

    request: PlaceCallRequest
    metadata: dict[str, str | bytes]
    seconds: float | None


@dataclass
class ScriptedServer:
    """Answers with what is left of the script, and after that with acceptance."""

    address: str = ""
    script: list[Failure | Silence] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    readiness: health.aio.HealthServicer = field(default_factory=health.aio.HealthServicer)

    async def is_ready(self, *, ready: bool) -> None:
        """Tells callers whether they are welcome."""
        states = health_pb2.HealthCheckResponse
        await self.readiness.set(SERVICE, states.SERVING if ready else states.NOT_SERVING)

    async def place_call(self, request: PlaceCallRequest, context: Any) -> PlaceCallResponse:
        self.seen.append(Seen(request, dict(context.invocation_metadata()), context.time_remaining()))
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, Silence):
            await asyncio.get_running_loop().create_future()
        if isinstance(answer, Failure):
            await context.abort(answer.code, answer.message, answer.trailers)
        call = OutboundCall(call_id="01M877T75TZ34YP86YJBAKTDN5", dispatch=DISPATCH_ACCEPTED)
        return PlaceCallResponse(call=call)


@asynccontextmanager
async def scripted_server(
    *script: Failure | Silence,
    credentials: grpc.ServerCredentials | None = None,
    ready: bool = True,
    address: str = "127.0.0.1:0",
) -> AsyncIterator[ScriptedServer]:
    """Serves on a free port, unless told which, until the end of the block."""
    scripted, server = ScriptedServer(script=list(script)), grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        scripted.place_call, PlaceCallRequest.FromString, PlaceCallResponse.SerializeToString
    )
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"PlaceCall": handler})])
    health_pb2_grpc.add_HealthServicer_to_server(scripted.readiness, server)
    await scripted.is_ready(ready=ready)
    port = server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
    scripted.address = f"127.0.0.1:{port}"
    await server.start()
    try:
        yield scripted
    finally:
        await server.stop(None)


def numbered(servers: Iterable[ScriptedServer]) -> str:
    """The target of all of them, as gRPC writes addresses that need no name service."""
    return f"ipv4:{','.join(server.address for server in servers)}"
