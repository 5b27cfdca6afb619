"""Sends one request to a gateway, once, and brings back its answer."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from typing import Final

import grpc

from gateway.caller.answer import Answer, answer_from_error
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

CONNECT_WITHIN: Final = 5.0
ANSWER_WITHIN: Final = 60.0
"""Seconds; the gateway itself waits less for the provider."""

_OPTIONS: Final = (("grpc.enable_retries", 0),)  # nothing on the way may send it again


class NoGatewayError(Exception):
    """Nobody listens there, so nothing was sent."""


class InterruptedCallError(Exception):
    """Ctrl-C after the request began to leave: it may be placed all the same."""


def send(request: PlaceCallRequest, server: str, *, tls: bool, authority: Path | None) -> Answer:
    """Places a call.

    Raises:
        NoGatewayError: There was no connection: the request was not sent.
        InterruptedCallError: Ctrl-C came before the answer.
    """
    with _channel(server, tls=tls, authority=authority) as channel:
        if not _connected(channel):
            raise NoGatewayError(f"no gateway answers on {server} {'with' if tls or authority else 'without'} TLS")
        try:
            return Answer(response=OutboundCallServiceStub(channel).PlaceCall(request, timeout=ANSWER_WITHIN))
        except grpc.RpcError as error:
            return answer_from_error(error)
        except KeyboardInterrupt:
            raise InterruptedCallError from None


def _connected(channel: grpc.Channel) -> bool:
    """Waits for a connection, or for the first failure to make one: nothing is sent before."""
    states: queue.SimpleQueue[grpc.ChannelConnectivity] = queue.SimpleQueue()
    channel.subscribe(states.put, try_to_connect=True)
    deadline = time.monotonic() + CONNECT_WITHIN
    while True:
        try:
            state = states.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return False
        if state in {grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE}:
            channel.unsubscribe(states.put)
            return state is grpc.ChannelConnectivity.READY


def _channel(server: str, *, tls: bool, authority: Path | None) -> grpc.Channel:
    if not tls and authority is None:
        return grpc.insecure_channel(server, options=_OPTIONS)
    roots = None if authority is None else authority.read_bytes()
    return grpc.secure_channel(server, grpc.ssl_channel_credentials(roots), options=_OPTIONS)
