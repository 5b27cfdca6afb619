"""The edge: everything between a caller's bytes and a method, and between any failure and one status.

The boundary decodes by itself (grpc would answer undecodable bytes with its decoder's text), refuses unknown fields,
applies the rules, runs the method, and turns whatever it raises, returns or suffers into what the contract tabulates.
Nothing else aborts an RPC.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
import structlog
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from gateway.errors import GatewayError, Violation, to_status
from gateway.inbound import Inbound
from gateway.rules import Rules, unknown_fields
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_INTERNAL,
    ERROR_REASON_INVALID_REQUEST,
    RETRY_ADVICE_REPEAT,
    ErrorReason,
)
from voicegateway.v1.outbound_call_pb2 import Dispatch

NO_PROXY_RETRY: Final = ("grpc-retry-pushback-ms", "-1")
"""The trailer that keeps channels and meshes from repeating what must not be repeated."""

DETAILS: Final = "grpc-status-details-bin"
"""The trailer that holds the google.rpc.Status, by gRPC's own convention."""

_KEY_FIELDS: Final = ("request_id", "account")
"""Without these well-formed, no record can be looked up: their violations refuse a request before all else."""

log = structlog.stdlib.get_logger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]


Method = Callable[[Any, Inbound], Awaitable[Message] | AsyncIterator[Message]]
"""A method of the service: a request in, a response out, and a GatewayError for everything else."""


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
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def handler(self) -> grpc.GenericRpcHandler:
        """Builds what a grpc.aio server is given; bytes go in and out, so that nothing decodes before us."""
        handlers = {method.name: self._method_handler(method) for method in self._service.methods}
        return grpc.method_handlers_generic_handler(self._service.full_name, handlers)

    async def idle(self) -> None:
        """Waits until no RPC is running here: grpc's own stop() returns before handlers have ended (grpc #37239)."""
        await self._idle.wait()

    def _method_handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler[bytes, bytes]:
        door = _Door(method, getattr(self._methods, method.name), self._rules)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(self._counted_stream(door))
        return grpc.unary_unary_rpc_method_handler(self._counted(door))

    def _counted(self, door: _Door) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def answer(body: bytes, context: Context) -> bytes:
            self._enter()
            try:
                return await door.answer(body, context)
            finally:
                self._leave()

        return answer

    def _counted_stream(self, door: _Door) -> Callable[[bytes, Context], AsyncIterator[bytes]]:
        async def stream(body: bytes, context: Context) -> AsyncIterator[bytes]:
            self._enter()
            try:
                async for response in door.stream(body, context):
                    yield response
            finally:
                self._leave()

        return stream

    def _enter(self) -> None:
        self._running += 1
        self._idle.clear()

    def _leave(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()


class _Door:
    """One RPC: how its bytes become a request, and its failures a status."""

    def __init__(self, method: MethodDescriptor, run: Method, rules: Rules) -> None:
        self._name = method.name
        self._request_type = GetMessageClass(method.input_type)
        self._response_type = GetMessageClass(method.output_type)
        self._run = run
        self._rules = rules
        # Only a request that dials may find its record before a rule refuses it: PlaceCall judges for itself.
        self._dials = method.name == "PlaceCall"

    async def answer(self, body: bytes, context: Context) -> bytes:
        visit = _Visit(self._name)
        try:
            request = self._decode(body, visit)
            response = self._checked(await self._run(request, self._inbound(request, visit)))  # type: ignore[misc]
        except Exception as failure:  # noqa: BLE001 - whatever it is, it becomes one status
            await self._refuse(failure, visit, context)
        except asyncio.CancelledError as cancelled:
            await self._cancelled(cancelled, visit, context)
        visit.succeeded(response)
        return response.SerializeToString()

    async def stream(self, body: bytes, context: Context) -> AsyncIterator[bytes]:
        visit = _Visit(self._name)
        try:
            request = self._decode(body, visit)
            async for response in self._run(request, self._inbound(request, visit)):  # type: ignore[union-attr]
                yield self._checked(response).SerializeToString()
        except Exception as failure:  # noqa: BLE001 - as above
            await self._refuse(failure, visit, context)
        except asyncio.CancelledError as cancelled:
            await self._cancelled(cancelled, visit, context)
        visit.succeeded(None)

    def _decode(self, body: bytes, visit: _Visit) -> Message:
        try:
            request = self._request_type.FromString(body)
        except DecodeError:
            undecodable = Violation(
                "", "MESSAGE_UNDECODABLE", f"these bytes are no {self._request_type.DESCRIPTOR.name}"
            )
            raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=[undecodable]) from None
        visit.request = request
        return request

    def _inbound(self, request: Message, visit: _Visit) -> Inbound:
        violations = self._rules.violations(request)
        broken_keys = {violation.field for violation in violations}.intersection(_KEY_FIELDS)
        if "request_id" not in broken_keys:
            visit.request_id = getattr(request, "request_id", "")
        unknown = unknown_fields(request)
        if unknown or broken_keys or (violations and not self._dials):
            raise GatewayError(ERROR_REASON_INVALID_REQUEST, violations=[*unknown, *violations])
        visit.inbound = Inbound(violations)
        return visit.inbound

    def _checked(self, response: object) -> Message:
        if not isinstance(response, self._response_type):
            raise TypeError(f"{self._name} returned a {type(response).__name__}")  # grpc would serialise it in silence
        return response

    async def _cancelled(self, cancelled: asyncio.CancelledError, visit: _Visit, context: Context) -> NoReturn:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # by grpc: the caller went away or ran out of time
            visit.abandoned()
            raise cancelled
        # Something inside was cancelled, and not the RPC. grpc would send no status at all, and the caller would wait.
        await self._refuse(cancelled, visit, context)

    async def _refuse(self, failure: BaseException, visit: _Visit, context: Context) -> NoReturn:
        error = failure if isinstance(failure, GatewayError) else _bug(failure, visit)
        if visit.request_id:
            error.metadata.setdefault("request_id", visit.request_id)
        if not self._dials:
            error.dispatch = error.retry = None  # no read dials
        visit.failed(error)
        trailers: list[tuple[str, str | bytes]] = [(DETAILS, to_status(error).SerializeToString())]
        if error.retry != RETRY_ADVICE_REPEAT:
            trailers.append(NO_PROXY_RETRY)
        await context.abort(error.code, error.message, tuple(trailers))


def _bug(failure: BaseException, visit: _Visit) -> GatewayError:
    error_id = uuid.uuid4().hex
    log.error("bug", method=visit.method, error_id=error_id, exc_info=failure)
    return GatewayError(ERROR_REASON_INTERNAL, error_id=error_id)


class _Visit:
    """One RPC on its way through the door, and its one line in the log."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.request: Message | None = None
        self.request_id = ""
        self.inbound = Inbound([])
        self._began = time.perf_counter()

    def succeeded(self, response: Message | None) -> None:
        call = getattr(response, "call", None)
        facts: dict[str, Any] = {}
        if call is not None and call.call_id:
            facts = {
                "call_id": call.call_id,
                "dispatch": Dispatch.Name(call.dispatch),
                "provider_code": call.provider_reply.code,
            }
        self._line("OK", facts)

    def failed(self, error: GatewayError) -> None:
        shown = ("call_id", "provider_code", "http_status", "error_id", "replayed")
        facts: dict[str, Any] = {name: error.metadata[name] for name in shown if name in error.metadata}
        if error.dispatch is not None:
            facts["dispatch"] = Dispatch.Name(error.dispatch)
        if error.violations:
            facts["violations"] = [f"{each.field}: {each.reason}" for each in error.violations[:5]]
        self._line(ErrorReason.Name(error.reason), facts)

    def abandoned(self) -> None:
        self.inbound.answered = False
        if not self.inbound.facts.get("call_id"):
            self._line("CALLER_GONE", {})

    def _line(self, outcome: str, facts: dict[str, Any]) -> None:
        log.info(
            "call",
            method=self.method,
            outcome=outcome,
            request_id=self.request_id,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 2),
            **(self.inbound.facts | facts),
        )
