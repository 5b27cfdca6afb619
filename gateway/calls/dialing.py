"""One request on its way into the ledger and to the provider, and how that ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog

from gateway.accounts import Account
from gateway.calls.attempt import Fence
from gateway.clock import Stopwatch, utc_now
from gateway.inbound import Inbound
from gateway.kaleyra.report_urls import ReportUrls
from gateway.ledger import transitions
from gateway.ledger.record import Record
from gateway.ledger.transitions import Outcome, Wish
from gateway.outcomes import level_of
from gateway.statuses import from_status
from voicegateway.v1.outbound_call_pb2 import Dispatch, ProviderReply
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a dialing ended.

    Attributes:
        record: The call; None where the ledger failed, or nobody wanted it any more.
        is_known: It was recorded before, and nothing was sent now.
    """

    record: Record | None
    is_known: bool = False

    def name(self) -> str:
        """The outcome in one word: a reason's name, `OK`, or that nothing was recorded."""
        if self.record is None:
            return "NOT_RECORDED"
        return from_status(self.record.status()).name if self.record.error else "OK"


@dataclass(slots=True, repr=False)
class Dialing:
    """What is known of one request while it is dialed.

    Attributes:
        reserved: Its record, once it is taken for this attempt.
        outcome: What became of the attempt, before it is written down.
        caller_is_gone: Before the call is recorded, a caller who goes takes it along.
        given_up: The caller was answered that nothing is known: nothing may be sent any more.
    """

    request: PlaceCallRequest
    account: Account
    wish: Wish
    fence: Fence
    urls: ReportUrls | None
    inbound: Inbound
    reserved: Record | None = None
    outcome: Outcome | None = None
    outcome_age: Stopwatch = field(default_factory=Stopwatch)
    caller_is_gone: bool = False
    given_up: bool = False

    def is_wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return not (self.caller_is_gone or self.given_up)

    def ends(self, outcome: Outcome) -> None:
        """Notes what became of the attempt."""
        self.outcome, self.outcome_age = outcome, Stopwatch()

    def told(self) -> Record | None:
        """The record that the outcome makes, as long as nothing else was faster: the truth, also while unwritten."""
        if self.reserved is None or self.outcome is None:
            return None
        attempt, owner = self.reserved.attempt, self.reserved.owner
        return transitions.finish(self.reserved, attempt, owner, self.outcome, utc_now())

    def log_without_its_caller(self, task: asyncio.Task[Ending]) -> None:
        """Writes the one line of a call whose caller has gone."""
        ending = None if task.cancelled() else task.result()
        outcome = ending.name() if ending else "CUT_OFF"
        log.log(
            level_of(outcome),
            "call",
            method="PlaceCall",
            outcome=outcome,
            request_id=self.request.request_id,
            caller="gone",
            **(self.inbound.facts | _facts(ending.record if ending else None)),
        )


def _facts(record: Record | None) -> dict[str, Any]:
    """Lists what the log may tell of an outcome: no numbers, no texts."""
    if record is None:
        return {}
    facts = {"provider_code": ProviderReply.FromString(record.reply).code}
    if record.error:
        metadata = from_status(record.status()).metadata
        facts = {name: metadata.get(name, "") for name in ("provider_code", "http_status", "error_id")}
    facts["dispatch"] = Dispatch.Name(record.dispatch)
    return {name: fact for name, fact in facts.items() if fact}
