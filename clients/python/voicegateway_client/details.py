"""The details of a google.rpc.Status that the gateway writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2

from voicegateway_client.violation import Violation

M = TypeVar("M", bound=Message)

DOMAIN: Final = "voicegateway.v1"
"""Whose ErrorInfo is the gateway's."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What the provider did not find: its kind, such as `flow`, and its name; never a phone number."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Details:
    """What the details tell.

    Attributes:
        info: The gateway's own ErrorInfo.
        violations: Of BadRequest, then of PreconditionFailure.
        resource: Of a ResourceInfo.
        retry_delay: Of a RetryInfo.
    """

    info: details_pb2.ErrorInfo | None = None
    violations: tuple[Violation, ...] = ()
    resource: Resource | None = None
    retry_delay: timedelta | None = None


def details_of(status: status_pb2.Status | None) -> Details | None:
    """Reads the details of a status that the gateway wrote; None for anybody else's, and for what cannot be read."""
    if status is None:
        return None
    try:
        info = _only(status, details_pb2.ErrorInfo)
        if info is None or info.domain != DOMAIN:
            return None
        return Details(info, _violations(status), _resource(status), _retry_delay(status))
    except (DecodeError, ValueError, OverflowError):
        return None


def _only(status: status_pb2.Status, kind: type[M]) -> M | None:
    """The detail of a kind; None where there is none.

    Raises:
        DecodeError: It cannot be decoded.
        ValueError: There are several: whose word would count?
    """
    descriptor: Any = kind.DESCRIPTOR
    found = [detail for detail in status.details if detail.Is(descriptor)]
    if len(found) > 1:
        raise ValueError(descriptor.full_name)
    return kind.FromString(found[0].value) if found else None


def _violations(status: status_pb2.Status) -> tuple[Violation, ...]:
    bad_request = _only(status, details_pb2.BadRequest) or details_pb2.BadRequest()
    policy = _only(status, details_pb2.PreconditionFailure) or details_pb2.PreconditionFailure()
    return (
        *(Violation(each.field, each.reason, each.description) for each in bad_request.field_violations),
        *(Violation(each.subject, each.type, each.description) for each in policy.violations),
    )


def _resource(status: status_pb2.Status) -> Resource | None:
    resource = _only(status, details_pb2.ResourceInfo)
    return Resource(resource.resource_type, resource.resource_name) if resource else None


def _retry_delay(status: status_pb2.Status) -> timedelta | None:
    retry = _only(status, details_pb2.RetryInfo)
    return retry.retry_delay.ToTimedelta() if retry and retry.HasField("retry_delay") else None
