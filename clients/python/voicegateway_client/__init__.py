"""What a service needs to place and follow calls through kaleyra-gateway: a channel, typed errors, validation, repeats.

    with open_channel("gateway.example.com:443", grpc.ssl_channel_credentials()) as channel:
        reply = place_call(channel, request)
        for event in watch_call(channel, call_id=reply.call.call_id):
            ...

The messages and the stub are in `voicegateway.v1`, which comes with this package.
"""

from voicegateway_client.aio_call_watch import AioCallWatch
from voicegateway_client.call_watch import CallWatch
from voicegateway_client.channel import SERVICE_CONFIG, open_aio_channel, open_channel
from voicegateway_client.details import Resource
from voicegateway_client.errors import CallError, error_from
from voicegateway_client.placing import place_call, place_call_aio
from voicegateway_client.validation import validate
from voicegateway_client.violation import Violation
from voicegateway_client.watching import watch_call, watch_call_aio, watch_calls, watch_calls_aio

__all__ = [
    "SERVICE_CONFIG",
    "AioCallWatch",
    "CallError",
    "CallWatch",
    "Resource",
    "Violation",
    "error_from",
    "open_aio_channel",
    "open_channel",
    "place_call",
    "place_call_aio",
    "validate",
    "watch_call",
    "watch_call_aio",
    "watch_calls",
    "watch_calls_aio",
]
