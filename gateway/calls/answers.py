"""From a record to an answer: what PlaceCall says of a call, the first time and every time after."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.errors import GatewayError
from gateway.ledger.record import Record, timestamp
from gateway.statuses import from_status, to_status
from voicegateway.v1.error_reason_pb2 import (
    ERROR_REASON_REQUEST_ID_REUSED,
    ERROR_REASON_REQUEST_IN_PROGRESS,
    RETRY_ADVICE_CORRECT,
    RETRY_ADVICE_NEW_REQUEST_ID,
)
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse

ASK_AGAIN: Final = timedelta(seconds=1)
"""When to repeat a request whose first attempt still runs: the repeat waits for it, too."""


class Answers:
    """Renders records."""

    def __init__(self, erase_after: timedelta) -> None:
        """Builds it.

        Args:
            erase_after: How long numbers and texts are kept, which each call tells.
        """
        self._erase_after = erase_after

    def answer(self, record: Record, *, replayed: bool) -> PlaceCallResponse:
        """Answers with the outcome of a call.

        Raises:
            GatewayError: It was not accepted.
        """
        if record.dispatch == DISPATCH_SENDING:
            raise in_progress(record)
        if not record.error:
            call, warnings = record.to_call(self._erase_after), record.warning_list()
            return PlaceCallResponse(call=call, replayed=replayed, warnings=warnings)
        error = from_status(record.status())
        if replayed:
            error.metadata |= {"replayed": "true", "original_time": timestamp(record.updated).ToJsonString()}
        raise error

    def to_call(self, record: Record) -> OutboundCall:
        """Renders a call with the error that PlaceCall answers for it."""
        call = record.to_call(self._erase_after)
        if record.dispatch == DISPATCH_SENDING:
            call.error.CopyFrom(to_status(in_progress(record)))
        return call


def in_progress(record: Record) -> GatewayError:
    """Says that a call's first attempt still runs."""
    return GatewayError(
        ERROR_REASON_REQUEST_IN_PROGRESS,
        retry_after=ASK_AGAIN,
        call_id=record.call_id,
        request_id=record.request_id,
    )


def reused(record: Record) -> GatewayError:
    """Refuses another request with the id of a recorded one."""
    error = GatewayError(ERROR_REASON_REQUEST_ID_REUSED, call_id=record.call_id)
    error.dispatch = record.dispatch
    return error


def beside(record: Record, refusal: GatewayError) -> GatewayError:
    """Completes today's refusal of a request whose record is free, and stays."""
    refusal.dispatch = record.dispatch
    refusal.metadata["call_id"] = record.call_id
    if refusal.retry == RETRY_ADVICE_CORRECT:
        refusal.retry = RETRY_ADVICE_NEW_REQUEST_ID
    return refusal
