"""How many records there are of which kind, and from when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.ledger.record import Stage
from voicegateway.v1.outbound_call_pb2 import Dispatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted; times as the database keeps them."""

    by_dispatch: Mapping[Dispatch.ValueType, int]
    by_stage: Mapping[Stage, int]
    overdue: int
    oldest: Any
    newest: Any


COUNTED: Final = """
    SELECT dispatch, stage, count(*), sum(CASE WHEN dispatch = 2 AND send_deadline < {now} THEN 1 ELSE 0 END),
        min(created), max(created)
    FROM calls GROUP BY dispatch, stage
"""
"""Counts records by what they are, those that are overdue (2 is SENDING), and finds the oldest and the newest."""


def counts(table: Iterable[tuple[Dispatch.ValueType, int, int, int, Any, Any]]) -> Counts:
    """Adds up what COUNTED found."""
    by_dispatch, by_stage = Counter[Dispatch.ValueType](), Counter[Stage]()
    overdue, times = 0, list[Any]()
    for dispatch, stage, count, late, oldest, newest in table:
        by_dispatch[dispatch] += count
        by_stage[Stage(stage)] += count
        overdue += late
        times += [oldest, newest]
    return Counts(
        by_dispatch=by_dispatch,
        by_stage=by_stage,
        overdue=overdue,
        oldest=min(times, default=None),
        newest=max(times, default=None),
    )
