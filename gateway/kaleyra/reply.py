"""From the provider's HTTP reply to a verdict: pure, total, and suspicious.

The `code` in the body decides, under any HTTP status; without one the HTTP status decides where it proves a refusal.
Everything else is an unknown outcome, never a success and never a failure that is safe to repeat. Sources: the
provider's page, and the contract's error table.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from gateway.errors import Resource, Violation
from gateway.kaleyra.numbers import readings
from gateway.redaction import hide, mask_digits
from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_INVALID_NUMBER,
    ERROR_REASON_OUTCOME_UNKNOWN,
    ERROR_REASON_PROVIDER_INVALID_INPUT,
    ERROR_REASON_PROVIDER_REFUSED,
    ErrorReason,
)
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

ACCEPTED_CODE: Final = "RBC3007"
TEXT_LIMIT: Final = 200

_CODE_LIMIT: Final = 32
_CODE_SHAPE: Final = re.compile(r"[A-Za-z]{1,16}[A-Za-z0-9_-]{0,16}")

REASON_BY_CODE: Final[Mapping[str, ErrorReason.ValueType | None]] = {
    ACCEPTED_CODE: None,
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
    if ERROR_REASON_PROVIDER_INVALID_INPUT <= reason <= reasons.ERROR_REASON_PROVIDER_THROTTLED
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
    envelope = _envelope(reply.body)
    if envelope is None:
        return _verdict_by_status(reply, reading)
    code = envelope["code"]
    reason = REASON_BY_CODE.get(code, reading.reason_by_code.get(code, ERROR_REASON_OUTCOME_UNKNOWN))
    seen = _Seen(envelope, call, lambda text: _clean(hide(secrets, text)))
    reason, violations = _accused(reason, seen, reading)
    return Verdict(
        reason=reason,
        code=seen.code(),
        message=seen.message(),
        violations=violations,
        resource=_missing(reason, call),
        retry_after=_retry_after(reply) if reason == reasons.ERROR_REASON_PROVIDER_THROTTLED else None,
    )


def _verdict_by_status(reply: HttpReply, reading: Reading) -> Verdict:
    reason = REASON_BY_STATUS.get(reply.status)
    if reason is None:
        refused = reply.status in reading.refusing_statuses
        reason = ERROR_REASON_PROVIDER_REFUSED if refused else ERROR_REASON_OUTCOME_UNKNOWN
    throttled = reason == reasons.ERROR_REASON_PROVIDER_THROTTLED
    return Verdict(reason=reason, retry_after=_retry_after(reply) if throttled else None)


# The envelope: a JSON object whose `code` is a string


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        text = body.decode(json.detect_encoding(body), errors="replace")  # names and codes are ASCII in any charset
        document = json.loads(text, object_pairs_hook=_one_code_only)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("code"), str) else None


def _one_code_only(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    codes = [value for name, value in pairs if name == "code"]
    if any(code != codes[0] for code in codes):
        raise ValueError("two codes")  # which of them decides, nobody can say
    return dict(pairs)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An envelope beside the request that it answers."""

    envelope: Mapping[str, Any]
    call: OutboundCallRequest
    clean: Callable[[str], str]

    def code(self) -> str:
        """The code as it may be shown: one that does not look like a code might be anything."""
        code = str(self.envelope["code"])
        return code if _CODE_SHAPE.fullmatch(code) else self.clean(code)[:_CODE_LIMIT]

    def message(self) -> str:
        message = self.envelope.get("message")
        return self.clean(message) if isinstance(message, str) else ""

    def invalid_fields(self) -> tuple[Violation, ...]:
        """Maps an RBC3004's `error`, field to text, to our names; another shape accuses the call as a whole."""
        error = self.envelope.get("error")
        texts = error if isinstance(error, dict) else {"": error}
        return tuple(
            Violation(FIELD_BY_PROVIDER_FIELD.get(name, "call"), self._rule(), self.clean(_text(text)))
            for name, text in texts.items()
        )

    def invalid_recipients(self) -> list[int]:
        """Finds the recipients whose numbers an RBC3109 lists, however the provider writes them."""
        named = {digits for text in _texts(self.envelope.get("data")) for digits in _numbers_in(text)}
        prefix = self.call.prefix
        return [
            index
            for index, recipient in enumerate(self.call.recipients)
            if named & ({recipient.number.removeprefix("+")} | readings(recipient.number, prefix))
        ]

    def invalid_numbers(self, indexes: Sequence[int]) -> tuple[Violation, ...]:
        text = "the provider called this number invalid"
        return tuple(Violation(f"call.recipients[{index}].number", self._rule(), text) for index in indexes)

    def _rule(self) -> str:
        code = self.code().upper()
        return f"PROVIDER_{code}" if code.isalnum() else "PROVIDER"


def _accused(
    reason: ErrorReason.ValueType | None, seen: _Seen, reading: Reading
) -> tuple[ErrorReason.ValueType | None, tuple[Violation, ...]]:
    """Names what the provider accuses, and whether a bad number refuses the good ones beside it."""
    if reason == ERROR_REASON_PROVIDER_INVALID_INPUT:
        return reason, seen.invalid_fields()
    if reason != ERROR_REASON_INVALID_NUMBER:
        return reason, ()
    recipients = len(seen.call.recipients)
    bad = [0] if recipients == 1 else seen.invalid_recipients()
    nobody_rang = len(bad) == recipients or reading.invalid_number_refuses_all
    # The page does not say whether the good numbers are dialed: then it is unknown, and not a refusal.
    return (reason if nobody_rang else ERROR_REASON_OUTCOME_UNKNOWN), seen.invalid_numbers(bad)


def _texts(data: Any) -> list[str]:
    """Finds texts in `data`, which may be an object, a list of objects, or a list of strings."""
    if isinstance(data, dict):
        return _texts(data.get("to"))
    if isinstance(data, list):
        return [text for each in data for text in ([each] if isinstance(each, str) else _texts(each))]
    return [str(data)] if isinstance(data, str | int) else []


def _numbers_in(text: str) -> list[str]:
    return ["".join(filter(str.isdigit, number)) for number in text.split(",")]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _clean(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * TEXT_LIMIT])
    return mask_digits(printable)[:TEXT_LIMIT].strip()


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


def _missing(reason: ErrorReason.ValueType | None, call: OutboundCallRequest) -> Resource | None:
    resource = None if reason is None else _RESOURCE_BY_REASON.get(reason)
    return None if resource is None else resource(call)


def _retry_after(reply: HttpReply) -> timedelta | None:
    """Reads a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3)."""
    text = reply.retry_after.strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else _seconds_until(text, reply.received)
    except (ValueError, TypeError, OverflowError):
        return None
    return timedelta(seconds=min(math.ceil(seconds), _LONGEST_WAIT)) if seconds > 0 else None


def _seconds_until(text: str, now: datetime) -> float:
    date = parsedate_to_datetime(text)
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()


_LONGEST_WAIT: Final = 86_400
