"""Sends one request to a gateway, once, and brings back its answer."""

from __future__ import annotations

from typing import Final

import grpc

from gateway.caller.answer import Answer, answer_from_error
from gateway.caller.connecting import require_gateway
from gateway.caller.server import Server
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

ANSWER_WITHIN: Final = 60.0
"""Seconds; the gateway itself waits less for the provider."""

_OPTIONS: Final = (("grpc.enable_retries", 0),)  # nothing on the way may send it again


class InterruptedCallError(Exception):
    """Ctrl-C after the request began to leave: it may be placed all the same."""


def send(request: PlaceCallRequest, server: Server, credentials: grpc.ChannelCredentials | None) -> Answer:
    """Places a call.

    Raises:
        NoGatewayError: There was no connection: the request was not sent.
        InterruptedCallError: Ctrl-C came before the answer.
    """
    with _channel(server, credentials) as channel:
        require_gateway(channel, server)
        try:
            return Answer(response=OutboundCallServiceStub(channel).PlaceCall(request, timeout=ANSWER_WITHIN))
        except grpc.RpcError as error:
            return answer_from_error(error)
        except KeyboardInterrupt:
            raise InterruptedCallError from None


def _channel(server: Server, credentials: grpc.ChannelCredentials | None) -> grpc.Channel:
    if credentials is None:
        return grpc.insecure_channel(server.address, options=_OPTIONS)
    return grpc.secure_channel(server.address, credentials, options=_OPTIONS)
