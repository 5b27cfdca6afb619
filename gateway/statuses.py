"""A `GatewayError` as the google.rpc.Status that leaves the gateway, and back from one that was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2

from gateway.errors import DOMAIN, GatewayError, Resource
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_POLICY_REFUSED, ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import Dispatch
from voicegateway_client.violation import Violation

M = TypeVar("M", bound=Message)

STATUS_LIMIT: Final = 4096
"""Bytes that one serialized Status may have: proxies refuse trailers not far above."""

_LENGTHS_GROW: Final = 4  # bytes, at most, of the two lengths that stand before a detail


def to_status(error: GatewayError) -> status_pb2.Status:
    """Renders an error as the one status that leaves the gateway, in at most `STATUS_LIMIT` bytes.

    Violations beyond the limit are counted in ErrorInfo.metadata as `omitted_violations`.
    """
    room = STATUS_LIMIT - _LENGTHS_GROW - _status(error, 0).ByteSize()
    shown = 0
    for violation in error.violations:
        room -= _entries(error.reason, [violation]).ByteSize()
        if room < 0:
            break
        shown += 1
    return _status(error, shown)


def _status(error: GatewayError, shown: int) -> status_pb2.Status:
    status = status_pb2.Status(code=error.code.value[0], message=error.message)
    status.details.add().Pack(
        _error_info(error, omitted=error.omitted + len(error.violations) - shown), deterministic=True
    )
    if error.violations:
        status.details.add().Pack(_entries(error.reason, error.violations[:shown]), deterministic=True)
    if error.resource is not None:
        resource = details_pb2.ResourceInfo(resource_type=error.resource.kind, resource_name=error.resource.name)
        status.details.add().Pack(resource, deterministic=True)
    if error.retry_after is not None:
        retry_info = details_pb2.RetryInfo()
        retry_info.retry_delay.FromTimedelta(error.retry_after)
        status.details.add().Pack(retry_info, deterministic=True)
    return status


def _error_info(error: GatewayError, omitted: int) -> details_pb2.ErrorInfo:
    info = details_pb2.ErrorInfo(reason=ErrorReason.Name(error.reason), domain=DOMAIN, metadata=error.metadata)
    if error.dispatch is not None:
        info.metadata["dispatch"] = Dispatch.Name(error.dispatch)
    if error.retry is not None:
        info.metadata["retry"] = RetryAdvice.Name(error.retry)
    if omitted:
        info.metadata["omitted_violations"] = str(omitted)
    return info


def _entries(reason: ErrorReason.ValueType, violations: Sequence[Violation]) -> Message:
    """Renders violations as the detail that the reason has for them."""
    if reason == ERROR_REASON_POLICY_REFUSED:
        failure = details_pb2.PreconditionFailure()
        for each in violations:
            failure.violations.add(type=each.reason, subject=each.field, description=each.description)
        return failure
    bad_request = details_pb2.BadRequest()
    for each in violations:
        bad_request.field_violations.add(field=each.field, reason=each.reason, description=each.description)
    return bad_request


def from_status(status: status_pb2.Status) -> GatewayError:
    """Reads an error back from a status of ours.

    Raises:
        ValueError: It names a reason, a dispatch or an advice that this version does not know.
    """
    info, retry_info = _detail(status, details_pb2.ErrorInfo()), _detail(status, details_pb2.RetryInfo())
    resource = _detail(status, details_pb2.ResourceInfo())
    metadata = dict(info.metadata) if info else {}
    dispatch, retry = metadata.pop("dispatch", ""), metadata.pop("retry", "")
    error = GatewayError(
        ErrorReason.Value(info.reason if info else ""),
        violations=_violations(status),
        resource=Resource(resource.resource_type, resource.resource_name) if resource else None,
        retry_after=retry_info.retry_delay.ToTimedelta() if retry_info else None,
    )
    error.dispatch = Dispatch.Value(dispatch) if dispatch else None
    error.retry = RetryAdvice.Value(retry) if retry else None
    error.omitted = int(metadata.pop("omitted_violations", 0))
    error.metadata = metadata
    return error


def _detail(status: status_pb2.Status, kind: M) -> M | None:
    return kind if any(detail.Unpack(kind) for detail in status.details) else None


def _violations(status: status_pb2.Status) -> list[Violation]:
    bad_request = _detail(status, details_pb2.BadRequest())
    policy = _detail(status, details_pb2.PreconditionFailure())
    return [
        *(Violation(each.field, each.reason, each.description) for each in (bad_request or _NONE).field_violations),
        *(Violation(each.subject, each.type, each.description) for each in (policy or _NO_POLICY).violations),
    ]


_NONE: Final = details_pb2.BadRequest()
_NO_POLICY: Final = details_pb2.PreconditionFailure()
