"""A real boundary on a real server, around methods in which a test plants what may go wrong there."""

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from gateway.app import SERVICE
from gateway.boundary import Boundary
from gateway.clock import utc_now
from gateway.rules import Rules
from gateway.telemetry import Secrets, configure_logs
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    ListCallsRequest,
    PlaceCallRequest,
    WatchCallsRequest,
)

RULES = Rules([PlaceCallRequest, GetCallRequest, ListCallsRequest, WatchCallsRequest], now=utc_now)

Method = Callable[[Any, Any], Any]


class Methods:
    """Runs the same planted method for every RPC."""

    def __init__(self, method: Method) -> None:
        self.PlaceCall = self.GetCall = self.ListCalls = self.WatchCalls = method


@dataclass
class Planted:
    """A server with a planted method, and its log."""

    channel: grpc.aio.Channel
    boundary: Boundary
    server: grpc.aio.Server
    log: io.StringIO = field(default_factory=io.StringIO)

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log about an event."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] == event]


@asynccontextmanager
async def planted(method: Method) -> AsyncIterator[Planted]:
    """Serves a method, with all logs written as JSON."""
    boundary = Boundary(SERVICE, Methods(method), RULES)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((boundary.handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            running = Planted(channel, boundary, server)
            configure_logs(Secrets(), form="json", level="DEBUG", stream=running.log)
            yield running
    finally:
        await server.stop(None)
