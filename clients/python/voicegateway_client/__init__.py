"""What a service needs to place calls through kaleyra-gateway: a channel, typed errors, validation, safe repeats.

    with open_channel("gateway.example.com:443", grpc.ssl_channel_credentials()) as channel:
        reply = place_call(channel, request)

The messages and the stub are in `voicegateway.v1`, which comes with this package.
"""

from voicegateway_client.channel import SERVICE_CONFIG, open_aio_channel, open_channel
from voicegateway_client.details import Resource
from voicegateway_client.errors import CallError, error_from
from voicegateway_client.placing import place_call, place_call_aio
from voicegateway_client.validation import validate
from voicegateway_client.violation import Violation

__all__ = [
    "SERVICE_CONFIG",
    "CallError",
    "Resource",
    "Violation",
    "error_from",
    "open_aio_channel",
    "open_channel",
    "place_call",
    "place_call_aio",
    "validate",
]
