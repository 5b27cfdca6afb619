"""The edge: everything between a caller's bytes and a method.

The boundary decodes by itself (grpc would answer undecodable bytes with its decoder's text), looks for unknown fields,
applies the rules, runs the method, and checks what it returns. Whatever goes wrong on the way ends the visit, in
`visit.py`, in one status.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.rules import Rules
from gateway.visit import Context, Visit
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_INVALID_REQUEST
from voicegateway_client.unknown_fields import unknown_fields
from voicegateway_client.violation import Violation

_DIALS: Final = "PlaceCall"
"""The only method that dials. A recorded request finds its record before a rule refuses it: it judges by itself."""

_KEY_FIELDS: Final = ("request_id", "account")
"""Without these well-formed, no record can be looked up: their violations refuse a request before all else."""

Method = Callable[[Any, Inbound], Awaitable[Message] | AsyncGenerator[Message]]
"""A method of the service: a request in, one response or a stream out, and a GatewayError for everything else."""


class Boundary:
    """Makes the methods of a service safe to call by strangers."""

    def __init__(self, service: ServiceDescriptor, methods: object, rules: Rules) -> None:
        """Builds the boundary.

        Args:
            service: The service as the protos describe it.
            methods: Holds a method for each of the service's RPCs, by name.
            rules: The rules for every request type of the service.
        """
        self._service = service
        self._methods = methods
        self._rules = rules
        self._came_last = -math.inf
        self._answers = _Running()
        self._streams = _Running()

    def handler(self) -> grpc.GenericRpcHandler:
        """Builds what a grpc.aio server is given; bytes go in and out, so that nothing decodes before us."""
        handlers = {method.name: self._method_handler(method) for method in self._service.methods}
        return grpc.method_handlers_generic_handler(self._service.full_name, handlers)

    async def idle(self) -> None:
        """Waits until every answer has left: grpc's own stop() does not (grpc #37239)."""
        await self._answers.end()

    async def streams_end(self) -> None:
        """Waits until every stream has ended; one whose reader takes nothing does not end by itself."""
        await self._streams.end()

    async def quiet(self, seconds: float) -> None:
        """Waits until nothing has come in for so long: whoever calls has found another replica."""
        while (left := self._came_last + seconds - time.monotonic()) > 0:  # noqa: ASYNC110 - it is asked once a wait
            await asyncio.sleep(left)

    def _method_handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler[bytes, bytes]:
        running = self._streams if method.server_streaming else self._answers
        door = _Door(method, getattr(self._methods, method.name), self._rules, partial(self._enter, running))
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(door.stream)
        return grpc.unary_unary_rpc_method_handler(door.answer)

    def _enter(self, running: _Running, context: Context) -> None:
        self._came_last = time.monotonic()
        running.add(context)


class _Running:
    """RPCs that have not ended."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def add(self, context: Context) -> None:
        self._count += 1
        self._none.clear()
        context.add_done_callback(self._leave)  # type: ignore[arg-type] # the stubs want a class of their own

    async def end(self) -> None:
        await self._none.wait()

    def _leave(self, _context: Context) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()


class _Door:
    """The way to one method, and back."""

    def __init__(self, method: MethodDescriptor, run: Method, rules: Rules, enter: Callable[[Context], None]) -> None:
        self._name = method.name
        self._request_type = GetMessageClass(method.input_type)
        self._response_type = GetMessageClass(method.output_type)
        self._run: Callable[[Any, Inbound], Any] = run
        self._rules = rules
        self._enter = enter
        self._dials = method.name == _DIALS

    async def answer(self, body: bytes, context: Context) -> bytes:
        async with self._visit(context) as visit:
            request = self._admit(body, visit)
            response = self._checked(await self._run(request, visit.inbound))
            visit.answers(response)
            return response.SerializeToString()

    async def stream(self, body: bytes, context: Context) -> AsyncIterator[bytes]:
        async with self._visit(context) as visit:
            request = self._admit(body, visit)
            async with aclosing(self._run(request, visit.inbound)) as responses:
                async for response in responses:
                    yield self._checked(response).SerializeToString()

    def _visit(self, context: Context) -> Visit:
        self._enter(context)
        return Visit(self._name, context, dials=self._dials)

    def _admit(self, body: bytes, visit: Visit) -> Message:
        request = self._decoded(body)
        violations = self._rules.cut_long_lists(request) + self._rules.violations(request)
        broken_keys = {violation.field for violation in violations}.intersection(_KEY_FIELDS)
        if "request_id" not in broken_keys:
            visit.request_id = getattr(request, "request_id", "")
        unknown = unknown_fields(request)
        if broken_keys or ((unknown or violations) and not self._dials):
            raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=[*unknown, *violations])
        visit.inbound.unknown, visit.inbound.violations = unknown, violations
        return request

    def _decoded(self, body: bytes) -> Message:
        try:
            return self._request_type.FromString(body)
        except DecodeError:
            text = f"these bytes are no {self._request_type.DESCRIPTOR.name}"
            undecodable = Violation("", "MESSAGE_UNDECODABLE", text)
            raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=[undecodable]) from None

    def _checked(self, response: object) -> Message:
        if not isinstance(response, self._response_type):
            raise TypeError(f"{self._name} returned a {type(response).__name__}")  # grpc would serialise it in silence
        return response
