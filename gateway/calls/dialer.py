"""The heart: sends a call at most once, sees it through whatever its caller does, and says what became of it."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ulid import ULID

from gateway.accounts import Account
from gateway.calls.answers import Answers
from gateway.calls.attempt import Attempt, Fence
from gateway.calls.dialing import Dialing, Ending
from gateway.calls.replays import Replays
from gateway.calls.running import Running
from gateway.clock import Now
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.kaleyra.client import ProviderClient
from gateway.kaleyra.reply import Reading
from gateway.kaleyra.report_urls import ReportAddress
from gateway.ledger.ledger import Known, Ledger
from gateway.ledger.record import Key, Record, encoded, hashed
from gateway.ledger.store import LedgerUnavailableError
from gateway.ledger.transitions import Wish
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_LEDGER_UNAVAILABLE, ERROR_REASON_OUTCOME_UNKNOWN
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse, Warning  # noqa: A004

SLOW: Final = 1.0
"""Seconds after which a verdict that is still not written makes the ledger suspect."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What is asked of the provider about each call.

    Attributes:
        address: Where its reports are to go.
        stale_after: How long after the expected start silence counts as stale.
    """

    address: ReportAddress
    stale_after: timedelta


class Dialer:
    """Places calls, at most once each."""

    def __init__(
        self,
        client: ProviderClient,
        reading: Reading,
        ledger: Ledger,
        answers: Answers,
        *,
        begin_within: float,
        send_within: float,
        calls_in_flight: int,
        reports: Reports | None,
        now: Now,
    ) -> None:
        """Builds a dialer.

        Args:
            client: Posts to the provider.
            reading: How its replies are read.
            ledger: Records each call before it is sent.
            answers: Renders records.
            begin_within: Seconds from the reservation until the request has left, or is never sent.
            send_within: Seconds from the reservation until the attempt has certainly ended.
            calls_in_flight: How many calls may be on their way at once.
            reports: What is asked of the provider about a call; None when nobody listens for it.
            now: Tells the time.
        """
        self._client = client
        self._reading = reading
        self._ledger = ledger
        self._answers = answers
        self._begin_within = begin_within
        self._send_within = timedelta(seconds=send_within)
        self._limit = calls_in_flight
        self._reports = reports
        self._now = now
        self._running = Running()
        self._draining = False
        self.replays: Final = Replays(ledger, self._running, answers)
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
        await self._running.drain()

    async def cut_off(self) -> None:
        """Lets no new call start, and ends those that run."""
        self._draining = True
        await self._running.cut_off()

    async def dial(
        self, request: PlaceCallRequest, account: Account, warnings: list[Warning], inbound: Inbound
    ) -> PlaceCallResponse:
        """Places a call, unless its id is recorded: then the record answers.

        Returns:
            The call, accepted.

        Raises:
            GatewayError: It was not sent, refused, or nobody can say; `dispatch` tells which.
        """
        dialing = self._dialing(request, account, warnings, inbound)
        task = self._running.start(dialing.wish.owner, self._see_through(dialing))
        try:
            # Not the task itself: cancelling this would cancel it.
            await asyncio.wait({task}, timeout=inbound.time_to_answer())
            if not task.done() and (answered := self._answered_in_time(dialing)):
                return answered
            await asyncio.wait({task})
        except asyncio.CancelledError:
            self._leave(dialing, task)
            raise
        if task.cancelled():
            return self._cut_off(dialing)
        ending = task.result()
        if ending.record is None:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE)
        if ending.is_known:
            return await self.replays.replay(ending.record, request, inbound)
        return self._answers.answer(ending.record, replayed=False)

    def _answered_in_time(self, dialing: Dialing) -> PlaceCallResponse | None:
        """Answers a caller whose time runs out with what is known by now, if anything is."""
        if dialing.reserved is None:
            dialing.given_up = True
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE)
        told = dialing.told()
        if told is None:
            return None  # the provider is silent: the caller's own deadline passes
        if dialing.outcome_age.elapsed() > SLOW:
            self._ledger.guarded.suspect()
        return self._answers.answer(told, replayed=False)

    def _cut_off(self, dialing: Dialing) -> PlaceCallResponse:
        """Answers a caller whose call the end of the process cut off with what is known of it."""
        told = dialing.told()
        if told is not None:
            return self._answers.answer(told, replayed=False)
        if dialing.reserved is None:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE)
        raise GatewayError(ERROR_REASON_OUTCOME_UNKNOWN, call_id=dialing.reserved.call_id)

    def _leave(self, dialing: Dialing, task: asyncio.Task[Ending]) -> None:
        dialing.caller_is_gone = True
        dialing.inbound.goes_on = True
        self.outcomes["CALLER_GONE"] += 1
        task.add_done_callback(dialing.log_without_its_caller)

    def _dialing(
        self, request: PlaceCallRequest, account: Account, warnings: list[Warning], inbound: Inbound
    ) -> Dialing:
        token = secrets.token_hex(16)
        wish = Wish(
            key=Key(account.name, request.request_id),
            call_id=str(ULID()),
            request=encoded(request.call),
            warnings=PlaceCallResponse(warnings=warnings).SerializeToString(),
            owner=secrets.token_hex(16),
            age=timedelta(0),
            send_within=self._send_within,
            token=hashed(token.encode()) if self._reports else b"",
            stale_after=self._reports.stale_after if self._reports else None,
        )
        fence = Fence(request=request, begin_within=self._begin_within, is_paused=self._is_paused, now=self._now)
        urls = self._reports.address.with_token(token) if self._reports else None
        return Dialing(request, account, wish, fence, urls, inbound)

    def _is_paused(self) -> bool:
        return self._ledger.pausing.pause is not None

    async def _see_through(self, dialing: Dialing) -> Ending:
        try:
            taken = await self._ledger.reserve(dialing.wish, dialing.inbound.age, is_wanted=dialing.is_wanted)
        except LedgerUnavailableError as error:
            dialing.inbound.facts["cause"] = error.cause
            return Ending(None)
        if taken is None:
            return Ending(None)
        if isinstance(taken, Known):
            return Ending(taken.record, is_known=True)
        dialing.reserved = taken.record
        if dialing.given_up:
            self._ledger.release(dialing.wish)
            return Ending(None)
        ending = Ending(await self._sent(dialing, taken.record))
        self.outcomes[ending.name()] += 1
        return ending

    async def _sent(self, dialing: Dialing, reserved: Record) -> Record | None:
        facts = dialing.inbound.facts
        facts |= {"call_id": reserved.call_id, "account": reserved.account}
        attempt = Attempt(reserved, dialing.request, dialing.account, dialing.fence, dialing.urls)
        outcome = await attempt.send(self._client, self._reading, facts)
        dialing.ends(outcome)
        return await self._ledger.finish(reserved, outcome) or dialing.told()
