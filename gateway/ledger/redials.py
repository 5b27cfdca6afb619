"""Whether the provider may ring a recipient once more: what a request's own retry rules allow. Pure.

Source: the provider's page, on `retry` and `interval`; where it is silent, a redial counts as possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from voicegateway.v1.outbound_call_pb2 import (
    DISPOSITION_ANSWERED,
    DISPOSITION_BUSY,
    DISPOSITION_NOT_ANSWERED,
    DISPOSITION_UNREACHABLE,
    RETRY_STATUS_ANSWER,
    RETRY_STATUS_BUSY,
    RETRY_STATUS_CHANUNAVAIL,
    RETRY_STATUS_CONGESTION,
    RETRY_STATUS_NOANSWER,
    Disposition,
    OutboundCallRequest,
    RetryRule,
    RetryStatus,
)

_STATUSES_BY_DISPOSITION: Final[Mapping[Disposition.ValueType, frozenset[RetryStatus.ValueType]]] = {
    DISPOSITION_ANSWERED: frozenset({RETRY_STATUS_ANSWER}),
    DISPOSITION_BUSY: frozenset({RETRY_STATUS_BUSY}),
    DISPOSITION_NOT_ANSWERED: frozenset({RETRY_STATUS_NOANSWER}),
    DISPOSITION_UNREACHABLE: frozenset({RETRY_STATUS_CONGESTION, RETRY_STATUS_CHANUNAVAIL}),
}
_ANY_FAILURE: Final = frozenset(
    {RETRY_STATUS_BUSY, RETRY_STATUS_NOANSWER, RETRY_STATUS_CONGESTION, RETRY_STATUS_CHANUNAVAIL}
)
"""For other dispositions, such as REJECTED, which rule applies is unknown: any may, but that for answered calls."""


def may_redial(call: OutboundCallRequest, ended: Sequence[Disposition.ValueType]) -> bool:
    """Whether another attempt at a recipient may follow those that have ended, by how they did."""
    if DISPOSITION_ANSWERED in ended and not _rings_the_answered(call):
        return False
    allowed = _allowed(call, ended)
    return allowed is None or len(ended) <= allowed


def _rings_the_answered(call: OutboundCallRequest) -> bool:
    return any(not rule.statuses or RETRY_STATUS_ANSWER in rule.statuses for rule in call.retry_rules.rules)


def _allowed(call: OutboundCallRequest, ended: Sequence[Disposition.ValueType]) -> int | None:
    """How many redials the request asks for after such ends; None where that is unknown."""
    if call.HasField("retry_count"):
        return call.retry_count
    if call.HasField("retry_rules"):
        return sum(rule.count for rule in call.retry_rules.rules if _is_for(rule, ended))
    return None if call.HasField("retry_interval") else 0


def _is_for(rule: RetryRule, ended: Sequence[Disposition.ValueType]) -> bool:
    return not rule.statuses or any(
        _STATUSES_BY_DISPOSITION.get(disposition, _ANY_FAILURE).intersection(rule.statuses) for disposition in ended
    )
