"""One attempt to place a call: the fence before its POST, the POST, and what became of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from gateway.accounts import Account
from gateway.calls.admission import expired
from gateway.clock import Now, Stopwatch
from gateway.errors import GatewayError
from gateway.kaleyra.client import DeliveryError, NotSentError, ProviderClient, ReplyLostError
from gateway.kaleyra.form import encode, to_form
from gateway.kaleyra.reply import HttpReply, Reading, Verdict, read_verdict
from gateway.kaleyra.report_urls import ReportUrls
from gateway.ledger.record import Record
from gateway.ledger.transitions import Outcome
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_EXPIRED,
    ERROR_REASON_INTERNAL,
    ERROR_REASON_OUTCOME_UNKNOWN,
    ERROR_REASON_PAUSED,
    ERROR_REASON_PROVIDER_UNREACHABLE,
    RETRY_ADVICE_NEW_REQUEST_ID,
    ErrorReason,
)
from voicegateway.v1.outbound_call_pb2 import DISPATCH_NOT_SENT, ProviderReply
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Fence:
    """Stops a request that comes too late to its connection: it is never sent late.

    Attributes:
        begin_within: Seconds from the fence's making, before the reservation, until the request has left or never does.
        is_paused: Whether an operator has paused dialing.
    """

    request: PlaceCallRequest = field(repr=False)
    begin_within: float
    is_paused: Callable[[], bool]
    now: Now
    reason: ErrorReason.ValueType = ERROR_REASON_PROVIDER_UNREACHABLE
    watch: Stopwatch = field(default_factory=Stopwatch)

    def check(self) -> None:
        """Lets the request leave.

        Raises:
            NotSentError: It has waited too long, `dial_before` has passed, or dialing is paused.
        """
        if expired(self.request, self.now):
            self.reason = ERROR_REASON_EXPIRED
            raise NotSentError("Expired")
        if self.is_paused():
            self.reason = ERROR_REASON_PAUSED
            raise NotSentError("Paused")
        if self.watch.elapsed() > self.begin_within:
            raise NotSentError("TooLate")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, recorded and ready to be sent."""

    record: Record
    request: PlaceCallRequest = field(repr=False)
    account: Account
    fence: Fence
    urls: ReportUrls | None = field(default=None, repr=False)

    async def send(self, client: ProviderClient, reading: Reading, facts: dict[str, Any]) -> Outcome:
        """Sends the request to the provider, once, and reads what it says.

        Args:
            client: Posts it.
            reading: How replies are read.
            facts: What the log may tell of it is put there.
        """
        began = time.perf_counter()
        try:
            return await self._sent(client, reading)
        except NotSentError as error:
            facts["cause"] = error.cause
            return Outcome(error=self._not_sent())
        except ReplyLostError as error:
            facts["cause"] = error.cause
            return Outcome(error=GatewayError(ERROR_REASON_OUTCOME_UNKNOWN))
        except Exception as bug:  # noqa: BLE001 - a bug of ours, before anything could leave
            told = self._bug(bug, ERROR_REASON_INTERNAL)
            told.dispatch = DISPATCH_NOT_SENT
            return Outcome(error=told)
        finally:
            facts["provider_ms"] = round((time.perf_counter() - began) * 1000, 2)

    async def _sent(self, client: ProviderClient, reading: Reading) -> Outcome:
        key, body = self._prepared()
        try:
            reply = await client.post(self.account.url, key, body, self.fence)
            secrets = (key, self.urls.token) if self.urls else (key,)
            return _outcome(reply, read_verdict(reply, self.request.call, reading, secrets))
        except DeliveryError:
            raise
        except Exception as bug:  # noqa: BLE001 - where a bug of ours strikes now, the request may have left
            return Outcome(error=self._bug(bug, ERROR_REASON_OUTCOME_UNKNOWN))

    def _prepared(self) -> tuple[str, bytes]:
        form = to_form(self.request.call, bridge=self.account.bridge, custom=self.record.call_id, reports=self.urls)
        return self.account.key.current(), encode(form)

    def _bug(self, bug: Exception, reason: ErrorReason.ValueType) -> GatewayError:
        error_id = uuid.uuid4().hex
        log.error("bug", call_id=self.record.call_id, error_id=error_id, exc_info=bug)
        return GatewayError(reason, error_id=error_id)

    def _not_sent(self) -> GatewayError:
        if expired(self.request, self.fence.now):
            self.fence.reason = ERROR_REASON_EXPIRED
        error = GatewayError(self.fence.reason)
        if error.reason == ERROR_REASON_EXPIRED:
            error.retry = RETRY_ADVICE_NEW_REQUEST_ID  # a record exists
        return error


def _outcome(reply: HttpReply, verdict: Verdict) -> Outcome:
    error = None
    if verdict.reason is not None:
        error = GatewayError(
            verdict.reason,
            violations=verdict.violations,
            resource=verdict.resource,
            retry_after=verdict.retry_after,
            provider_code=verdict.code,
            provider_message=verdict.message,
            http_status=str(reply.status),
        )
    told = ProviderReply(http_status=reply.status, code=verdict.code, message=verdict.message)
    told.receive_time.FromDatetime(reply.received)
    return Outcome(error=error, reply=told.SerializeToString())
