"""The service: one method an RPC, each the path of one request."""

from collections.abc import AsyncGenerator

from gateway.accounts import Accounts, name_of
from gateway.calls.admission import Admission
from gateway.calls.dialer import Dialer
from gateway.calls.preview import preview_of
from gateway.calls.reading import Reading
from gateway.calls.warnings import warnings_for
from gateway.calls.watching import Watching
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from gateway.kaleyra.report_urls import ReportAddress
from gateway.ledger.record import Key
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    GetCallResponse,
    ListCallsRequest,
    ListCallsResponse,
    PlaceCallRequest,
    PlaceCallResponse,
    Warning,  # noqa: A004 - the contract's word
    WatchCallsRequest,
    WatchCallsResponse,
)


class OutboundCallService:
    """Answers voicegateway.v1.OutboundCallService; see its protos for what each method promises."""

    def __init__(
        self,
        accounts: Accounts,
        admission: Admission,
        dialer: Dialer,
        reading: Reading,
        watching: Watching,
        reports: ReportAddress | None,
    ) -> None:
        """Builds the service.

        Args:
            accounts: The configured accounts.
            admission: Refuses what may not be dialed.
            dialer: Places calls.
            reading: Reads them.
            watching: Follows them.
            reports: Where reports are asked for; None when nobody listens for them.
        """
        self._accounts = accounts
        self._watching = watching
        self._reports = reports
        self._admission = admission
        self._dialer = dialer
        self._reading = reading

    async def PlaceCall(self, request: PlaceCallRequest, inbound: Inbound) -> PlaceCallResponse:  # noqa: N802
        """Places one call, or shows what would be sent."""
        key = Key(name_of(request.account), request.request_id)
        try:
            account = await self._admission.admit(request, inbound)
        except GatewayError as refusal:
            record = await inbound.in_time(self._dialer.replays.winner(refusal, request, key))
            if request.validate_only:
                return self._dry_run(request, is_recorded=True)
            return await self._dialer.replays.replay(record, request, inbound)
        if request.validate_only:
            recorded = await inbound.in_time(self._dialer.replays.recorded(request, key))
            return self._dry_run(request, is_recorded=recorded is not None)
        return await self._dialer.dial(request, account, self._warnings(request), inbound)

    def _dry_run(self, request: PlaceCallRequest, *, is_recorded: bool) -> PlaceCallResponse:
        preview = preview_of(request.call, self._accounts.find(request.account), self._reports)
        return PlaceCallResponse(replayed=is_recorded, warnings=self._warnings(request), preview=preview)

    def _warnings(self, request: PlaceCallRequest) -> list[Warning]:
        return warnings_for(request.call, reports=self._reports)

    async def GetCall(self, request: GetCallRequest, inbound: Inbound) -> GetCallResponse:  # noqa: N802
        """Reads one call."""
        return GetCallResponse(call=await inbound.in_time(self._reading.call(request)))

    async def ListCalls(self, request: ListCallsRequest, inbound: Inbound) -> ListCallsResponse:  # noqa: N802
        """Reads a page of calls."""
        return await inbound.in_time(self._reading.page(request))

    def WatchCalls(self, request: WatchCallsRequest, inbound: Inbound) -> AsyncGenerator[WatchCallsResponse]:  # noqa: N802
        """Follows one call, or all calls of an account."""
        return self._watching.responses(request, inbound)
