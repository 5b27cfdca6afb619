"""Validation before anything is sent, by the rules that the gateway applies."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from google.protobuf.message import Message

from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    ListCallsRequest,
    PlaceCallRequest,
    WatchCallsRequest,
)
from voicegateway_client.unknown_fields import unknown_fields
from voicegateway_client.violation import Violation

if TYPE_CHECKING:
    from voicegateway_client.rules import Rules

REQUESTS: Final = (PlaceCallRequest, GetCallRequest, ListCallsRequest, WatchCallsRequest)
"""The request types of the service."""

Request: TypeAlias = PlaceCallRequest | GetCallRequest | ListCallsRequest | WatchCallsRequest


def validate(request: Request) -> list[Violation]:
    """Finds every rule that a request breaks, as the gateway would; an empty list for none.

    Three things are left to the gateway: `TIMESTAMP_WINDOW`, since its clock decides how far ahead a `schedule_time`
    is; `STRING_JSON`, since its parser decides what `timeout_json` may hold; and what its settings decide, such as
    which accounts there are.

    The first use compiles the rules, which takes about a quarter of a second; it may be called from any thread.

    Args:
        request: A request of the service; it stays as it is.

    Raises:
        TypeError: It is no request of the service.
    """
    if not isinstance(request, REQUESTS):
        raise TypeError(f"no request of voicegateway.v1.OutboundCallService: {type(request).__name__}")
    rules = _rules()
    judged: Message = type(request)()
    judged.MergeFrom(request)
    too_long = rules.cut_long_lists(judged)
    return [*unknown_fields(judged), *too_long, *rules.violations(judged)]


@cache
def _rules() -> Rules:
    from voicegateway_client.rules import Rules  # noqa: PLC0415 - a caller that does not validate loads no rule engine

    return Rules(REQUESTS)
