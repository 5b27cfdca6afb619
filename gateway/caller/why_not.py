"""Why something cannot be followed, in words."""

from __future__ import annotations

from gateway.caller.options import Subject
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_ACCOUNT_NOT_FOUND,
    ERROR_REASON_CALL_NOT_FOUND,
    ERROR_REASON_CURSOR_OUT_OF_RANGE,
    ERROR_REASON_INVALID_REQUEST,
)
from voicegateway_client import CallError


def why_not(error: CallError, subject: Subject) -> str:
    """Says it in a sentence or two."""
    if error.reason == ERROR_REASON_CALL_NOT_FOUND:
        account = subject.account or "default"
        return f"account {account} has no such call. That proves nothing: its request may still be on its way."
    if error.reason == ERROR_REASON_ACCOUNT_NOT_FOUND:
        return "the gateway has no such account."
    if error.reason == ERROR_REASON_INVALID_REQUEST:
        return "; ".join(f"{each.field}: {each.description}" for each in error.violations) + "."
    if error.reason == ERROR_REASON_CURSOR_OUT_OF_RANGE:
        oldest, newest = (error.metadata.get(f"{name}_sequence", "?") for name in ("oldest", "newest"))
        kept = "there are none yet" if newest == "0" else f"there are {oldest} to {newest}"
        return f"the events after {subject.after} are not kept, or are of another ledger; {kept}."
    return f"{error}."
