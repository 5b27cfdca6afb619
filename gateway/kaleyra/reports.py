"""What the provider reports of a call, read from the variables of a URL that it fetched: pure.

Source: facts about the provider, "What comes back later": the variables of `dlrurl`, the events of `callback`, and the
statuses that are known. Which way of writing a variable is substituted is unknown, so a URL may carry each variable
several times, and what was not substituted comes back as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from voicegateway.v1.outbound_call_pb2 import (
    DISPOSITION_ANSWERED,
    DISPOSITION_BUSY,
    DISPOSITION_FAILED,
    DISPOSITION_NOT_ANSWERED,
    DISPOSITION_NOT_DIALED,
    DISPOSITION_OTHER,
    DISPOSITION_REJECTED,
    DISPOSITION_UNREACHABLE,
    DISPOSITION_UNSPECIFIED,
    Disposition,
)

VARIABLES: Final = (
    "id",
    "status",
    "ringtime",
    "billsec",
    "callee",
    "caller",
    "bridge",
    "keypress",
    "credits",
    "flow_id",
    "call_type",
)
"""What the provider substitutes, in the order of the gateway's own URLs."""

DISPOSITION_BY_STATUS: Final[Mapping[str, Disposition.ValueType]] = {
    "ANSWER": DISPOSITION_ANSWERED,
    "FLOWANSWER": DISPOSITION_ANSWERED,
    "NOANSWER": DISPOSITION_NOT_ANSWERED,
    "NOANSWERCHANNEL1": DISPOSITION_NOT_ANSWERED,
    "NOANSWERCHANNEL2": DISPOSITION_NOT_ANSWERED,
    "MISSCALL": DISPOSITION_NOT_ANSWERED,
    "BUSY": DISPOSITION_BUSY,
    "BUSYCHANNEL1": DISPOSITION_BUSY,
    "BUSYCHANNEL2": DISPOSITION_BUSY,
    "REJECTED": DISPOSITION_REJECTED,
    "NOROUTE": DISPOSITION_UNREACHABLE,
    "CHANUNAVAIL": DISPOSITION_UNREACHABLE,
    "CONGESTION": DISPOSITION_UNREACHABLE,
    "MAXUSE": DISPOSITION_NOT_DIALED,
    "BRIDGEUNAVAILABLE": DISPOSITION_NOT_DIALED,
    "FLOWUNASSIGNED": DISPOSITION_NOT_DIALED,
    "FLOWPAUSED": DISPOSITION_NOT_DIALED,
    "FLOWNOTPUBLISHED": DISPOSITION_NOT_DIALED,
    "QUEUETIMEOUT": DISPOSITION_NOT_DIALED,
    "DND": DISPOSITION_NOT_DIALED,
    "NOTALLOWED": DISPOSITION_NOT_DIALED,
    "BLOCKED": DISPOSITION_NOT_DIALED,
    "OFFHOUR": DISPOSITION_NOT_DIALED,
    "FAILED": DISPOSITION_FAILED,
    "FAILEDCHANNEL1": DISPOSITION_FAILED,
    "FAILEDCHANNEL2": DISPOSITION_FAILED,
    "CANCEL": DISPOSITION_FAILED,
    "OBDTIMEOUT": DISPOSITION_FAILED,
    "FLOWUNREACHABLE": DISPOSITION_FAILED,
    "NOINCOMINGCLI": DISPOSITION_OTHER,
}
"""What every known status means, written as `plain_status` writes it."""

_DISPOSITION_BY_FAMILY: Final[Mapping[str, Disposition.ValueType]] = {
    "NOANSWER": DISPOSITION_NOT_ANSWERED,
    "BUSY": DISPOSITION_BUSY,
    "FAILED": DISPOSITION_FAILED,
}
"""What any status means that begins so, since the documents list only some of them."""

_LIMIT_BY_VARIABLE: Final[Mapping[str, int]] = {"id": 128, "status": 64, "keypress": 100, "credits": 32}
_LONGEST_VALUE: Final = 128
_LONGEST_DURATION: Final = timedelta(days=30)

_NAME: Final = re.compile(rf"(?:[abc]_)?({'|'.join(VARIABLES)})", re.IGNORECASE | re.ASCII)
_NUMBER: Final = re.compile(r"[ +(]*[0-9][0-9 ().-]*")
_DIGITS_OF_A_NUMBER: Final = 19
"""A recipient's 15, and a prefix of 4."""
_SECONDS: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_CLOCK: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")


NOBODY: Final = "?"
"""The callee of a report that tells one, but no number: about whom it is, it does not say."""


class ReportKind(Enum):
    """Which URL a report came to: what it was fetched for says as much as what stands in it."""

    DLR = "dlr"
    START = "call_start"
    ANSWER = "call_answer"
    END = "call_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report as it was understood; what was not told, or not substituted, is empty.

    Attributes:
        kind: What it was fetched for.
        received: When it arrived.
        provider_call_id: The provider's id of this attempt to reach the callee; at most 128 characters.
        status: The provider's status, raw; at most 64 characters.
        disposition: What the status means. Unspecified without a status, and in reports of `call_start` and
            `call_answer`: what a status means while a call is going on is in no document.
        callee: Whom it is about, digits only, without an international `00`; at most 19. `NOBODY` where something else
            was told.
        ring_duration: How long it rang; at most 30 days.
        billed_duration: How long the provider bills; at most 30 days.
        keypress: The keys that were pressed, as sent; at most 100 characters.
        credits: What it cost, raw; at most 32 characters.
    """

    kind: ReportKind
    received: datetime
    provider_call_id: str = ""
    status: str = ""
    disposition: Disposition.ValueType = DISPOSITION_UNSPECIFIED
    callee: str = field(default="", repr=False)
    ring_duration: timedelta | None = None
    billed_duration: timedelta | None = None
    keypress: str = field(default="", repr=False)
    credits: str = ""


def read_report(kind: ReportKind, variables: Iterable[tuple[str, str]], received: datetime) -> Report:
    """Reads a report, whatever it holds; never raises.

    Args:
        kind: What it was fetched for.
        variables: Names and values, decoded, in the order they came: `a_status`, `b_status`, `c_status` or `status`,
            in any case. The first value that was substituted wins.
        received: When it arrived.
    """
    values = _substituted(variables)
    status = values.get("status", "")
    ended = kind in {ReportKind.DLR, ReportKind.END}
    return Report(
        kind=kind,
        received=received,
        provider_call_id=values.get("id", ""),
        status=status,
        disposition=disposition_of(status) if ended and status else DISPOSITION_UNSPECIFIED,
        callee=_digits(values.get("callee", "")),
        ring_duration=_duration(values.get("ringtime", "")),
        billed_duration=_duration(values.get("billsec", "")),
        keypress=values.get("keypress", ""),
        credits=values.get("credits", ""),
    )


def disposition_of(status: str) -> Disposition.ValueType:
    """Says what a status means; an unheard-of one is OTHER."""
    plain = plain_status(status)
    if plain in DISPOSITION_BY_STATUS:
        return DISPOSITION_BY_STATUS[plain]
    families = (meaning for family, meaning in _DISPOSITION_BY_FAMILY.items() if plain.startswith(family))
    return next(families, DISPOSITION_OTHER)


def plain_status(status: str) -> str:
    """Writes a status as statuses are compared: without case, `-`, `_` and white space around it."""
    return status.strip().upper().replace("-", "").replace("_", "")


def _substituted(variables: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, text in variables:
        known = _NAME.fullmatch(name)
        variable = known[1].lower() if known else ""
        if variable and variable not in values and (value := _value(text)):
            values[variable] = value[: _LIMIT_BY_VARIABLE.get(variable, _LONGEST_VALUE)].rstrip()
    return values


def _value(text: str) -> str:
    """Strips stray braces and what cannot be printed; empty for the name of a variable, which stands for itself."""
    printable = text if text.isprintable() else "".join(character for character in text if character.isprintable())
    value = printable.strip(" {}")
    return "" if value.lower() in VARIABLES else value


def _digits(number: str) -> str:
    """Reads a number as digits; nobody's where it holds anything else, such as a second number."""
    if not number:
        return ""
    digits = re.sub(r"[^0-9]", "", number).removeprefix("00")
    return digits if _NUMBER.fullmatch(number) and 0 < len(digits) <= _DIGITS_OF_A_NUMBER else NOBODY


def _duration(text: str) -> timedelta | None:
    """Reads seconds, or hours, minutes and seconds; two numbers and a colon could be either, and are nothing."""
    if _SECONDS.fullmatch(text):
        duration = timedelta(seconds=float(text))
    elif clock := _CLOCK.fullmatch(text):
        duration = timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=int(clock[3]))
    else:
        return None
    return duration if duration <= _LONGEST_DURATION else None
