"""The one exception of the gateway, and the one table that says what each reason means to a caller.

Raise a `GatewayError` where the cause is known and let it pass everywhere else: `visit.py` alone answers with it.
Source: the table "Errors" of the contract, published in `protos/voicegateway/v1/error_reason.proto`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from grpc import StatusCode

from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway.v1.error_reason_pb2 import RETRY_ADVICE_CORRECT as CORRECT
from voicegateway.v1.error_reason_pb2 import RETRY_ADVICE_LOOK_UP as LOOK_UP
from voicegateway.v1.error_reason_pb2 import RETRY_ADVICE_NEW_REQUEST_ID as NEW_ID
from voicegateway.v1.error_reason_pb2 import RETRY_ADVICE_REPEAT as REPEAT
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import DISPATCH_NOT_SENT as NOT_SENT
from voicegateway.v1.outbound_call_pb2 import DISPATCH_OUTCOME_UNKNOWN as OUTCOME_UNKNOWN
from voicegateway.v1.outbound_call_pb2 import DISPATCH_REJECTED as REJECTED
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING as SENDING
from voicegateway.v1.outbound_call_pb2 import Dispatch
from voicegateway_client.violation import Violation

DOMAIN: Final = "voicegateway.v1"


@dataclass(frozen=True, slots=True)
class Row:
    """What one reason means to a caller, unless the moment knows better."""

    code: StatusCode
    dispatch: Dispatch.ValueType | None
    retry: RetryAdvice.ValueType | None
    message: str


@dataclass(frozen=True, slots=True)
class Resource:
    """What the provider did not find: its kind and its name, never a phone number."""

    kind: str
    name: str


class GatewayError(Exception):
    """Says why a request was not accepted; the only exception that callers are told about.

    Attributes:
        reason: The published reason.
        dispatch: What happened to the phones; None where it is not known or not a question.
        retry: What the caller does next; None for reads.
        violations: Fields that break a rule (BadRequest), or policies (PreconditionFailure) for POLICY_REFUSED.
        resource: What was not found.
        retry_after: How long to wait before repeating; None when nobody said.
        omitted: How many violations are not among them.
        metadata: Further facts for ErrorInfo, by the contract's names.
    """

    def __init__(
        self,
        reason: ErrorReason.ValueType,
        *,
        violations: Iterable[Violation] = (),
        resource: Resource | None = None,
        retry_after: timedelta | None = None,
        **metadata: str,
    ) -> None:
        row = ROW_BY_REASON[reason]
        super().__init__(ErrorReason.Name(reason))
        self.reason = reason
        self.dispatch = row.dispatch
        self.retry = row.retry
        self.violations = tuple(violations)
        self.omitted = 0
        self.resource = resource
        self.retry_after = retry_after
        self.metadata = {name: value for name, value in metadata.items() if value}

    @property
    def name(self) -> str:
        """The reason's published name."""
        return ErrorReason.Name(self.reason)

    @property
    def code(self) -> StatusCode:
        """The gRPC code of the reason."""
        return ROW_BY_REASON[self.reason].code

    @property
    def message(self) -> str:
        """The constant text of the reason; of the phones it says nothing where that is no question, as in a read."""
        message = ROW_BY_REASON[self.reason].message
        return message if self.dispatch is not None else message.removesuffix(f" {_NOBODY}")


_NOBODY: Final = "Nobody was dialed."

ROW_BY_REASON: Final[Mapping[ErrorReason.ValueType, Row]] = {
    reasons.ERROR_REASON_INVALID_REQUEST: Row(
        StatusCode.INVALID_ARGUMENT, NOT_SENT, CORRECT, f"The request breaks rules; see its violations. {_NOBODY}"
    ),
    reasons.ERROR_REASON_REQUEST_ID_REUSED: Row(
        StatusCode.FAILED_PRECONDITION, None, LOOK_UP, "The request_id was already used for another request."
    ),
    reasons.ERROR_REASON_REQUEST_IN_PROGRESS: Row(
        StatusCode.ABORTED, SENDING, REPEAT, "The first attempt with this request_id is still running."
    ),
    reasons.ERROR_REASON_ACCOUNT_NOT_FOUND: Row(
        StatusCode.NOT_FOUND, NOT_SENT, CORRECT, f"No account of that name is configured. {_NOBODY}"
    ),
    reasons.ERROR_REASON_CALL_NOT_FOUND: Row(StatusCode.NOT_FOUND, None, None, "No such call in this account."),
    reasons.ERROR_REASON_PROVIDER_INVALID_INPUT: Row(
        StatusCode.INVALID_ARGUMENT, REJECTED, NEW_ID, f"The provider found invalid inputs. {_NOBODY}"
    ),
    reasons.ERROR_REASON_INVALID_NUMBER: Row(
        StatusCode.INVALID_ARGUMENT, REJECTED, NEW_ID, f"The provider called the number invalid. {_NOBODY}"
    ),
    reasons.ERROR_REASON_SCHEDULE_TIME_REFUSED: Row(
        StatusCode.INVALID_ARGUMENT, REJECTED, NEW_ID, f"The provider refused the schedule time. {_NOBODY}"
    ),
    reasons.ERROR_REASON_BRIDGE_NOT_FOUND: Row(
        StatusCode.NOT_FOUND, REJECTED, NEW_ID, f"The bridge is no number of the account. {_NOBODY}"
    ),
    reasons.ERROR_REASON_FLOW_NOT_FOUND: Row(
        StatusCode.NOT_FOUND, REJECTED, NEW_ID, f"The flow is not the account's. {_NOBODY}"
    ),
    reasons.ERROR_REASON_SOUND_NOT_FOUND: Row(
        StatusCode.NOT_FOUND, REJECTED, NEW_ID, f"A sound is not the account's. {_NOBODY}"
    ),
    reasons.ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED: Row(
        StatusCode.FAILED_PRECONDITION, REJECTED, REPEAT, f"The provider refused the gateway's own key. {_NOBODY}"
    ),
    reasons.ERROR_REASON_PROVIDER_MISCONFIGURED: Row(
        StatusCode.FAILED_PRECONDITION,
        REJECTED,
        REPEAT,
        f"The provider's base URL or SID in the gateway's settings is wrong. {_NOBODY}",
    ),
    reasons.ERROR_REASON_PROVIDER_REFUSED: Row(
        StatusCode.FAILED_PRECONDITION, REJECTED, NEW_ID, f"The provider refused the request. {_NOBODY}"
    ),
    reasons.ERROR_REASON_PROVIDER_THROTTLED: Row(
        StatusCode.RESOURCE_EXHAUSTED, REJECTED, REPEAT, f"The provider throttles. {_NOBODY}"
    ),
    reasons.ERROR_REASON_PROVIDER_UNREACHABLE: Row(
        StatusCode.UNAVAILABLE, NOT_SENT, REPEAT, f"The provider could not be reached. {_NOBODY}"
    ),
    reasons.ERROR_REASON_OUTCOME_UNKNOWN: Row(
        StatusCode.UNKNOWN,
        OUTCOME_UNKNOWN,
        LOOK_UP,
        "The request left and no readable answer came: phones may ring. Do not send it again.",
    ),
    reasons.ERROR_REASON_RATE_LIMITED: Row(
        StatusCode.RESOURCE_EXHAUSTED, NOT_SENT, REPEAT, f"The gateway's own pacing refuses the request. {_NOBODY}"
    ),
    reasons.ERROR_REASON_OVERLOADED: Row(
        StatusCode.UNAVAILABLE, NOT_SENT, REPEAT, f"This gateway has too many calls in flight, or drains. {_NOBODY}"
    ),
    reasons.ERROR_REASON_LEDGER_UNAVAILABLE: Row(
        StatusCode.UNAVAILABLE, None, REPEAT, "The durable record could not be read or written."
    ),
    reasons.ERROR_REASON_UNAUTHENTICATED: Row(StatusCode.UNAUTHENTICATED, None, None, "The caller has no identity."),
    reasons.ERROR_REASON_PERMISSION_DENIED: Row(
        StatusCode.PERMISSION_DENIED, None, None, "The caller may not use that account or see that call."
    ),
    reasons.ERROR_REASON_POLICY_REFUSED: Row(
        StatusCode.FAILED_PRECONDITION, NOT_SENT, CORRECT, f"A policy of this gateway refuses the request. {_NOBODY}"
    ),
    reasons.ERROR_REASON_INTERNAL: Row(
        StatusCode.INTERNAL, None, REPEAT, "The gateway failed; error_id finds the reason in its log."
    ),
    reasons.ERROR_REASON_CURSOR_OUT_OF_RANGE: Row(
        StatusCode.OUT_OF_RANGE, None, None, "The stream position is older than what is kept, or ahead of it."
    ),
    reasons.ERROR_REASON_UNIMPLEMENTED: Row(StatusCode.UNIMPLEMENTED, None, None, "This method is not built yet."),
    reasons.ERROR_REASON_EXPIRED: Row(
        StatusCode.FAILED_PRECONDITION, NOT_SENT, CORRECT, f"dial_before has passed. {_NOBODY}"
    ),
    reasons.ERROR_REASON_PAUSED: Row(
        StatusCode.FAILED_PRECONDITION, NOT_SENT, REPEAT, f"An operator has paused dialing. {_NOBODY}"
    ),
}
"""What each reason means; a test holds it complete against the published enum."""
