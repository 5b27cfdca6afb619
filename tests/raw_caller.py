"""A caller who sends any bytes to any method, as no generated client would."""

from collections.abc import Awaitable, Mapping
from typing import Any

import grpc.aio
from gateway_under_test import TO_A_FLOW, Refusal, place_call_request, refusal_of
from google.protobuf.message import Message

from gateway.app import SERVICE
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    ListCallsRequest,
    PlaceCallRequest,
    WatchCallsRequest,
)

METHODS = tuple(method.name for method in SERVICE.methods)

UNKNOWN_FIELD = b"\xf8\x07\x01"
"""Field 127, the number 1: a field that no message of the contract has."""


def good_requests() -> Mapping[str, Message]:
    """A valid request for each method."""
    return {
        "PlaceCall": place_call_request(requestId="test-0000001"),
        "GetCall": GetCallRequest(request_id="test-0000001"),
        "ListCalls": ListCallsRequest(),
        "WatchCalls": WatchCallsRequest(),
    }


def sent(channel: grpc.aio.Channel, method: str, body: bytes) -> Awaitable[Any]:
    """Sends bytes to a method, and awaits its first answer."""
    path = f"/{SERVICE.full_name}/{method}"
    if method == "WatchCalls":
        return channel.unary_stream(path)(body, timeout=30).read()
    return channel.unary_unary(path)(body, timeout=30)


async def refused(channel: grpc.aio.Channel, request: Message | bytes, method: str = "PlaceCall") -> Refusal:
    """Sends a request that is refused, and reads the error."""
    return await refusal_of(
        sent(channel, method, request if isinstance(request, bytes) else request.SerializeToString())
    )


def with_unknown(request: Message, *inner: Message) -> Message:
    """Adds a field that the gateway does not know to parts of a request, or to itself."""
    for each in inner or (request,):
        each.MergeFromString(UNKNOWN_FIELD)
    return request


def to_many(numbers: int, **fields: Any) -> PlaceCallRequest:
    """A request to call so many numbers, all different."""
    recipients = [{"number": f"+1323655{number:07}"} for number in range(numbers)]
    return place_call_request(dict(TO_A_FLOW) | {"recipients": recipients}, **fields)
