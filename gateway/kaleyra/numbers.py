"""Numbers: how the provider may read one that was written without its country code, and whom it then reports about."""

from collections.abc import Set as AbstractSet
from typing import Final

from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

_NATIONAL: Final = 7
"""Digits of a number that is written without its country code, at least."""


def readings(number: str, prefix: str) -> AbstractSet[str]:
    """Lists every number, as digits, that the provider may dial for this one.

    With `+` there is one reading. Without it the provider applies the prefix "if already not given" [page]; how it
    decides that is unknown, so the number as it stands counts as a reading where it begins with the prefix.
    """
    digits, country = number.removeprefix("+"), prefix.removeprefix("+")
    if number.startswith("+") or not country:
        return {digits}
    return {country + digits, digits} if digits.startswith(country) else {country + digits}


def recipient_of(call: OutboundCallRequest, callee: str) -> int | None:
    """Finds the recipient that a report is about, by its place in the request; None where that is not certain.

    Args:
        call: The request.
        callee: The reported number, digits only; empty where none was told.
    """
    if not callee:
        return 0 if len(call.recipients) == 1 else None
    ways = (
        lambda each: callee in readings(each.number, call.prefix),
        lambda each: callee in _short(each.number, call.prefix),
        # How long a country code is, is not told: without it, the rest still names one number among a few.
        lambda each: len(callee) >= _NATIONAL and each.number.endswith(callee),
    )
    for matches in ways:
        if found := [place for place, each in enumerate(call.recipients) if matches(each)]:
            return found[0] if len(found) == 1 else None
    return None


def _short(number: str, prefix: str) -> AbstractSet[str]:
    """The number as it was written, and without its country code as far as that is known."""
    digits, country = number.removeprefix("+"), prefix.removeprefix("+")
    return {digits, digits.removeprefix(country)}
