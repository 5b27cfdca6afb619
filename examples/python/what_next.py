"""Says what a program does after each error of the gateway.

Needs kaleyra-gateway-client. As a program, it reads errors from standard input, one a line, as logs show the trailer
`grpc-status-details-bin` (base64), and prints what to do about each.
"""

# ruff: noqa: C901, PLR0911, PLR0912 - a case for each thing to do
import base64
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto

import grpc
from google.rpc.status_pb2 import Status

from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway_client import CallError

SECONDS = timedelta(seconds=1)  # at first; longer each time
MINUTES = timedelta(minutes=5)


class Action(Enum):
    """What a program does with a request that was answered with an error."""

    REPEAT = auto()
    """Send it again after `wait`, as it is. Nobody rings twice."""
    TELL_OPERATORS = auto()
    """Tell those who run the gateway: only they can help. Then repeat it, after `wait`."""
    CORRECT = auto()
    """Correct `fields`, or this program: the request as it is never works."""
    CHOOSE_ANOTHER = auto()
    """Choose another number, flow, sound, bridge or time: the provider does not take the one in `fields`."""
    DROP = auto()
    """It is too late for this call. Nobody was dialed."""
    ASK_A_PERSON = auto()
    """Send nothing: phones may ring. People look the call up, here and at the provider."""
    READ_OTHERWISE = auto()
    """This read does not tell: read in another way, or repeat the request."""


@dataclass(frozen=True)
class Next:
    """What to do, how long to wait at least, which fields it is about, and whether the request_id is spent."""

    action: Action
    wait: timedelta = timedelta(0)
    fields: tuple[str, ...] = ()
    new_request_id: bool = False


def what_next(error: CallError) -> Next:
    """Says what to do: the reason says what, and the advice whether it takes a new request_id."""
    if error.advice == reasons.RETRY_ADVICE_LOOK_UP:
        return Next(Action.ASK_A_PERSON)
    return replace(by_reason(error), new_request_id=error.advice == reasons.RETRY_ADVICE_NEW_REQUEST_ID)


def by_reason(error: CallError) -> Next:
    """Says what to do about each reason."""
    wait = max(error.retry_delay or SECONDS, SECONDS)
    fields = tuple(violation.field for violation in error.violations)
    match error.reason:
        case (
            reasons.ERROR_REASON_REQUEST_IN_PROGRESS
            | reasons.ERROR_REASON_PROVIDER_UNREACHABLE
            | reasons.ERROR_REASON_PROVIDER_THROTTLED
            | reasons.ERROR_REASON_RATE_LIMITED
            | reasons.ERROR_REASON_OVERLOADED
            | reasons.ERROR_REASON_LEDGER_UNAVAILABLE
        ):
            return Next(Action.REPEAT, wait)
        case reasons.ERROR_REASON_PAUSED:
            return Next(Action.REPEAT, max(wait, MINUTES))
        case (
            reasons.ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED
            | reasons.ERROR_REASON_PROVIDER_MISCONFIGURED
            | reasons.ERROR_REASON_INTERNAL  # with error.error_id
        ):
            return Next(Action.TELL_OPERATORS, max(wait, MINUTES))
        case (
            reasons.ERROR_REASON_INVALID_REQUEST
            | reasons.ERROR_REASON_POLICY_REFUSED
            | reasons.ERROR_REASON_PROVIDER_INVALID_INPUT
            | reasons.ERROR_REASON_PROVIDER_REFUSED
        ):
            return Next(Action.CORRECT, fields=fields)
        case (
            reasons.ERROR_REASON_ACCOUNT_NOT_FOUND
            | reasons.ERROR_REASON_PERMISSION_DENIED
            | reasons.ERROR_REASON_UNAUTHENTICATED
        ):
            return Next(Action.CORRECT, fields=("account",))
        case reasons.ERROR_REASON_INVALID_NUMBER:
            return Next(Action.CHOOSE_ANOTHER, fields=fields)
        case reasons.ERROR_REASON_BRIDGE_NOT_FOUND:
            return Next(Action.CHOOSE_ANOTHER, fields=("call.bridge",))
        case reasons.ERROR_REASON_FLOW_NOT_FOUND:
            return Next(Action.CHOOSE_ANOTHER, fields=("call.ivr.flow_id",))
        case reasons.ERROR_REASON_SOUND_NOT_FOUND:
            return Next(Action.CHOOSE_ANOTHER, fields=("call.playlist",))
        case reasons.ERROR_REASON_SCHEDULE_TIME_REFUSED:
            return Next(Action.CHOOSE_ANOTHER, fields=("call.schedule_time",))
        case reasons.ERROR_REASON_EXPIRED:
            return Next(Action.DROP)
        case reasons.ERROR_REASON_OUTCOME_UNKNOWN | reasons.ERROR_REASON_REQUEST_ID_REUSED:
            return Next(Action.ASK_A_PERSON)
        case (
            reasons.ERROR_REASON_CALL_NOT_FOUND
            | reasons.ERROR_REASON_CURSOR_OUT_OF_RANGE
            | reasons.ERROR_REASON_UNIMPLEMENTED
        ):
            return Next(Action.READ_OTHERWISE)
    return by_advice(error, wait, fields)


def by_advice(error: CallError, wait: timedelta, fields: tuple[str, ...]) -> Next:
    """Says what to do about a reason that is newer than this program, and about a status of somebody else."""
    if error.may_repeat:
        return Next(Action.REPEAT, wait)
    if error.from_gateway and error.advice == reasons.RETRY_ADVICE_UNSPECIFIED:
        return Next(Action.ASK_A_PERSON)
    return Next(Action.CORRECT, fields=fields)


def main() -> None:
    """Prints what to do about each error."""
    code_by_number = {code.value[0]: code for code in grpc.StatusCode}
    for line in sys.stdin:
        status = Status.FromString(base64.b64decode(line))
        todo = what_next(CallError(code_by_number[status.code], status.message, status))
        request_id = "new" if todo.new_request_id else "same"
        wait, fields = todo.wait.total_seconds(), ",".join(todo.fields)
        print(f"{todo.action.name} wait={wait:g}s request_id={request_id} fields={fields}")


if __name__ == "__main__":
    main()
