"""From the provider's HTTP reply to a verdict: pure, total, and suspicious.

The `code` in the body decides, under any HTTP status; without one the HTTP status decides where it proves a refusal.
Everything else is an unknown outcome, never a success and never a failure that is safe to repeat. Sources: the
provider's page, and the contract's error table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from gateway.errors import Resource
from gateway.kaleyra.envelope import TEXT_LIMIT, Envelope, UnreadableError, read_envelope
from gateway.kaleyra.numbers import readings
from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway.v1.error_reason_pb2 import ErrorReason
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway_client.violation import Violation

_INVALID_NUMBER: Final = "the provider called this number invalid"
_NO_TEXT: Final = "the provider named this field without a reason"
_LONGEST_WAIT: Final = 24 * 60 * 60  # seconds

REASON_BY_CODE: Final[Mapping[str, ErrorReason.ValueType | None]] = {
    "RBC3007": None,
    "RBC201": reasons.ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
    "RBC3004": reasons.ERROR_REASON_PROVIDER_INVALID_INPUT,
    "RBC3108": reasons.ERROR_REASON_SCHEDULE_TIME_REFUSED,
    "RBC3109": reasons.ERROR_REASON_INVALID_NUMBER,
    "RBC3114": reasons.ERROR_REASON_SOUND_NOT_FOUND,
    "RBC3115": reasons.ERROR_REASON_FLOW_NOT_FOUND,
    "RBC3119": reasons.ERROR_REASON_BRIDGE_NOT_FOUND,
}
"""The codes on the provider's page; None is acceptance. More exist, and no list of them is left."""

REASON_BY_STATUS: Final[Mapping[int, ErrorReason.ValueType]] = {
    **dict.fromkeys((301, 307, 308, 404, 405), reasons.ERROR_REASON_PROVIDER_MISCONFIGURED),
    **dict.fromkeys((400, 413, 414, 415, 422, 431), reasons.ERROR_REASON_PROVIDER_REFUSED),
    401: reasons.ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
    429: reasons.ERROR_REASON_PROVIDER_THROTTLED,
}
"""What an HTTP status proves in a reply without a code. No other status proves that nobody was dialed."""

OPERATOR_REASONS: Final[Mapping[str, ErrorReason.ValueType]] = {
    name.removeprefix("ERROR_REASON_"): reason
    for name, reason in ErrorReason.items()
    if reasons.ERROR_REASON_PROVIDER_INVALID_INPUT <= reason <= reasons.ERROR_REASON_PROVIDER_THROTTLED
}
"""The reasons that an operator may give to a code, by their short names: rows 6 to 15 of the contract."""

FIELD_BY_PROVIDER_FIELD: Final[Mapping[str, str]] = {
    "to": "call.recipients",
    "target": "call.target",
    "retry": "call.retry",
    "bridge": "call.bridge",
    "prefix": "call.prefix",
    "interval": "call.retry_interval",
    "delay": "call.delay",
    "time": "call.schedule_time",
    "timeout": "call.timeout",
    "callback": "call.callbacks",
    "dlrurl": "call.dlr_url",
    "custom": "call.custom",
}
"""Our name of each of the provider's fields in an RBC3004; another field is reported as `call`."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole HTTP reply: its status, what of its headers matters, its decoded body, and when it had arrived."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str = ""
    received: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Reading:
    """How an operator has the replies read, beyond the provider's page."""

    reason_by_code: Mapping[str, ErrorReason.ValueType] = field(default_factory=dict)
    refusing_statuses: frozenset[int] = frozenset()
    invalid_number_refuses_all: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the provider's reply says happened.

    Attributes:
        reason: Why it was not accepted; None when it was.
        code: The provider's code; empty without an envelope.
        message: The provider's words, digits masked, at most 200 characters.
        violations: The fields that the provider named, by our names.
        resource: What the provider did not find.
        retry_after: How long the provider asks to wait.
    """

    reason: ErrorReason.ValueType | None
    code: str = ""
    message: str = ""
    violations: tuple[Violation, ...] = ()
    resource: Resource | None = None
    retry_after: timedelta | None = None


def read_verdict(reply: HttpReply, call: OutboundCallRequest, reading: Reading, secrets: Sequence[str] = ()) -> Verdict:
    """Reads what a reply says about a call.

    Args:
        reply: The whole reply; a reply that did not arrive whole has no verdict.
        call: The request that it answers, to name its fields.
        reading: The operator's additions.
        secrets: What the provider's words may not repeat, such as the key.
    """
    try:
        envelope = read_envelope(reply.body, secrets)
    except UnreadableError:
        return Verdict(reasons.ERROR_REASON_OUTCOME_UNKNOWN)
    verdict = _by_status(reply.status, reading) if envelope is None else _by_code(envelope, call, reading)
    if verdict.reason == reasons.ERROR_REASON_PROVIDER_THROTTLED:
        return replace(verdict, retry_after=_retry_after(reply))
    return verdict


def _by_status(status: int, reading: Reading) -> Verdict:
    if status in reading.refusing_statuses:
        return Verdict(reasons.ERROR_REASON_PROVIDER_REFUSED)
    return Verdict(REASON_BY_STATUS.get(status, reasons.ERROR_REASON_OUTCOME_UNKNOWN))


def _by_code(envelope: Envelope, call: OutboundCallRequest, reading: Reading) -> Verdict:
    code = envelope.code
    reason = REASON_BY_CODE.get(code, reading.reason_by_code.get(code, reasons.ERROR_REASON_OUTCOME_UNKNOWN))
    verdict = Verdict(reason, envelope.shown_code(), envelope.message())
    if reason == reasons.ERROR_REASON_PROVIDER_INVALID_INPUT:
        return replace(verdict, violations=_invalid_fields(envelope))
    if reason == reasons.ERROR_REASON_INVALID_NUMBER:
        return _of_invalid_numbers(verdict, envelope, call, reading)
    resource = _RESOURCE_BY_REASON.get(reason) if reason else None
    return replace(verdict, resource=resource(call)) if resource else verdict


def _invalid_fields(envelope: Envelope) -> tuple[Violation, ...]:
    """Maps what an RBC3004 says of the provider's fields to ours."""
    rule = _rule(envelope)
    return tuple(
        Violation(FIELD_BY_PROVIDER_FIELD.get(name, "call"), rule, text or _NO_TEXT) for name, text in envelope.errors()
    )


def _of_invalid_numbers(verdict: Verdict, envelope: Envelope, call: OutboundCallRequest, reading: Reading) -> Verdict:
    """Names the recipients that an RBC3109 accuses, and says whether it refuses the good ones beside them."""
    recipients, rule = len(call.recipients), _rule(envelope)
    invalid = [0] if recipients == 1 else _recipients_with(envelope.listed_numbers(), call)
    violations = tuple(Violation(f"call.recipients[{index}].number", rule, _INVALID_NUMBER) for index in invalid)
    if len(invalid) == recipients or reading.invalid_number_refuses_all:
        return replace(verdict, violations=violations)
    # The page does not say whether the good numbers are dialed: then it is unknown, and not a refusal.
    return replace(verdict, reason=reasons.ERROR_REASON_OUTCOME_UNKNOWN, violations=violations)


def _recipients_with(numbers: set[str], call: OutboundCallRequest) -> list[int]:
    """Finds the recipients with these numbers, whether those are written as the caller did or with the prefix."""
    return [
        index
        for index, recipient in enumerate(call.recipients)
        if numbers & ({recipient.number.removeprefix("+")} | readings(recipient.number, call.prefix))
    ]


def _rule(envelope: Envelope) -> str:
    """The provider's code as a rule id in UPPER_SNAKE."""
    return re.sub(r"[^A-Z0-9]+", "_", f"PROVIDER_{envelope.shown_code()}".upper()).strip("_")


# What was not found. A bridge is a phone number, so it is named by its field.


def _bridge(call: OutboundCallRequest) -> Resource:
    return Resource("bridge", "call.bridge" if call.bridge else "the account's bridge")


def _flow(call: OutboundCallRequest) -> Resource:
    return Resource("flow", call.ivr.flow_id or "call.target")


def _sound(call: OutboundCallRequest) -> Resource:
    ids = [str(sound) for item in call.playlist.items for sound in item.sounds.sound_ids]
    return Resource("sound", ",".join(ids)[:TEXT_LIMIT] or "call.target")


_RESOURCE_BY_REASON: Final[Mapping[ErrorReason.ValueType, Callable[[OutboundCallRequest], Resource]]] = {
    reasons.ERROR_REASON_BRIDGE_NOT_FOUND: _bridge,
    reasons.ERROR_REASON_FLOW_NOT_FOUND: _flow,
    reasons.ERROR_REASON_SOUND_NOT_FOUND: _sound,
}


# When to come back


def _retry_after(reply: HttpReply) -> timedelta | None:
    """Reads a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3); at most a day."""
    text = reply.retry_after.strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else _seconds_until(text, reply.received)
    except (ValueError, TypeError, OverflowError):
        return None
    return timedelta(seconds=math.ceil(min(seconds, _LONGEST_WAIT))) if seconds > 0 else None


def _seconds_until(text: str, now: datetime) -> float:
    date = parsedate_to_datetime(text)
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
