"""Calls to place, written as JSON."""

from typing import Any

from google.protobuf.json_format import ParseDict

from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

PLAIN: dict[str, Any] = {"recipients": [{"number": "+13236550107"}], "ivr": {"flowId": "SG_1"}}
"""The least that a call can say."""

WHOLE: dict[str, Any] = {
    "recipients": [{"number": "+13236550107", "reference": "patient 8812"}, {"number": "3236550108"}],
    "prefix": "+1",
    "bridge": "+13236550100",
    "playlist": {
        "items": [
            {"sounds": {"soundIds": [13, 34]}},
            {"message": {"text": "Grüße, 你好", "language": "de-DE", "speed": "x-slow"}},
        ]
    },
    "retryRules": {"rules": [{"count": 2, "statuses": ["RETRY_STATUS_BUSY", "RETRY_STATUS_ANSWER"]}, {"count": 1}]},
    "retryInterval": "20s",
    "delay": "60s",
    "timeoutJson": "[60]",
    "dlrUrl": "https://calls.example.com/r?a={id}&b={{status}}",
    "callbacks": {"callEnd": {"profileIds": ["SG_c"], "urls": ["https://calls.example.com/e?who={{caller}}"]}},
    "custom": "order-8812",
    "campaignName": "Herbst + Winter",
}
"""A call with everything that one call can have at once, but a time in place of the delay."""


def call_from(document: dict[str, Any], **changes: Any) -> OutboundCallRequest:
    """Builds a call from JSON; a change replaces a field of it, None leaves it out."""
    fields = document | changes
    return ParseDict({name: value for name, value in fields.items() if value is not None}, OutboundCallRequest())


def to_numbers(*numbers: str, **changes: Any) -> OutboundCallRequest:
    """Builds a plain call to these numbers."""
    return call_from(PLAIN, recipients=[{"number": number} for number in numbers], **changes)
