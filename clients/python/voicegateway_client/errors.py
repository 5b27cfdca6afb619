"""Errors of the gateway as typed values: what happened to the phones, and what to do next.

    grpc.RpcError                   any answer that is no reply
     └─ error_from() → CallError
         ├─ from_gateway            the gateway wrote it: reason, dispatch, advice and more are told
         └─ not from_gateway        a proxy or a gRPC library did: what happened is unknown

Source: the google.rpc.Status in the trailer `grpc-status-details-bin`, with one ErrorInfo of domain `voicegateway.v1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from voicegateway.v1.error_reason_pb2 import RETRY_ADVICE_REPEAT, ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import DISPATCH_NOT_SENT, DISPATCH_REJECTED, Dispatch
from voicegateway_client.details import Details, details_of

_DETAILS: Final = "grpc-status-details-bin"
_REACHED_NOBODY: Final = frozenset({grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNIMPLEMENTED})
"""Codes of others that another attempt would only meet again."""


class CallError(Exception):
    """An answer that is no reply. Its text holds no phone number and no words of the provider.

    Attributes:
        code: gRPC's code.
        message: The status's own words, for people; of the gateway's they are always the same for one reason.
        status: The whole google.rpc.Status; None where there was none that could be read.
        from_gateway: Whether the gateway wrote it. Else nothing below is told, and what happened is unknown.
        reason: Why; ERROR_REASON_UNSPECIFIED also for a reason that is newer than this package.
        reason_name: The reason's name as it came, such as `ERROR_REASON_FLOW_NOT_FOUND`.
        dispatch: What happened to the phones; DISPATCH_UNSPECIFIED where this answer does not tell.
        advice: What to do next; RETRY_ADVICE_UNSPECIFIED where none was given.
        violations: Broken rules, or policies of the gateway that refuse the request.
        omitted_violations: How many more there are.
        resource: What the provider did not find, if that is why.
        retry_delay: How long to wait before a repeat; None where nobody said.
        metadata: All facts of the ErrorInfo, by their names.
    """

    def __init__(self, code: grpc.StatusCode, message: str = "", status: status_pb2.Status | None = None) -> None:
        super().__init__(code, message, status)
        details = details_of(status) or Details()
        info = details.info
        self.code = code
        self.message = message
        self.status = status
        self.from_gateway = info is not None
        self.reason_name: str = info.reason if info else ""
        self.metadata: Mapping[str, str] = dict(info.metadata) if info else {}
        self.reason: ErrorReason.ValueType = _number(ErrorReason, self.reason_name)
        self.dispatch: Dispatch.ValueType = _number(Dispatch, self.metadata.get("dispatch", ""))
        self.advice: RetryAdvice.ValueType = _number(RetryAdvice, self.metadata.get("retry", ""))
        self.violations = details.violations
        self.resource = details.resource
        self.retry_delay = details.retry_delay

    @property
    def nobody_was_dialed(self) -> bool:
        """Whether it is certain that no phone rings for this request."""
        return self.dispatch in {DISPATCH_NOT_SENT, DISPATCH_REJECTED}

    @property
    def may_repeat(self) -> bool:
        """Whether to send the same request with the same request_id again, later: it may place the call, or tell more.

        Where the gateway wrote the error, it advises so. Of anybody else's it is True, unless nothing could reach the
        gateway the next time either: the repeat tells what became of the request.
        """
        if self.from_gateway:
            return self.advice == RETRY_ADVICE_REPEAT
        return self.code not in _REACHED_NOBODY

    @property
    def request_id(self) -> str:
        """The request's own id; empty where it was not told."""
        return self.metadata.get("request_id", "")

    @property
    def call_id(self) -> str:
        """The call's id; empty where none is recorded."""
        return self.metadata.get("call_id", "")

    @property
    def replayed(self) -> bool:
        """Whether this is an earlier outcome, told again."""
        return self.metadata.get("replayed") == "true"

    @property
    def original_time(self) -> datetime | None:
        """When a replayed outcome was recorded, in UTC; None for any other."""
        try:
            return datetime.fromisoformat(self.metadata.get("original_time", ""))
        except ValueError:
            return None

    @property
    def provider_code(self) -> str:
        """The code in the provider's answer, such as `RBC3115`; empty where there was none."""
        return self.metadata.get("provider_code", "")

    @property
    def provider_message(self) -> str:
        """The provider's words, digits masked; empty where there were none."""
        return self.metadata.get("provider_message", "")

    @property
    def http_status(self) -> int | None:
        """The HTTP status of the provider's answer; None where there was none."""
        return _int(self.metadata.get("http_status", ""))

    @property
    def omitted_violations(self) -> int:
        """How many violations the gateway left out, since a status has little room."""
        return _int(self.metadata.get("omitted_violations", "")) or 0

    @property
    def error_id(self) -> str:
        """What finds this error in the gateway's log; empty but for bugs."""
        return self.metadata.get("error_id", "")

    def __str__(self) -> str:
        if not self.from_gateway:
            return f"{self.code.name}, not from the gateway: what happened is unknown"
        told = [self.reason_name, self.metadata.get("dispatch"), self.metadata.get("retry")]
        told += [f"call_id {self.call_id}"] if self.call_id else []
        return f"{self.code.name}: {', '.join(fact for fact in told if fact)}"

    def __repr__(self) -> str:
        return f"<CallError {self}>"


def error_from(error: grpc.RpcError) -> CallError:
    """Reads an error of a call, of `grpc` or `grpc.aio`. Whatever stands in it, this does not raise.

    Args:
        error: What a stub raised. An RpcError without a status is read as code UNKNOWN.
    """
    call: Any = error
    if not hasattr(call, "code") or not isinstance(call.code(), grpc.StatusCode):
        return CallError(grpc.StatusCode.UNKNOWN, type(error).__name__)
    return CallError(call.code(), call.details() or "", _status(call))


def _status(call: Any) -> status_pb2.Status | None:
    for key, value in call.trailing_metadata() or ():
        if key == _DETAILS:
            try:
                status = status_pb2.Status.FromString(value)
            except (DecodeError, TypeError):
                return None
            return status if status.code == call.code().value[0] else None
    return None


def _number(enum: Any, name: str) -> Any:
    """The number of an enum's value; 0, which is unspecified, for a name that is newer than this package."""
    return enum.Value(name) if name in enum.keys() else 0  # noqa: SIM118 - an enum's wrapper is no dict


def _int(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
