"""Follows a call until nothing more becomes of it, and says how it went for each recipient.

Needs kaleyra-gateway-client, and a gateway with a receiver: without one nobody learns how a call went.
"""

import argparse
import sys

import grpc

from voicegateway.v1.error_reason_pb2 import ERROR_REASON_CURSOR_OUT_OF_RANGE
from voicegateway.v1.outbound_call_pb2 import Dispatch, Disposition, RecipientOutcome, RecipientState
from voicegateway.v1.outbound_call_service_pb2 import CallEvent, GetCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import CallError, error_from, open_channel, watch_call


def main() -> int:
    """Returns the exit status: 0 when the call has come to its end, else 1."""
    parser = argparse.ArgumentParser(description="Follows a call.")
    parser.add_argument("call_id")
    parser.add_argument("--target", default="127.0.0.1:50051")
    parser.add_argument("--after", type=int, help="go on after this event, as an earlier run said")
    arguments = parser.parse_args()

    with open_channel(arguments.target) as channel:
        try:
            follow(channel, arguments.call_id, arguments.after)
        except CallError as error:
            print(f"reason: {error.reason_name or error.code.name}", file=sys.stderr)
            return 1
        except grpc.RpcError as failure:
            print(f"reason: {error_from(failure).reason_name}", file=sys.stderr)
            return 1
    return 0


def follow(channel: grpc.Channel, call_id: str, after: int | None) -> None:
    """Prints what becomes of a call, however often the stream breaks meanwhile."""
    with watch_call(channel, call_id=call_id, after_sequence=after) as events:
        try:
            for event in events:
                print(describe(event), flush=True)
        except KeyboardInterrupt:
            print(f"to go on: --after {events.last_sequence}", file=sys.stderr)
        except CallError as error:
            if error.reason != ERROR_REASON_CURSOR_OUT_OF_RANGE:
                raise
            # The events after `after` are not kept, or are those of another ledger: this is how the call stands now.
            call = OutboundCallServiceStub(channel).GetCall(GetCallRequest(call_id=call_id), timeout=10).call
            for outcome in call.recipients:
                print(how_it_went(outcome))


def describe(event: CallEvent) -> str:
    """Says what an event tells, without a phone number."""
    told = how_it_went(event.recipient) if event.HasField("recipient") else Dispatch.Name(event.dispatch)
    return f"{event.sequence} {told}"


def how_it_went(outcome: RecipientOutcome) -> str:
    """Says how far the call of a recipient got, and how it ended, by the caller's own reference."""
    words = [outcome.recipient.reference or f"the number that ends with {outcome.recipient.number[-2:]}"]
    words.append(RecipientState.Name(outcome.state).removeprefix("RECIPIENT_STATE_"))
    if outcome.disposition:
        words.append(Disposition.Name(outcome.disposition).removeprefix("DISPOSITION_"))
    if outcome.keypress:
        words.append(f"pressed {outcome.keypress}")
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
