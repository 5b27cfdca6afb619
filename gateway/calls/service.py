"""The service: one method an RPC, each the path of one request."""

from typing import Never

from gateway.calls.admission import Admission
from gateway.calls.dialer import Dialer
from gateway.calls.warnings import warnings_for
from gateway.errors import GatewayError
from gateway.inbound import Inbound
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_UNIMPLEMENTED
from voicegateway.v1.outbound_call_service_pb2 import (
    GetCallRequest,
    ListCallsRequest,
    PlaceCallRequest,
    PlaceCallResponse,
    WatchCallsRequest,
)


class OutboundCallService:
    """Answers voicegateway.v1.OutboundCallService; see its protos for what each method promises."""

    def __init__(self, admission: Admission, dialer: Dialer) -> None:
        self._admission = admission
        self._dialer = dialer

    async def PlaceCall(self, request: PlaceCallRequest, inbound: Inbound) -> PlaceCallResponse:  # noqa: N802
        """Places one call, or shows what would be sent."""
        account = self._admission.admit(request, inbound)
        warnings = warnings_for(request.call, receiver_on=False)
        if request.validate_only:
            return PlaceCallResponse(warnings=warnings, preview=self._dialer.preview(request, account))
        call = await self._dialer.dial(request, account, inbound)
        return PlaceCallResponse(call=call, warnings=warnings)

    async def GetCall(self, _request: GetCallRequest, _inbound: Inbound) -> Never:  # noqa: N802
        """Needs the ledger, which is not built yet."""
        raise GatewayError(ERROR_REASON_UNIMPLEMENTED)

    async def ListCalls(self, _request: ListCallsRequest, _inbound: Inbound) -> Never:  # noqa: N802
        """Needs the ledger, which is not built yet."""
        raise GatewayError(ERROR_REASON_UNIMPLEMENTED)

    def WatchCalls(self, _request: WatchCallsRequest, _inbound: Inbound) -> Never:  # noqa: N802
        """Needs the ledger and the reports, which are not built yet."""
        raise GatewayError(ERROR_REASON_UNIMPLEMENTED)
