"""One RPC from its coming to its end: an answer, one status, or nobody there any more; and one line in the log."""

from __future__ import annotations

import asyncio
import time
import uuid
from types import TracebackType
from typing import Any, Final, NoReturn, Self

import grpc.aio
import structlog
from google.protobuf.message import Message

from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.outcomes import level_of
from gateway.statuses import to_status
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_INTERNAL,
    RETRY_ADVICE_REPEAT,
)
from voicegateway.v1.outbound_call_pb2 import Dispatch

NO_PROXY_RETRY: Final = ("grpc-retry-pushback-ms", "-1")
"""The trailer that keeps channels and meshes from repeating what must not be repeated."""

DETAILS: Final = "grpc-status-details-bin"
"""The trailer that holds the google.rpc.Status, by gRPC's own convention."""

_LOGGED_METADATA: Final = ("call_id", "provider_code", "http_status", "error_id")
_LOGGED_VIOLATIONS: Final = 5

Context = grpc.aio.ServicerContext[Any, Any]

log = structlog.stdlib.get_logger(__name__)


class Visit:
    """Turns whatever is raised inside of it into the one status that the contract tabulates.

    Nothing else aborts an RPC.

    Attributes:
        inbound: What the method is told, and tells.
        request_id: The caller's, once it is known to be well-formed.
    """

    def __init__(self, method: str, context: Context, *, dials: bool) -> None:
        self.inbound = Inbound(seconds=context.time_remaining())
        self.request_id = ""
        self._method = method
        self._context = context
        self._dials = dials
        self._began = time.perf_counter()
        self._answer: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if failure is None:
            self._log("OK", self._answer)
        elif _caller_left(failure):
            self._abandoned()
        elif isinstance(failure, Exception | asyncio.CancelledError):
            await self._refuse(failure)

    def answers(self, response: Message) -> None:
        """Notes what the log tells of the answer."""
        call = getattr(response, "call", None)
        if call is not None and call.call_id:
            self._answer = {
                "call_id": call.call_id,
                "dispatch": Dispatch.Name(call.dispatch),
                "provider_code": call.provider_reply.code,
            }

    def _abandoned(self) -> None:
        if not self.inbound.goes_on:  # else its line is written at its end
            self._log("CALLER_GONE", {})

    async def _refuse(self, failure: BaseException) -> NoReturn:
        error = failure if isinstance(failure, GatewayError) else self._bug(failure)
        if self.request_id:
            error.metadata.setdefault("request_id", self.request_id)
        if not self._dials:
            error.dispatch = error.retry = None
        self._log(error.name, _facts(error))
        trailers: list[tuple[str, str | bytes]] = [(DETAILS, self._rendered(error))]
        if error.retry != RETRY_ADVICE_REPEAT:
            trailers.append(NO_PROXY_RETRY)
        await self._context.abort(error.code, error.message, tuple(trailers))

    def _rendered(self, error: GatewayError) -> bytes:
        try:
            return to_status(error).SerializeToString()
        except Exception as bug:  # noqa: BLE001 - what happened to the phones must be told, whatever else is lost
            self._bug(bug)
            return to_status(GatewayError(error.reason)).SerializeToString()

    def _bug(self, failure: BaseException) -> GatewayError:
        error_id = uuid.uuid4().hex
        log.error("bug", method=self._method, error_id=error_id, exc_info=failure)
        # No dispatch: a bug does not know. To repeat is safe, since a call that was recorded answers from its record.
        return GatewayError(ERROR_REASON_INTERNAL, error_id=error_id, call_id=self.inbound.facts.get("call_id", ""))

    def _log(self, outcome: str, facts: dict[str, Any]) -> None:
        log.log(
            level_of(outcome),
            "call",
            method=self._method,
            outcome=outcome,
            request_id=self.request_id,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 2),
            **(self.inbound.facts | facts),
        )


def _caller_left(failure: BaseException) -> bool:
    """Whether grpc ends the RPC, its caller having gone or run out of time.

    A CancelledError may also come from something inside that was cancelled. Left alone, grpc would send no status for
    it, and the caller would wait.
    """
    if isinstance(failure, GeneratorExit):
        return True
    task = asyncio.current_task()
    return isinstance(failure, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _facts(error: GatewayError) -> dict[str, Any]:
    facts: dict[str, Any] = {name: error.metadata[name] for name in _LOGGED_METADATA if name in error.metadata}
    if error.dispatch is not None:
        facts["dispatch"] = Dispatch.Name(error.dispatch)
    if error.violations:
        facts["violations"] = [f"{each.field}: {each.reason}" for each in error.violations[:_LOGGED_VIOLATIONS]]
    return facts
