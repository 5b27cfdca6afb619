"""`calls list`: the calls of an account, the newest first, without numbers and texts."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from gateway.ledger.record import Record, timestamp
from gateway.ledger.store import Filter, Pause, Store
from gateway.operator.opening import opened
from gateway.operator.options import Source
from gateway.operator.printable import printable
from gateway.operator.table import table
from gateway.operator.words import WORD_BY_DISPATCH, error_info, paused, time_of
from voicegateway.v1.outbound_call_pb2 import DISPATCH_OUTCOME_UNKNOWN, Dispatch, OutboundCallRequest

HEADER: Final = ("CREATED", "CALL_ID", "REQUEST_ID", "ACCOUNT", "DISPATCH", "REASON", "PHONES")

_AT_ONCE: Final = 100
_NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """What a list tells of a call.

    Attributes:
        recipients: How many; None once they are erased.
    """

    created: datetime
    call_id: str
    request_id: str
    account: str
    dispatch: Dispatch.ValueType
    reason: str
    recipients: int | None

    @classmethod
    def of(cls, record: Record) -> Row:
        """Reads a record, and keeps none of its numbers."""
        return cls(
            record.created,
            record.call_id,
            record.request_id,
            record.account,
            record.dispatch,
            error_info(record).reason,
            len(OutboundCallRequest.FromString(record.request).recipients) if record.request else None,
        )

    def cells(self) -> tuple[str, ...]:
        """The row as people read it; no cell is empty or has white space, so that a script can take it apart."""
        return (
            time_of(self.created),
            self.call_id,
            self.request_id,
            self.account,
            WORD_BY_DISPATCH[self.dispatch],
            self.reason.removeprefix("ERROR_REASON_") or _NOTHING,
            _NOTHING if self.recipients is None else str(self.recipients),
        )

    def to_json(self) -> dict[str, Any]:
        """The row as a program reads it, in the contract's names."""
        return {
            "create_time": timestamp(self.created).ToJsonString(),
            "call_id": self.call_id,
            "request_id": self.request_id,
            "account": self.account,
            "dispatch": Dispatch.Name(self.dispatch),
            "reason": self.reason or None,
            "recipients": self.recipients,
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found.

    Attributes:
        more: Whether there are older ones.
        pause: The operator's pause, if any.
    """

    rows: list[Row]
    more: bool
    pause: Pause | None

    def to_json(self) -> dict[str, Any]:
        """The whole as one document."""
        pause = self.pause and {"reason": self.pause.reason, "since": timestamp(self.pause.since).ToJsonString()}
        return {"calls": [row.to_json() for row in self.rows], "more": self.more, "pause": pause}


async def listed(source: Source, wanted: Filter, limit: int) -> Listing:
    """Looks calls up.

    Raises:
        LedgerStartError: The ledger cannot be opened.
        LedgerUnavailableError: It fails.
    """
    async with opened(source) as store:
        rows = await _rows(store, wanted, limit + 1)
        return Listing(rows[:limit], len(rows) > limit, await store.paused())


async def _rows(store: Store, wanted: Filter, limit: int) -> list[Row]:
    """Reads some records at a time, and keeps only what is listed of them."""
    rows: list[Row] = []
    while len(rows) < limit:
        records = await store.page(wanted, min(limit - len(rows), _AT_ONCE))
        rows += map(Row.of, records)
        if len(records) < _AT_ONCE:
            break
        wanted = replace(wanted, older_than=(records[-1].created, records[-1].call_id))
    return rows


def show(listing: Listing, account: str, *, as_json: bool) -> None:
    """Prints the calls; what is no call goes to standard error."""
    if as_json:
        print(json.dumps(listing.to_json(), indent=2))  # noqa: T201
        return
    console, notes = Console(highlight=False), Console(stderr=True, highlight=False)
    if listing.rows:
        _print(console, listing.rows)
    else:
        _note(notes, f"No such calls in account {account}.")
    if listing.more:
        _note(notes, f"There are older ones: these are the newest {len(listing.rows)}. See --limit and --before.")
    if listing.pause is not None:
        _note(notes, f"{paused(listing.pause)}. `kaleyra-gateway resume` allows it again.")


def _print(console: Console, rows: list[Row]) -> None:
    cells = [HEADER, *(row.cells() for row in rows)]
    laid_out = table(cells, console.width if console.is_terminal else None, dispensable=HEADER.index("ACCOUNT"))
    styles = ["bold", *("bold red" if row.dispatch == DISPATCH_OUTCOME_UNKNOWN else "" for row in rows)]
    for lines, style in zip(laid_out, styles, strict=True):
        for line in lines:
            console.print(Text(line, style=style), soft_wrap=True)


def _note(notes: Console, words: str) -> None:
    notes.print(Text(printable(words), style="yellow"), soft_wrap=True)
