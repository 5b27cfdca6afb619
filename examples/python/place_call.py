"""Places a call to a flow, and says what happened to the phone.

Needs grpcio, grpcio-status, googleapis-common-protos and generated/python on the path.
"""

import argparse
import sys
import time
import uuid

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from voicegateway.v1.outbound_call_pb2 import Dispatch, Ivr, OutboundCall, OutboundCallRequest, Recipient
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

REPEATS = 2


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
    with grpc.insecure_channel(arguments.target) as channel:
        stub = OutboundCallServiceStub(channel)
        try:
            call = place_call(stub, request)
        except grpc.RpcError as error:
            explain(error)  # type: ignore[arg-type]  # the RpcError of a call is that grpc.Call
            if reason_of(error) == "ERROR_REASON_OUTCOME_UNKNOWN":  # type: ignore[arg-type]
                look_up(stub, request.request_id)
            return 1
    print(f"call_id: {call.call_id}")
    print(f"dispatch: {Dispatch.Name(call.dispatch)}")
    return 0


def place_call(stub: OutboundCallServiceStub, request: PlaceCallRequest) -> OutboundCall:
    """Places the call, and repeats the request where it may help.

    With the same request_id that rings nobody twice: the gateway tells what became of the first attempt, and dials
    only if nobody was dialed.
    """
    for _ in range(REPEATS):
        try:
            return stub.PlaceCall(request, timeout=30).call
        except grpc.RpcError as error:
            if not a_repeat_may_help(error):  # type: ignore[arg-type]
                raise
        time.sleep(1)  # a program that nobody waits for is more patient; see RetryInfo as well
    return stub.PlaceCall(request, timeout=30).call


def a_repeat_may_help(error: grpc.Call) -> bool:
    """After a deadline or a broken connection nothing is known, and the gateway knows more; else it advises."""
    info = detail(error, error_details_pb2.ErrorInfo())
    if info.domain != "voicegateway.v1":
        # These two did not reach the gateway, and would not the next time.
        return error.code() not in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNIMPLEMENTED}
    return info.metadata["retry"] == "RETRY_ADVICE_REPEAT"


def explain(error: grpc.Call) -> None:
    """Prints why the call was not accepted, what happened to the phone, and what to do next."""
    info = detail(error, error_details_pb2.ErrorInfo())
    if info.domain != "voicegateway.v1":
        # Not the gateway's answer: a proxy's, or this library's. The phone may ring. Keep the request_id: repeating
        # the request with it, however late, tells what became of it.
        print(error.details(), file=sys.stderr)
        print("reason: unknown\ndispatch: unknown\nretry: unknown")
        return
    print(f"reason: {info.reason}")
    print(f"dispatch: {info.metadata.get('dispatch', 'unknown')}")
    print(f"retry: {info.metadata.get('retry', 'unknown')}")
    for violation in detail(error, error_details_pb2.BadRequest()).field_violations:
        print(f"violation: {violation.field}: {violation.description}")


def look_up(stub: OutboundCallServiceStub, request_id: str) -> None:
    """Prints what is recorded of a call whose outcome is unknown; never sent again, it may become known later."""
    call = stub.GetCall(GetCallRequest(request_id=request_id), timeout=10).call
    print(f"recorded: {Dispatch.Name(call.dispatch)}")


def reason_of(error: grpc.Call) -> str:
    """Returns the gateway's reason; empty for a status of somebody else."""
    info = detail(error, error_details_pb2.ErrorInfo())
    return info.reason if info.domain == "voicegateway.v1" else ""


def detail(error: grpc.Call, kind: Message) -> Message:
    """Returns the error's detail of a kind; empty where there is none."""
    status = rpc_status.from_call(error)
    for each in status.details if status else ():
        each.Unpack(kind)  # does nothing with a detail of another type
    return kind


if __name__ == "__main__":
    sys.exit(main())
