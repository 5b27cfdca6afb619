"""What a dry run shows."""

from gateway.accounts import Account
from gateway.kaleyra.form import encode, to_form
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import Preview


def preview_of(call: OutboundCallRequest, account: Account | None) -> Preview:
    """Shows the form as it would be sent; without an account, as far as it does not need one."""
    form = to_form(call, bridge=account.bridge if account else "", custom="CALL_ID")
    preview = Preview(url=account.url if account else "", body=encode(form).decode("ascii"))
    for name, value in form:
        preview.fields.add(name=name, value=value)
    return preview
