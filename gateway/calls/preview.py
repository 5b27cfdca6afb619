"""What a dry run shows."""

from gateway.accounts import Account
from gateway.kaleyra.form import encode, to_form
from gateway.kaleyra.report_urls import DRY_TOKEN, ReportAddress
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import Preview


def preview_of(call: OutboundCallRequest, account: Account | None, reports: ReportAddress | None = None) -> Preview:
    """Shows the form as it would be sent; without an account, as far as it does not need one.

    The literals `TOKEN` and `CALL_ID` stand where a call has its own.
    """
    urls = reports.with_token(DRY_TOKEN) if reports else None
    form = to_form(call, bridge=account.bridge if account else "", custom="CALL_ID", reports=urls)
    preview = Preview(url=account.url if account else "", body=encode(form).decode("ascii"))
    for name, value in form:
        preview.fields.add(name=name, value=value)
    return preview
