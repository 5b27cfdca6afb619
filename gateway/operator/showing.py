"""`calls show`: everything about one call, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from gateway.accounts import DEFAULT
from gateway.calls.answers import in_progress
from gateway.clock import utc_now
from gateway.ledger.record import Key, Record, timestamp
from gateway.ledger.retention import Retention
from gateway.ledger.store import Store
from gateway.operator.failures import RefusedError
from gateway.operator.masking import flat, shown
from gateway.operator.opening import ledger_settings, opened
from gateway.operator.options import Source
from gateway.operator.sheet import Sheet
from gateway.operator.words import WORDS_BY_STAGE, advice, error_info, happened, name_of, time_of
from gateway.statuses import to_status
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_SENDING,
    RECIPIENT_STATE_WAITING,
    OutboundCall,
    OutboundCallRequest,
    ProviderReply,
    Resolution,
    ResolutionSource,
)
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse

_CALL_ID: Final = r"[0-9A-HJKMNP-TV-Z]{26}"
_PROGRAM: Final = "kaleyra-gateway "


async def found(source: Source, either_id: str, account: str | None) -> Record:
    """Looks a call up by its own id, in any account unless one is named, or else by its request's.

    Raises:
        RefusedError: There is none.
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        return await find(store, either_id, account)


async def find(store: Store, either_id: str, account: str | None) -> Record:
    """The same, in a ledger that is open.

    Raises:
        RefusedError: There is none.
        LedgerUnavailableError: The ledger fails.
    """
    by_call_id = await store.find_call(account, either_id) if re.fullmatch(_CALL_ID, either_id) else None
    record = by_call_id or await store.find(Key(account or DEFAULT, either_id))
    if record is None:
        raise RefusedError(not_found(either_id, account))
    return record


def not_found(either_id: str, account: str | None) -> str:
    """Says where was looked in vain."""
    if account is not None:
        return f"account {account} has no call {either_id}"
    if re.fullmatch(_CALL_ID, either_id):
        return f"there is no call {either_id} in this ledger"
    return f"account {DEFAULT} has no call with the request id {either_id}; --account names another account"


def show(record: Record, source: Source, *, openly: bool, as_json: bool) -> None:
    """Prints a call."""
    if as_json:
        print(json.dumps(_document(record, source, openly=openly), indent=2))  # noqa: T201
        return
    sheet = Sheet()
    sheet.heading(f"The call {record.call_id}")
    sheet.pairs(_facts(record, _erase_after(source)))
    _explain(sheet, record, source, openly=openly)
    _show_content(sheet, record, openly=openly)


def _explain(sheet: Sheet, record: Record, source: Source, *, openly: bool) -> None:
    style = "bold red" if record.dispatch == DISPATCH_OUTCOME_UNKNOWN else ""
    sheet.heading("What happened to the phones")
    sheet.words(happened(record), style)
    sheet.heading("What to do")
    for each in advice(record, source, utc_now(), openly=openly):
        (sheet.command if each.startswith(_PROGRAM) else sheet.words)(each)


def _show_content(sheet: Sheet, record: Record, *, openly: bool) -> None:
    if record.request:
        sheet.heading("The request" if openly else "The request, masked (--numbers shows numbers and texts)")
        sheet.pairs(flat(shown(OutboundCallRequest.FromString(record.request), openly=openly)))
    recipients = _call(record, None).recipients
    if any(each.state != RECIPIENT_STATE_WAITING for each in recipients):
        sheet.heading("The recipients, as far as reports have told")
        sheet.pairs(flat([shown(each, openly=openly) for each in recipients]))
    if record.warnings:
        sheet.heading("What the caller was warned of")
        for warning in record.warning_list():
            sheet.words(": ".join(filter(None, (warning.field, warning.description))))


def _facts(record: Record, erase_after: timedelta | None) -> Iterator[tuple[str, str]]:
    info, reply = error_info(record), ProviderReply.FromString(record.reply)
    call = _call(record, erase_after)
    yield "dispatch", name_of(record.dispatch)
    yield "reason", info.reason.removeprefix("ERROR_REASON_")
    yield "account", record.account
    yield "request id", record.request_id
    yield "created", _time(record.created)
    yield "changed", _time(record.updated)
    yield "scheduled for", _time(record.scheduled)
    yield "attempt", str(record.attempt)
    if record.dispatch in {DISPATCH_SENDING, DISPATCH_OUTCOME_UNKNOWN}:
        yield "answer by", _time(record.send_deadline)
    yield "provider said", " ".join(filter(None, (reply.code, reply.message)))
    yield "HTTP status", str(reply.http_status or "")
    yield "error id", info.metadata["error_id"]
    yield from _resolution(record)
    yield "kept", "" if record.erased is None else WORDS_BY_STAGE[record.stage]
    erase = "erased" if record.erased is not None else "to be erased"
    yield erase, _time(call.erase_time.ToDatetime()) if call.HasField("erase_time") else ""


def _resolution(record: Record) -> Iterator[tuple[str, str]]:
    resolution = Resolution.FromString(record.resolution)
    if record.resolution:
        source = ResolutionSource.Name(resolution.source).removeprefix("RESOLUTION_SOURCE_")
        yield "resolved by", f"{source}, {_time(resolution.resolve_time.ToDatetime())}"
        yield "note", resolution.note


def _document(record: Record, source: Source, *, openly: bool) -> dict[str, Any]:
    """The call in the contract's names, and beside it what only the ledger knows."""
    call = _call(record, _erase_after(source))
    document = MessageToDict(call, preserving_proto_field_name=True)
    if record.request:
        document["request"] = shown(call.request, openly=openly)
    if call.recipients:
        document["recipients"] = [shown(each, openly=openly) for each in call.recipients]
    warnings = MessageToDict(PlaceCallResponse.FromString(record.warnings), preserving_proto_field_name=True)
    return {
        "call": document,
        "warnings": warnings.get("warnings", []),
        "attempt": record.attempt,
        "is_free": record.is_free,
        "send_deadline": timestamp(record.send_deadline).ToJsonString(),
        "stage": record.stage.name,
    }


def _call(record: Record, erase_after: timedelta | None) -> OutboundCall:
    """The call as its callers read it."""
    call = record.to_call(erase_after)
    if record.dispatch == DISPATCH_SENDING:
        call.error.CopyFrom(to_status(in_progress(record)))
    return call


def _erase_after(source: Source) -> timedelta | None:
    """How long numbers and texts are kept; None where the settings are not told."""
    return None if source.url is not None else Retention.of(ledger_settings(source)).erase_after


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return time_of(moment)
