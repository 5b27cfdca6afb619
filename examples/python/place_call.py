"""Places a call to a flow, and says what happened to the phone.

Needs grpcio, grpcio-status, googleapis-common-protos and generated/python on the path.
"""

import argparse
import sys
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from voicegateway.v1.outbound_call_pb2 import Dispatch, Ivr, OutboundCallRequest, Recipient
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub


def main() -> int:
    """Returns the exit status: 0 when the provider accepted the call, else 1."""
    parser = argparse.ArgumentParser(description="Places a call to a flow.")
    parser.add_argument("--target", default="127.0.0.1:50051")
    parser.add_argument("--to", default="+13236550107")
    parser.add_argument("--flow", default="SG_1")
    arguments = parser.parse_args()

    request = PlaceCallRequest(
        call=OutboundCallRequest(recipients=[Recipient(number=arguments.to)], ivr=Ivr(flow_id=arguments.flow)),
        # Made once, before the first attempt, and kept for every repeat: it names the intent, not the attempt.
        request_id=str(uuid.uuid4()),
    )
    print(f"request_id: {request.request_id}")
    try:
        with grpc.insecure_channel(arguments.target) as channel:
            call = OutboundCallServiceStub(channel).PlaceCall(request, timeout=30).call
    except grpc.RpcError as error:
        explain(error)  # type: ignore[arg-type]  # the RpcError of a call is that grpc.Call
        return 1
    print(f"call_id: {call.call_id}")
    print(f"dispatch: {Dispatch.Name(call.dispatch)}")
    return 0


def explain(error: grpc.Call) -> None:
    """Prints why the call was not accepted, what happened to the phone, and what to do next."""
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        detail.Unpack(info)  # does nothing with a detail of another type
        detail.Unpack(bad_request)

    if info.domain != "voicegateway.v1":
        # Not the gateway's answer: a proxy's, or this library's. The phone may ring.
        print(error.details(), file=sys.stderr)
        print("reason: unknown\ndispatch: unknown\nretry: unknown")
        return
    print(f"reason: {info.reason}")
    print(f"dispatch: {info.metadata.get('dispatch', 'unknown')}")
    print(f"retry: {info.metadata.get('retry', 'unknown')}")
    for violation in bad_request.field_violations:
        print(f"violation: {violation.field}: {violation.description}")


if __name__ == "__main__":
    sys.exit(main())
