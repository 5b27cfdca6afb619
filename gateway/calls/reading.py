"""Reads of what is recorded: one call, or a page of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.accounts import Accounts
from gateway.calls.answers import Answers
from gateway.calls.page_token import PageToken, fingerprint
from gateway.errors import GatewayError
from gateway.ledger.ledger import Ledger
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Filter, LedgerUnavailableError
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_CALL_NOT_FOUND, ERROR_REASON_LEDGER_UNAVAILABLE
from voicegateway.v1.outbound_call_pb2 import OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    ListCallsRequest,
    ListCallsResponse,
    WatchCallsRequest,
)

DEFAULT_PAGE: Final = 100
LARGEST_PAGE: Final = 1000
PAGE_BYTES: Final = 2 * 1024 * 1024
"""A page ends there, too: far below the 4 MiB that gRPC clients take by default."""

_FIRST: Final = 10
_AT_ONCE: Final = 100
"""Records read at once: the first few, and then at most."""

_ITEM_HEAD: Final = 6  # bytes, at most, before an item of a list
_TOKEN: Final = 64  # bytes, at most, of a page's token with its head


class Reading:
    """Answers from the ledger."""

    def __init__(self, accounts: Accounts, ledger: Ledger, answers: Answers) -> None:
        self._answers = answers
        self._accounts = accounts
        self._ledger = ledger

    async def call(self, request: GetCallRequest) -> OutboundCall:
        """Finds one call.

        Raises:
            GatewayError: ACCOUNT_NOT_FOUND, CALL_NOT_FOUND or LEDGER_UNAVAILABLE.
        """
        account = self._accounts.resolve(request.account).name
        return self._answers.to_call(await self.record(account, request))

    async def record(self, account: str, lookup: GetCallRequest | WatchCallsRequest) -> Record:
        """Finds the record of the call that a request is about.

        Raises:
            GatewayError: CALL_NOT_FOUND or LEDGER_UNAVAILABLE.
        """
        try:
            if lookup.HasField("call_id"):
                record = await self._ledger.find_call(account, lookup.call_id)
            else:
                record = await self._ledger.find(Key(account, lookup.request_id))
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error
        if record is None:
            raise GatewayError(ERROR_REASON_CALL_NOT_FOUND)
        return record

    async def page(self, request: ListCallsRequest) -> ListCallsResponse:
        """Lists calls, newest first, from where the page before ended.

        Raises:
            GatewayError: ACCOUNT_NOT_FOUND, INVALID_REQUEST for a token of another list, or LEDGER_UNAVAILABLE.
        """
        account = self._accounts.resolve(request.account).name
        mark = fingerprint(request, account)
        wanted = Filter(
            account=account,
            dispatches=tuple(request.dispatches),
            number=request.number.removeprefix("+"),
            custom=request.custom,
            after=_moment(request.create_time_after) if request.HasField("create_time_after") else None,
            before=_moment(request.create_time_before) if request.HasField("create_time_before") else None,
            older_than=PageToken.read(request.page_token, mark) if request.page_token else None,
        )
        limit = min(request.page_size or DEFAULT_PAGE, LARGEST_PAGE)
        try:
            return await self._page(wanted, limit, mark)
        except LedgerUnavailableError as error:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from error

    async def _page(self, wanted: Filter, limit: int, mark: bytes) -> ListCallsResponse:
        page, room, last = ListCallsResponse(), PAGE_BYTES - _TOKEN, None
        async for record in self._records(wanted, limit + 1):
            call = self._answers.to_call(record)
            room -= call.ByteSize() + _ITEM_HEAD
            if last is not None and (len(page.calls) == limit or room < 0):
                page.next_page_token = PageToken(mark, last.created, last.call_id).written()
                break
            page.calls.append(call)
            last = record
        return page

    async def _records(self, wanted: Filter, limit: int) -> AsyncIterator[Record]:
        """Reads as many as are asked for, some at a time: of large ones no more than a page may hold."""
        at_once = _FIRST
        while limit > 0:
            asked = min(limit, at_once)
            records = await self._ledger.page(wanted, asked)
            for record in records:
                yield record
            if len(records) < asked:
                return
            limit -= asked
            wanted = replace(wanted, older_than=(records[-1].created, records[-1].call_id))
            at_once = min(_AT_ONCE, 1 + PAGE_BYTES * asked // (1 + sum(len(record.request) for record in records)))


def _moment(time: Timestamp) -> datetime:
    """Reads a time, rounded up to the ledger's microseconds: so inclusive and exclusive stay what they are."""
    up = timedelta(microseconds=1 if time.nanos % 1000 else 0)
    return min(time.ToDatetime(UTC), datetime.max.replace(tzinfo=UTC) - up) + up
