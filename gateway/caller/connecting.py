"""Whether anybody answers where the gateway should be, and with which certificate."""

from __future__ import annotations

import queue
import ssl
import time
from pathlib import Path
from typing import Final

import grpc

from gateway.caller.options import UsageError
from gateway.caller.server import Server
from voicegateway_client import open_channel

CONNECT_WITHIN: Final = 5.0
"""Seconds."""


class NoGatewayError(Exception):
    """Nobody listens there, so nothing was sent."""


def credentials_of(server: Server) -> grpc.ChannelCredentials | None:
    """Reads whom to trust; None is plaintext.

    Raises:
        UsageError: The file cannot be read, or holds no certificate.
    """
    if not server.tls and server.authority is None:
        return None
    return grpc.ssl_channel_credentials(None if server.authority is None else _certificates(server.authority))


def require_gateway(channel: grpc.Channel, server: Server) -> None:
    """Waits for a connection, or for the first failure to make one: nothing is sent before.

    Raises:
        NoGatewayError: There is none.
    """
    if not _connected(channel):
        encryption = "with" if server.tls or server.authority else "without"
        raise NoGatewayError(f"no gateway answers on {server.address} {encryption} TLS")


def followed_channel(server: Server, credentials: grpc.ChannelCredentials | None) -> grpc.Channel:
    """Opens a channel whose streams and reads are repeated where that is safe.

    Whether a replica is ready does not count: one that cannot place calls now may tell of them all the same.
    """
    return open_channel(server.address, credentials, options=[("grpc.inhibit_health_checking", 1)])


def _certificates(file: Path) -> bytes:
    try:
        pem = file.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise UsageError(f"{file}: holds no certificate as PEM") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    return pem


def _connected(channel: grpc.Channel) -> bool:
    states: queue.SimpleQueue[grpc.ChannelConnectivity] = queue.SimpleQueue()
    channel.subscribe(states.put, try_to_connect=True)
    deadline = time.monotonic() + CONNECT_WITHIN
    try:
        while True:
            state = states.get(timeout=max(0.0, deadline - time.monotonic()))
            if state in {grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE}:
                return state is grpc.ChannelConnectivity.READY
    except queue.Empty:
        return False
    finally:
        channel.unsubscribe(states.put)
