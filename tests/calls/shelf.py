"""Calls put into a ledger as a test wants them, with any time and any outcome, and read through the front door."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from faulty_store import gateway_on
from gateway_under_test import GatewayUnderTest, Refusal, refusal_of
from google.protobuf.json_format import ParseDict
from ulid import ULID

from gateway.ledger.record import Record, encoded, hashed
from gateway.ledger.store import Store
from gateway.ledger.stores import store_from
from gateway.settings import Ledger
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, Dispatch, OutboundCall, OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, ListCallsRequest, ListCallsResponse

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ACCOUNT = {"base_url": "http://127.0.0.1:9", "sid": "HXXXXXXX071US", "api_key": "Atestkey00000000000000000000003"}
PLAIN: dict[str, Any] = {"recipients": [{"number": "+13236550107"}], "ivr": {"flowId": "SG_1"}}

_NUMBERS = count(1)


@dataclass
class Shelf:
    """A gateway, and the store that it reads from."""

    gateway: GatewayUnderTest
    store: Store

    async def put(
        self,
        *,
        at: timedelta = timedelta(0),
        dispatch: Dispatch.ValueType = DISPATCH_ACCEPTED,
        account: str = "default",
        **call: Any,
    ) -> str:
        """Records a call, written as JSON over a plain one, `at` after noon; returns its id."""
        record = record_of(PLAIN | call, at, dispatch, account)
        await self.store.change(record.key, lambda _record, _now: record)
        return record.call_id

    async def get(self, **fields: Any) -> OutboundCall:
        """Reads one call."""
        return (await self.gateway.stub.GetCall(ParseDict(fields, GetCallRequest()), timeout=30)).call

    async def get_error(self, timeout: float = 30, **fields: Any) -> Refusal:
        """Reads one call, and is refused."""
        return await refusal_of(self.gateway.stub.GetCall(ParseDict(fields, GetCallRequest()), timeout=timeout))

    async def page(self, **fields: Any) -> ListCallsResponse:
        """Lists a page."""
        return await self.gateway.stub.ListCalls(ParseDict(fields, ListCallsRequest()), timeout=30)

    async def page_error(self, timeout: float = 30, **fields: Any) -> Refusal:
        """Lists a page, and is refused."""
        return await refusal_of(self.gateway.stub.ListCalls(ParseDict(fields, ListCallsRequest()), timeout=timeout))

    async def ids(self, **fields: Any) -> list[str]:
        """The ids of the calls of one page."""
        return [call.call_id for call in (await self.page(**fields)).calls]

    async def pages(self, sizes: Iterable[int], **fields: Any) -> list[list[str]]:
        """The ids of all pages, from the first to the end, each of the next size."""
        pages, token = list[list[str]](), ""
        for size in sizes:
            page = await self.page(pageSize=size, pageToken=token, **fields)
            pages.append([call.call_id for call in page.calls])
            token = page.next_page_token
            if not token:
                return pages
        raise AssertionError("there are more pages than sizes")


def record_of(call: dict[str, Any], at: timedelta, dispatch: Dispatch.ValueType, account: str) -> Record:
    """Builds a record that no sweep changes."""
    request = encoded(ParseDict(call, OutboundCallRequest()))
    created = NOON + at
    return Record(
        account=account,
        request_id=f"request-{next(_NUMBERS)}",
        call_id=str(ULID()),
        request=request,
        request_hash=hashed(request),
        attempt=1,
        owner="owner",
        dispatch=dispatch,
        send_deadline=datetime(2999, 1, 1, tzinfo=UTC),
        created=created,
        updated=created,
    )


@asynccontextmanager
async def running_shelf(
    ledger: dict[str, str], url: str, accounts: Iterable[str] = ("second",), store: Store | None = None
) -> AsyncIterator[Shelf]:
    """Runs a gateway on a ledger until the end of the block."""
    store = store or store_of(ledger)
    settings = {"accounts": dict.fromkeys(accounts, ACCOUNT)}
    async with gateway_on(store, url, settings) as gateway:
        yield Shelf(gateway, store)


def store_of(ledger: dict[str, str]) -> Store:
    """The store of a ledger's settings."""
    return store_from(Ledger.model_validate(ledger), in_flight=lambda: 0)
