"""A gRPC server in the gateway's place, whose streams of WatchCalls go as they were told, one after the other."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from scripted_server import Failure, Silence, failure, info

from voicegateway.v1.outbound_call_pb2 import Recipient, RecipientOutcome
from voicegateway.v1.outbound_call_service_pb2 import CallEvent, Heartbeat, WatchCallsRequest, WatchCallsResponse
from voicegateway_client.channel import SERVICE

NUMBER = "+13236550107"
DRAIN = failure(grpc.StatusCode.UNAVAILABLE, info("ERROR_REASON_OVERLOADED"), pushback=True)
"""How a gateway that stops ends its streams."""


@dataclass(frozen=True)
class End:
    """The stream ends well."""


@dataclass(frozen=True)
class Beat:
    """A heartbeat."""

    sequence: int


@dataclass(frozen=True)
class UpTo:
    """All events after the one that was asked for, as a ledger tells them."""

    sequence: int


@dataclass(frozen=True)
class Unheard:
    """A message of a kind that is newer than the caller."""


class Pieces:
    """What comes after the event that was asked for, one piece a stream; all but the last are followed by silence."""

    def __init__(self, *pieces: Sequence[int | Beat]) -> None:
        self._pieces = pieces

    def after(self, sequence: int) -> list["Step"]:
        """The steps of a stream."""
        for piece in self._pieces:
            if rest := [step for step in piece if (step.sequence if isinstance(step, Beat) else step) > sequence]:
                return [*rest, *([] if piece is self._pieces[-1] else [Silence()])]
        return []


Step: TypeAlias = int | Beat | UpTo | Pieces | Unheard | End | Failure | Silence
"""What a stream does next; a number is the sequence of an event. At the end of its steps it ends well."""


@dataclass
class Stream:
    """What the server saw of one stream."""

    request: WatchCallsRequest
    metadata: dict[str, str | bytes]
    sent: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def after(self) -> int | None:
        return self.request.after_sequence if self.request.HasField("after_sequence") else None


@dataclass
class StreamingServer:
    """Plays one list of steps a stream; what is asked for after the last one fails for good."""

    script: list[Sequence[Step]]
    padding: int = 0
    address: str = ""
    streams: list[Stream] = field(default_factory=list)
    readiness: health.aio.HealthServicer = field(default_factory=health.aio.HealthServicer)

    @property
    def asked_after(self) -> list[int | None]:
        """After which event each stream was asked for."""
        return [stream.after for stream in self.streams]

    async def is_ready(self, *, ready: bool) -> None:
        """Tells callers whether they are welcome."""
        states = health_pb2.HealthCheckResponse
        await self.readiness.set(SERVICE, states.SERVING if ready else states.NOT_SERVING)

    async def watch_calls(self, request: WatchCallsRequest, context: Any) -> None:
        stream = Stream(request, dict(context.invocation_metadata()))
        self.streams.append(stream)
        steps = self.script.pop(0) if self.script else [Failure(grpc.StatusCode.UNIMPLEMENTED, message="no more")]
        try:
            for step in steps:
                await self._play(step, stream, context)
        finally:
            stream.over.set()

    async def _play(self, step: Step, stream: Stream, context: Any) -> None:
        match step:
            case Failure():
                await context.abort(step.code, step.message, step.trailers)
            case Silence():
                await asyncio.get_running_loop().create_future()
            case UpTo():
                for sequence in range((stream.after or 0) + 1, step.sequence + 1):
                    await self._play(sequence, stream, context)
            case Pieces():
                for each in step.after(stream.after or 0):
                    await self._play(each, stream, context)
            case int() | Beat() | Unheard():
                await context.write(self._message(step))
                stream.sent += 1

    def _message(self, step: int | Beat | Unheard) -> WatchCallsResponse:
        match step:
            case Beat():
                return WatchCallsResponse(heartbeat=Heartbeat(sequence=step.sequence))
            case Unheard():
                return WatchCallsResponse()
        recipient = Recipient(number=NUMBER, reference="." * self.padding)
        return WatchCallsResponse(event=CallEvent(sequence=step, recipient=RecipientOutcome(recipient=recipient)))


@asynccontextmanager
async def streaming_server(
    *script: Sequence[Step], ready: bool = True, padding: int = 0
) -> AsyncIterator[StreamingServer]:
    """Serves on a free port until the end of the block."""
    scripted, server = StreamingServer(list(script), padding), grpc.aio.server()
    handler = grpc.unary_stream_rpc_method_handler(
        scripted.watch_calls, WatchCallsRequest.FromString, WatchCallsResponse.SerializeToString
    )
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"WatchCalls": handler})])
    health_pb2_grpc.add_HealthServicer_to_server(scripted.readiness, server)
    await scripted.is_ready(ready=ready)
    scripted.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield scripted
    finally:
        await server.stop(None)


@dataclass
class Relay:
    """A proxy on the way that knows nothing of gRPC, and hangs up on connections after so many bytes."""

    target: str
    limits: list[int]
    address: str = ""

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes on a connection, until either side or the limit ends it."""
        host, port = self.target.split(":")
        from_server, to_server = await asyncio.open_connection(host, int(port))
        limit = self.limits.pop(0) if self.limits else sys.maxsize
        ways = [
            asyncio.create_task(_copy(reader, to_server, sys.maxsize)),
            asyncio.create_task(_copy(from_server, writer, limit)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, to_server):
            each.transport.abort()
        await asyncio.wait(ways)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, limit: int) -> None:
    with suppress(ConnectionError):
        while limit > 0 and (block := await source.read(min(limit, 4096))):
            target.write(block)
            await target.drain()
            limit -= len(block)


@asynccontextmanager
async def relay(target: str, *limits: int) -> AsyncIterator[Relay]:
    """Listens on a free port until the end of the block.

    Args:
        target: Where it leads.
        limits: After how many bytes of the target's each connection is reset; those after the last one are not.
    """
    between = Relay(target, list(limits))
    server = await asyncio.start_server(between.pass_on, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    between.address = f"{host}:{port}"
    try:
        yield between
    finally:
        server.close()
