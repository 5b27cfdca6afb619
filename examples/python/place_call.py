"""Places a call to a flow, and says what happened to the phone.

Needs kaleyra-gateway-client.
"""

import argparse
import sys
import uuid

from voicegateway.v1.error_reason_pb2 import ERROR_REASON_OUTCOME_UNKNOWN
from voicegateway.v1.outbound_call_pb2 import Dispatch, Ivr, OutboundCallRequest, Recipient
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import CallError, open_channel, place_call


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
    with open_channel(arguments.target) as channel:
        try:
            call = place_call(channel, request, attempts=2).call
        except CallError as error:
            explain(error)
            if error.reason == ERROR_REASON_OUTCOME_UNKNOWN:
                # Never sent again, it may become known later. This is what is recorded of it now.
                call = OutboundCallServiceStub(channel).GetCall(GetCallRequest(request_id=request.request_id)).call
                print(f"recorded: {Dispatch.Name(call.dispatch)}")
            return 1
    print(f"call_id: {call.call_id}")
    print(f"dispatch: {Dispatch.Name(call.dispatch)}")
    return 0


def explain(error: CallError) -> None:
    """Prints why the call was not accepted, what happened to the phone, and what to do next."""
    if not error.from_gateway:
        # A proxy's answer, or the gRPC library's. The phone may ring. Keep the request_id: repeating the request with
        # it, however late, tells what became of it.
        print(error.message, file=sys.stderr)
    print(f"reason: {error.reason_name or 'unknown'}")
    print(f"dispatch: {error.metadata.get('dispatch', 'unknown')}")
    print(f"retry: {error.metadata.get('retry', 'unknown')}")
    for violation in error.violations:
        print(f"violation: {violation.field}: {violation.description}")


if __name__ == "__main__":
    sys.exit(main())
