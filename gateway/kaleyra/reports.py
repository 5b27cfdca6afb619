"""What the provider reports of a call, read from the variables of a URL that it fetched: pure.

Source: facts about the provider, "What comes back later": the variables of `dlrurl`, the events of `callback`, and the
statuses that are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from voicegateway.v1.outbound_call_pb2 import DISPOSITION_UNSPECIFIED, Disposition


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
        provider_call_id: The provider's id of this attempt to reach the callee.
        status: The provider's status, raw.
        disposition: What the status means.
        callee: Whom it is about, digits only.
        ring_duration: How long it rang.
        billed_duration: How long the provider bills.
        keypress: The keys that were pressed.
        credits: What it cost, raw.
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
