"""Channels to the gateway, set up as this contract allows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, TypeAlias

import grpc
import grpc.aio

SERVICE: Final = "voicegateway.v1.OutboundCallService"

SERVICE_CONFIG: Final[Mapping[str, Any]] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "healthCheckConfig": {"serviceName": SERVICE},
    "methodConfig": [
        {
            "name": [{"service": SERVICE}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.2s",
                "maxBackoff": "5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
"""What the channel does by itself: calls go in turn to every replica that says it is ready, and `UNAVAILABLE` is
repeated.

The repeats are safe: the gateway answers `UNAVAILABLE` only when nothing was sent, a repeat with the same request_id
never dials twice, and an answer that must not be repeated carries `grpc-retry-pushback-ms: -1`, which ends them.
There is no timeout in it: it would cap the caller's own.
"""

Option: TypeAlias = tuple[str, Any]

_NAME: Final = "kaleyra-gateway-client-python"
_DISTRIBUTIONS: Final = ("kaleyra-gateway-client", "kaleyra-gateway")
"""What this package may be installed by; the second one has the gateway in it, too."""


def open_channel(
    target: str, credentials: grpc.ChannelCredentials | None = None, *, options: Sequence[Option] = ()
) -> grpc.Channel:
    """Opens a channel; it connects when the first call is made.

    Args:
        target: Where the gateway is, by gRPC's names: `gateway.example.com:443`, or `dns:///gateway:50051` for all of
            its replicas, which are then called in turn.
        credentials: `grpc.ssl_channel_credentials()` for TLS, with a certificate of one's own for mutual TLS. None
            is plaintext, for a mesh or one machine.
        options: gRPC's channel arguments, over the ones that are set here.

    Returns:
        A channel, safe to be used by many threads. Use it in a `with`, or close it.
    """
    arguments = _arguments(options)
    if credentials is None:
        return grpc.insecure_channel(target, arguments)
    return grpc.secure_channel(target, credentials, arguments)


def open_aio_channel(
    target: str, credentials: grpc.ChannelCredentials | None = None, *, options: Sequence[Option] = ()
) -> grpc.aio.Channel:
    """Opens a channel for asyncio, as `open_channel` does. Use it in an `async with`, in the event loop that opened it.

    Args:
        target: As for `open_channel`.
        credentials: As for `open_channel`.
        options: As for `open_channel`.
    """
    arguments = _arguments(options)
    if credentials is None:
        return grpc.aio.insecure_channel(target, arguments)
    return grpc.aio.secure_channel(target, credentials, arguments)


def _arguments(options: Sequence[Option]) -> list[Option]:
    ours = {
        "grpc.service_config": json.dumps(SERVICE_CONFIG),
        "grpc.primary_user_agent": user_agent(),
        # Finds a gateway that vanished without a word while a call waits. The gateway allows a ping every 10 seconds;
        # other servers of gRPC end a connection that pings more often than every 5 minutes.
        "grpc.keepalive_time_ms": 60_000,
        "grpc.keepalive_timeout_ms": 20_000,
        # gRPC's own longest wait before it connects again is 2 minutes, in which a gateway that is back is not noticed.
        # The shortest one, `min_reconnect_backoff_ms`, is how long an attempt may take, and stays at 20 seconds.
        "grpc.max_reconnect_backoff_ms": 5_000,
    }
    return list((ours | dict(options)).items())


def user_agent() -> str:
    """The name and version that the gateway sees before gRPC's own, such as `kaleyra-gateway-client-python/0.1.0`."""
    for distribution in _DISTRIBUTIONS:
        try:
            return f"{_NAME}/{version(distribution)}"
        except PackageNotFoundError:
            continue
    return _NAME
