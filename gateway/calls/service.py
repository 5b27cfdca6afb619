"""The service: one method an RPC, each the path of one request."""

import asyncio
from collections.abc import Awaitable
from typing import Never, TypeVar

from gateway.accounts import Accounts, name_of
from gateway.calls.admission import Admission
from gateway.calls.dialer import Dialer
from gateway.calls.preview import preview_of
from gateway.calls.reading import Reading
from gateway.calls.warnings import warnings_for
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.ledger.record import Key
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_LEDGER_UNAVAILABLE, ERROR_REASON_UNIMPLEMENTED
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    GetCallResponse,
    ListCallsRequest,
    ListCallsResponse,
    PlaceCallRequest,
    PlaceCallResponse,
    Warning,  # noqa: A004 - the contract's word
    WatchCallsRequest,
)

T = TypeVar("T")


class OutboundCallService:
    """Answers voicegateway.v1.OutboundCallService; see its protos for what each method promises."""

    def __init__(self, accounts: Accounts, admission: Admission, dialer: Dialer, reading: Reading) -> None:
        self._accounts = accounts
        self._admission = admission
        self._dialer = dialer
        self._reading = reading

    async def PlaceCall(self, request: PlaceCallRequest, inbound: Inbound) -> PlaceCallResponse:  # noqa: N802
        """Places one call, or shows what would be sent."""
        key = Key(name_of(request.account), request.request_id)
        try:
            account = await _in_time(self._admission.admit(request, inbound), inbound)
        except GatewayError as refusal:
            record = await _in_time(self._dialer.replays.winner(refusal, request, key), inbound)
            if request.validate_only:
                return self._dry_run(request, is_recorded=True)
            return await self._dialer.replays.replay(record, request, inbound)
        if request.validate_only:
            recorded = await _in_time(self._dialer.replays.recorded(request, key), inbound)
            return self._dry_run(request, is_recorded=recorded is not None)
        return await self._dialer.dial(request, account, _warnings(request), inbound)

    def _dry_run(self, request: PlaceCallRequest, *, is_recorded: bool) -> PlaceCallResponse:
        preview = preview_of(request.call, self._accounts.find(request.account))
        return PlaceCallResponse(replayed=is_recorded, warnings=_warnings(request), preview=preview)

    async def GetCall(self, request: GetCallRequest, inbound: Inbound) -> GetCallResponse:  # noqa: N802
        """Reads one call."""
        return GetCallResponse(call=await _in_time(self._reading.call(request), inbound))

    async def ListCalls(self, request: ListCallsRequest, inbound: Inbound) -> ListCallsResponse:  # noqa: N802
        """Reads a page of calls."""
        return await _in_time(self._reading.page(request), inbound)

    def WatchCalls(self, _request: WatchCallsRequest, _inbound: Inbound) -> Never:  # noqa: N802
        """Needs the reports, which are not built yet."""
        raise GatewayError(ERROR_REASON_UNIMPLEMENTED)


async def _in_time(look: Awaitable[T], inbound: Inbound) -> T:
    """Looks at the ledger for no longer than the caller waits: it may be more patient than he is."""
    try:
        async with asyncio.timeout(inbound.time_to_answer()):
            return await look
    except TimeoutError:
        raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from None


def _warnings(request: PlaceCallRequest) -> list[Warning]:
    return warnings_for(request.call, receiver_on=False)
