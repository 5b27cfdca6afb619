"""`calls resolve`: an operator found out what became of a call whose outcome is unknown. Nothing is sent."""

from __future__ import annotations

from gateway.ledger import transitions
from gateway.ledger.record import Record
from gateway.operator.failures import RefusedError
from gateway.operator.opening import opened
from gateway.operator.options import Finding, Source
from gateway.operator.sheet import Sheet
from gateway.operator.showing import find, not_found
from gateway.operator.words import happened, name_of, time_of
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_SENDING,
    Resolution,
    ResolutionSource,
)


async def resolved(source: Source, either_id: str, account: str | None, finding: Finding, note: str) -> Record:
    """Records what an operator found about a call, which is looked up as `calls show` does.

    Raises:
        RefusedError: There is no such call, its outcome is known, or its attempt may not have ended.
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    accepted = finding is Finding.ACCEPTED
    async with opened(source) as store:
        record = await find(store, either_id, account)
        changed = await store.change(
            record.key, lambda found, now: transitions.resolve(found, accepted=accepted, note=note, now=now)
        )
    if changed.record is None:
        raise RefusedError(not_found(either_id, account))
    if not changed.is_mine:
        raise RefusedError(_why_not(changed.record))
    return changed.record


def show(record: Record) -> None:
    """Prints what the record became."""
    sheet = Sheet()
    sheet.heading(f"The call {record.call_id} is now {name_of(record.dispatch)}")
    sheet.words(f"{happened(record)} So an operator found, and nothing was sent.")
    if record.dispatch == DISPATCH_ACCEPTED:
        sheet.words("A repeat of its request is answered with the call.")
    else:
        sheet.words("A repeat of its request is answered PROVIDER_REFUSED; to call after all takes a new request id.")
    sheet.pairs([("note", Resolution.FromString(record.resolution).note)])


def _why_not(record: Record) -> str:
    until = time_of(record.send_deadline)
    if record.dispatch == DISPATCH_OUTCOME_UNKNOWN:
        return f"{record.call_id} may still be answered until {until}: its attempt has that long. Try again then"
    if record.dispatch == DISPATCH_SENDING:
        return f"{record.call_id} is still SENDING: by {until} it is known, or an unknown outcome"
    known = "already known"
    if record.resolution:
        resolution = Resolution.FromString(record.resolution)
        source = ResolutionSource.Name(resolution.source).removeprefix("RESOLUTION_SOURCE_")
        known = f"resolved by {source} since {time_of(record.updated)}"
    return f"{record.call_id} is {name_of(record.dispatch)}, {known}: only an OUTCOME_UNKNOWN can be resolved"
