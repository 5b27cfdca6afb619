"""Tests a caller against the sandbox: every outcome that its code must handle, and nobody's phone rings.

Run `kaleyra-gateway sandbox` and a gateway in front of it, then `pytest examples/python`.
"""

import json
import os
import urllib.request
import uuid

import pytest

from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    Ivr,
    OutboundCallRequest,
    Recipient,
)
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway_client import CallError, open_channel, place_call

GATEWAY = os.environ.get("GATEWAY", "127.0.0.1:50051")
SANDBOX = os.environ.get("SANDBOX", "http://127.0.0.1:8090")


def reminder(number: str) -> PlaceCallRequest:
    call = OutboundCallRequest(recipients=[Recipient(number=number)], ivr=Ivr(flow_id="SG_1"))
    return PlaceCallRequest(request_id=str(uuid.uuid4()), call=call)


def remind(number: str) -> tuple[str, int]:
    """Returns the call id and what happened to the phone."""
    with open_channel(GATEWAY) as channel:
        try:
            call = place_call(channel, reminder(number)).call
        except CallError as error:
            return error.call_id, error.dispatch
    return call.call_id, call.dispatch


@pytest.mark.parametrize(
    ("number", "dispatch", "rings"),
    [
        ("+13236550107", DISPATCH_ACCEPTED, {"+13236550107": 1}),
        ("+13236550126", DISPATCH_REJECTED, {}),  # the provider knows no such flow
        ("+13236550142", DISPATCH_OUTCOME_UNKNOWN, {"+13236550142": 1}),  # an empty answer; it rang all the same
    ],
)
def test_the_phone_rings_as_often_as_the_answer_says(number, dispatch, rings):
    call_id, told = remind(number)
    with urllib.request.urlopen(f"{SANDBOX}/rings?custom={call_id}") as reply:
        counted = json.load(reply)

    assert told == dispatch
    assert counted["rings"] == rings


def test_a_repeat_rings_nobody_twice():
    request = reminder("+13236550107")
    with open_channel(GATEWAY) as channel:
        first, again = place_call(channel, request), place_call(channel, request)
    with urllib.request.urlopen(f"{SANDBOX}/rings?custom={first.call.call_id}") as reply:
        counted = json.load(reply)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.call == first.call
    assert counted["rings"] == {"+13236550107": 1}
