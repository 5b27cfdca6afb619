"""WatchCalls: what became of one call, from its beginning to its end, or of all calls of an account."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Final, NoReturn

from gateway.accounts import Accounts
from gateway.calls.feed import Feed, Subscription
from gateway.calls.reading import Reading
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.ledger.events import Span
from gateway.ledger.evidence import decoded
from gateway.ledger.ledger import Ledger
from gateway.ledger.recipients import is_over
from gateway.ledger.record import Key, Record
from gateway.ledger.store import LedgerUnavailableError
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_CURSOR_OUT_OF_RANGE,
    ERROR_REASON_LEDGER_UNAVAILABLE,
)
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_NOT_SENT,
    DISPATCH_REJECTED,
    DISPATCH_SENDING,
    RECIPIENT_STATE_ENDED,
    OutboundCall,
    OutboundCallRequest,
)
from voicegateway.v1.outbound_call_service_pb2 import (
    CALL_EVENT_TYPE_CREATED,
    Heartbeat,
    WatchCallsRequest,
    WatchCallsResponse,
)

_NOBODY_WAS_DIALED: Final = frozenset({DISPATCH_NOT_SENT, DISPATCH_REJECTED})


class Watching:
    """Answers WatchCalls."""

    def __init__(
        self,
        accounts: Accounts,
        ledger: Ledger,
        reading: Reading,
        feed: Feed,
        *,
        heartbeat: float,
        settle: float,
    ) -> None:
        """Builds it.

        Args:
            accounts: The configured accounts.
            ledger: Holds calls and events.
            reading: Finds the call that is asked for.
            feed: Hands events out.
            heartbeat: Seconds of silence after which a stream says that it is alive.
            settle: Seconds without a change after which a stream about one call ends, however far its phones got.
        """
        self._accounts = accounts
        self._ledger = ledger
        self._reading = reading
        self._feed = feed
        self._heartbeat = heartbeat
        self._settle = timedelta(seconds=settle)

    async def responses(self, request: WatchCallsRequest, inbound: Inbound) -> AsyncGenerator[WatchCallsResponse]:
        """Tells events as they come.

        Raises:
            GatewayError: ACCOUNT_NOT_FOUND, CALL_NOT_FOUND, CURSOR_OUT_OF_RANGE, LEDGER_UNAVAILABLE, or OVERLOADED
                when the replica drains.
        """
        account = self._accounts.resolve(request.account).name
        is_one_call = request.WhichOneof("lookup") is not None
        record = await inbound.in_time(self._reading.record(account, request)) if is_one_call else None
        cursor = await inbound.in_time(self._cursor(request, account, record))
        call_id = None if record is None else record.call_id
        async with self._feed.subscription(account, call_id, cursor) as subscription:
            if record is not None:
                told = self._of_one_call(subscription, record.key)
            else:
                told = self._of_an_account(subscription, is_new=cursor is None)
            async with aclosing(told):
                async for response in told:
                    yield response

    async def _cursor(self, request: WatchCallsRequest, account: str, record: Record | None) -> int | None:
        """After which sequence to begin; None for from now on."""
        if not request.HasField("after_sequence"):
            return None if record is None else 0
        after = request.after_sequence
        if after == 0:
            return 0
        try:
            await self._ledger.number_events()  # a sequence that another replica told is no newer than this
            span = await self._ledger.span(account)
            is_gone = after < span.forgotten and not await self._is_whole(record)
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        if is_gone or after > span.newest:
            raise _out_of_range(span)
        return after

    async def _is_whole(self, record: Record | None) -> bool:
        """Whether the history of a call is kept from its beginning: then what was forgotten is other calls'."""
        if record is None:
            return False
        oldest = await self._ledger.events(record.account, 0, record.call_id, 1)
        return bool(oldest) and oldest[0].event.type == CALL_EVENT_TYPE_CREATED

    async def _of_an_account(self, subscription: Subscription, *, is_new: bool) -> AsyncGenerator[WatchCallsResponse]:
        if is_new:
            yield _heartbeat(subscription)
        while True:
            last = subscription.cursor
            events = await subscription.next(self._heartbeat)
            if events and last and events[0].sequence != last + 1:
                await self._tell_of_a_gap(subscription.account)
            for event in events:
                yield WatchCallsResponse(event=event.to_call_event())
            if not events:
                yield _heartbeat(subscription)

    async def _tell_of_a_gap(self, account: str) -> NoReturn:
        """Ends a stream whose reader was so slow that what comes next for him is forgotten."""
        try:
            span = await self._ledger.span(account)
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        raise _out_of_range(span)

    async def _of_one_call(self, subscription: Subscription, key: Key) -> AsyncGenerator[WatchCallsResponse]:
        is_news = True
        while is_news:
            async with aclosing(self._until_the_end(subscription, key)) as told:
                async for response in told:
                    yield response
            is_news = False
            async with aclosing(self._rest(subscription)) as rest:
                async for response in rest:
                    is_news = True  # such as a next attempt after a free outcome: what looked like the end was none
                    yield response

    async def _until_the_end(self, subscription: Subscription, key: Key) -> AsyncGenerator[WatchCallsResponse]:
        silent_since, ends_at = time.monotonic(), await self._end(key)
        while ends_at > time.monotonic():
            until = min(silent_since + self._heartbeat, ends_at)
            events = await subscription.next(max(0.0, until - time.monotonic()))
            for event in events:
                yield WatchCallsResponse(event=event.to_call_event())
            if events or ends_at <= time.monotonic():
                ends_at = await self._end(key)
            elif silent_since + self._heartbeat <= time.monotonic():
                yield _heartbeat(subscription)
                if math.isinf(ends_at):  # a replica of before there were events may have ended the attempt
                    ends_at = await self._end(key)
            else:
                continue
            silent_since = time.monotonic()

    async def _rest(self, subscription: Subscription) -> AsyncGenerator[WatchCallsResponse]:
        """Tells what was committed before the call was seen to be over: with it, or still without a number."""
        try:
            await self._ledger.number_events()
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        while events := await subscription.catch_up():
            for event in events:
                yield WatchCallsResponse(event=event.to_call_event())

    async def _end(self, key: Key) -> float:
        """When a stream about a call ends if nothing changes, by the monotonic clock; in the past when it is over."""
        try:
            record = await self._ledger.find(key)
            if record is None or record.dispatch in _NOBODY_WAS_DIALED:
                return -math.inf
            if record.dispatch == DISPATCH_SENDING:
                return math.inf
            if _is_over(record):
                return -math.inf
            left = max(record.changed, record.expected) + self._settle - await self._ledger.time()
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        return time.monotonic() + left.total_seconds()


def _is_over(record: Record) -> bool:
    """Whether nothing more can come; asked after each event, and the evidence is large where somebody still talks."""
    if not record.request:
        return False
    told = OutboundCall.FromString(record.outcomes).recipients
    if any(outcome.state != RECIPIENT_STATE_ENDED for outcome in told):
        return False
    return is_over(OutboundCallRequest.FromString(record.request), decoded(record.evidence))


def _out_of_range(span: Span) -> GatewayError:
    return GatewayError(
        ERROR_REASON_CURSOR_OUT_OF_RANGE,
        oldest_sequence=str(min(span.forgotten + 1, span.newest)),
        newest_sequence=str(span.newest),
    )


def _heartbeat(subscription: Subscription) -> WatchCallsResponse:
    return WatchCallsResponse(heartbeat=Heartbeat(sequence=subscription.past))
