"""Requests to send to the sandbox, written down independently of the gateway."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

NOW = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
PATH = "/v1/HXXXXXXX071US/voice/outbound"
KEY = {"api-key": "sandbox-key"}
FORM = "application/x-www-form-urlencoded"

TO = "+13236550107"
BRIDGE = "+13236550100"
FLOW = [{"ivr": ["SG_1"]}]


def fields(**changes):
    """Returns the fields of a plain valid request. A change replaces one; None leaves it out; JSON is rendered."""
    sent = {"to": TO, "bridge": BRIDGE, "target": FLOW} | changes
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in sent.items()
        if value is not None
    }


def body(**changes):
    """Returns the encoded form of `fields`."""
    return urlencode(fields(**changes)).encode()
