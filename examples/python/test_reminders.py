"""Tests a caller against the sandbox: every outcome that its code must handle, and nobody's phone rings.

Run `kaleyra-gateway sandbox` and a gateway in front of it, then `pytest examples/python`.
"""

import json
import os
import urllib.request
import uuid

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from voicegateway.v1.outbound_call_pb2 import Ivr, OutboundCallRequest, Recipient
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

GATEWAY = os.environ.get("GATEWAY", "127.0.0.1:50051")
SANDBOX = os.environ.get("SANDBOX", "http://127.0.0.1:8090")


def place_call(number: str) -> tuple[str, str]:
    """Returns the call id and what happened to the phone."""
    call = OutboundCallRequest(recipients=[Recipient(number=number)], ivr=Ivr(flow_id="SG_1"))
    request = PlaceCallRequest(request_id=str(uuid.uuid4()), call=call)
    with grpc.insecure_channel(GATEWAY) as channel:
        try:
            accepted = OutboundCallServiceStub(channel).PlaceCall(request, timeout=30).call
        except grpc.RpcError as error:
            info = error_details_pb2.ErrorInfo()
            for detail in rpc_status.from_call(error).details:
                detail.Unpack(info)
            return info.metadata["call_id"], info.metadata["dispatch"]
    return accepted.call_id, "DISPATCH_ACCEPTED"


@pytest.mark.parametrize(
    ("number", "dispatch", "rings"),
    [
        ("+13236550107", "DISPATCH_ACCEPTED", {"+13236550107": 1}),
        ("+13236550126", "DISPATCH_REJECTED", {}),  # the provider knows no such flow
        ("+13236550142", "DISPATCH_OUTCOME_UNKNOWN", {"+13236550142": 1}),  # an empty answer; it rang all the same
    ],
)
def test_the_phone_rings_as_often_as_the_answer_says(number, dispatch, rings):
    call_id, told = place_call(number)
    with urllib.request.urlopen(f"{SANDBOX}/rings?custom={call_id}") as reply:
        counted = json.load(reply)

    assert told == dispatch
    assert counted["rings"] == rings


def test_a_repeat_rings_nobody_twice():
    call = OutboundCallRequest(recipients=[Recipient(number="+13236550107")], ivr=Ivr(flow_id="SG_1"))
    request = PlaceCallRequest(request_id=str(uuid.uuid4()), call=call)
    with grpc.insecure_channel(GATEWAY) as channel:
        stub = OutboundCallServiceStub(channel)
        first, again = stub.PlaceCall(request, timeout=30), stub.PlaceCall(request, timeout=30)
    with urllib.request.urlopen(f"{SANDBOX}/rings?custom={first.call.call_id}") as reply:
        counted = json.load(reply)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.call == first.call
    assert counted["rings"] == {"+13236550107": 1}
