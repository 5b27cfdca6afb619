"""The heart: sends a call at most once, sees it through whatever its caller does, and says what became of it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import structlog
from ulid import ULID

from gateway.accounts import Account
from gateway.calls.admission import expired
from gateway.clock import Now, Stopwatch
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.kaleyra.client import NotSentError, ProviderClient, ReplyLostError
from gateway.kaleyra.form import encode, to_form
from gateway.kaleyra.reply import HttpReply, Reading, Verdict, read_verdict
from gateway.outcomes import level_of
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_EXPIRED,
    ERROR_REASON_OUTCOME_UNKNOWN,
    ERROR_REASON_PROVIDER_UNREACHABLE,
    ErrorReason,
)
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    RECIPIENT_STATE_WAITING,
    Dispatch,
    OutboundCall,
    ProviderReply,
    RecipientOutcome,
)
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, Preview

log = structlog.stdlib.get_logger(__name__)

Outcome = OutboundCall | GatewayError
"""What became of a call: accepted, or why not."""


class Dialer:
    """Places calls. Each runs in a task of its own, which no caller's cancellation reaches."""

    def __init__(
        self, client: ProviderClient, reading: Reading, *, begin_within: float, calls_in_flight: int, now: Now
    ) -> None:
        """Builds a dialer.

        Args:
            client: Posts to the provider.
            reading: How its replies are read.
            begin_within: Seconds from a call's making until its request has left, or is never sent.
            calls_in_flight: How many calls may be on their way at once.
            now: Tells the time.
        """
        self._client = client
        self._reading = reading
        self._begin_within = begin_within
        self._limit = calls_in_flight
        self._now = now
        self._running: set[asyncio.Task[Outcome]] = set()
        self._draining = False
        self.outcomes: Counter[str] = Counter()
        """How many calls ended in each outcome, and how many callers had gone by then."""

    @property
    def in_flight(self) -> int:
        """How many calls are on their way."""
        return len(self._running)

    def has_room(self) -> bool:
        """Whether one more call may start now."""
        return not self._draining and self.in_flight < self._limit

    async def drain(self) -> None:
        """Lets no new call start, and waits for those that run."""
        self._draining = True
        while self._running:
            await asyncio.wait(self._running)

    def preview(self, request: PlaceCallRequest, account: Account) -> Preview:
        """Shows the form as it would be sent."""
        form = to_form(request.call, bridge=account.bridge, custom="CALL_ID")
        preview = Preview(url=account.url, body=encode(form).decode("ascii"))
        for name, value in form:
            preview.fields.add(name=name, value=value)
        return preview

    async def dial(self, request: PlaceCallRequest, account: Account, inbound: Inbound) -> OutboundCall:
        """Sends a request to the provider, once.

        Returns:
            The call, accepted.

        Raises:
            GatewayError: It was not sent, refused, or nobody can say; `dispatch` tells which.
        """
        attempt = self._attempt(request, account, inbound)
        inbound.facts |= {"call_id": attempt.call.call_id, "account": account.name}
        task = asyncio.create_task(self._see_through(attempt), name=f"call {attempt.call.call_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.wait({task})  # not the task itself: cancelling this would cancel it
        except asyncio.CancelledError:
            self.outcomes["CALLER_GONE"] += 1
            task.add_done_callback(attempt.log_without_its_caller)
            raise
        outcome = task.result()
        if isinstance(outcome, GatewayError):
            raise outcome
        return outcome

    def _attempt(self, request: PlaceCallRequest, account: Account, inbound: Inbound) -> _Attempt:
        call = OutboundCall(
            call_id=str(ULID()), request_id=request.request_id, account=account.name, request=request.call
        )
        call.create_time.FromDatetime(self._now())
        body = encode(to_form(request.call, bridge=account.bridge, custom=call.call_id))
        return _Attempt(call, request, account.url, account.key.current(), body, inbound, self._begin_within, self._now)

    async def _see_through(self, attempt: _Attempt) -> Outcome:
        outcome: Outcome
        try:
            outcome = await self._send(attempt)
        except GatewayError as error:
            error.metadata.setdefault("call_id", attempt.call.call_id)
            outcome = error
        self.outcomes[_name(outcome)] += 1
        return outcome

    async def _send(self, attempt: _Attempt) -> OutboundCall:
        facts = attempt.inbound.facts
        try:
            reply = await self._client.post(attempt.url, attempt.key, attempt.body, attempt)
            verdict = read_verdict(reply, attempt.request.call, self._reading, (attempt.key,))
            return _accepted(attempt.call, reply, verdict)
        except NotSentError as error:
            facts["cause"] = error.cause
            late = attempt.is_expired()
            raise GatewayError(ERROR_REASON_EXPIRED if late else ERROR_REASON_PROVIDER_UNREACHABLE) from error
        except ReplyLostError as error:
            facts["cause"] = error.cause
            raise GatewayError(ERROR_REASON_OUTCOME_UNKNOWN) from error
        except GatewayError:
            raise
        except Exception as bug:
            # Where a bug of ours strikes, the request may have left: that is never an error to repeat on.
            error_id = uuid.uuid4().hex
            log.exception("bug", call_id=attempt.call.call_id, error_id=error_id)
            raise GatewayError(ERROR_REASON_OUTCOME_UNKNOWN, error_id=error_id) from bug
        finally:
            facts["provider_ms"] = attempt.milliseconds()


@dataclass(slots=True, repr=False)
class _Attempt:
    """One call on its way to the provider, the fence before it, and its line in the log if its caller has gone."""

    call: OutboundCall
    request: PlaceCallRequest
    url: str
    key: str
    body: bytes
    inbound: Inbound
    begin_within: float
    now: Now
    watch: Stopwatch = field(default_factory=Stopwatch)
    began: float = field(default_factory=time.perf_counter)

    def check(self) -> None:
        """Stops a request that comes too late to its connection: it is never sent late.

        Raises:
            NotSentError: It has waited too long, or `dial_before` has passed.
        """
        if self.is_expired():
            raise NotSentError("Expired")
        if self.watch.elapsed() > self.begin_within:
            raise NotSentError("TooLate")

    def is_expired(self) -> bool:
        """Whether `dial_before` has passed."""
        return expired(self.request, self.now)

    def milliseconds(self) -> float:
        """How long ago the attempt began: pool, connection, request and reply."""
        return round((time.perf_counter() - self.began) * 1000, 2)

    def log_without_its_caller(self, task: asyncio.Task[Outcome]) -> None:
        """Writes the one line of a call whose caller has gone."""
        outcome = task.result()
        log.log(
            level_of(_name(outcome)),
            "call",
            method="PlaceCall",
            outcome=_name(outcome),
            request_id=self.request.request_id,
            caller="gone",
            **(self.inbound.facts | _facts(outcome)),
        )


def _accepted(call: OutboundCall, reply: HttpReply, verdict: Verdict) -> OutboundCall:
    """Completes a call by an acceptance.

    Raises:
        GatewayError: The verdict is none.
    """
    if verdict.reason is not None:
        raise GatewayError(
            verdict.reason,
            violations=verdict.violations,
            resource=verdict.resource,
            retry_after=verdict.retry_after,
            provider_code=verdict.code,
            provider_message=verdict.message,
            http_status=str(reply.status),
        )
    call.dispatch = DISPATCH_ACCEPTED
    call.provider_reply.CopyFrom(ProviderReply(http_status=reply.status, code=verdict.code, message=verdict.message))
    call.provider_reply.receive_time.FromDatetime(reply.received)
    call.update_time.CopyFrom(call.provider_reply.receive_time)
    call.recipients.extend(
        RecipientOutcome(recipient=recipient, state=RECIPIENT_STATE_WAITING) for recipient in call.request.recipients
    )
    return call


def _name(outcome: Outcome) -> str:
    return ErrorReason.Name(outcome.reason) if isinstance(outcome, GatewayError) else "OK"


def _facts(outcome: Outcome) -> dict[str, str]:
    """Lists what the log may tell of an outcome: no numbers, no texts."""
    if isinstance(outcome, GatewayError):
        facts = {name: outcome.metadata.get(name, "") for name in ("provider_code", "http_status", "error_id")}
    else:
        facts = {"provider_code": outcome.provider_reply.code}
    if outcome.dispatch is not None:
        facts["dispatch"] = Dispatch.Name(outcome.dispatch)
    return {name: fact for name, fact in facts.items() if fact}
