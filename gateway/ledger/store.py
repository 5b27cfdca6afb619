"""What a store of records promises, whichever database keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from gateway.ledger.events import NumberedEvent, Span
from gateway.ledger.record import Key, Record, Stage
from voicegateway.v1.outbound_call_pb2 import Dispatch

Change = Callable[[Record | None, datetime], Record | None]
"""Gives what becomes of a record at the ledger's time, or None where nothing changes. Pure: it may be applied again."""


class LedgerUnavailableError(Exception):
    """The store could not be read or written; nothing is known about the record.

    Attributes:
        cause: What failed, in one word without values.
        in_doubt: Whether what was to be written may be there all the same, or may still come.
    """

    def __init__(self, cause: str, *, in_doubt: bool = True) -> None:
        super().__init__(cause)
        self.cause = cause
        self.in_doubt = in_doubt


class LedgerStartError(Exception):
    """The ledger cannot be opened; says why, and the way out."""


class NoLedgerError(LedgerStartError):
    """There is nothing yet where the ledger should be, or something empty."""


class OldLedgerError(LedgerStartError):
    """An earlier version made the ledger, and nobody has brought it up to date."""


class MaintenanceError(Exception):
    """What an operator asked for cannot be done; says why, and the way out."""


START_ONCE: Final = "start the gateway once, which brings it up to date"

WOULD_FORGET: Final = (
    "an empty ledger would forget every promise. Restore it, or make a new one by `kaleyra-gateway ledger create`"
)

NONE_YET: Final = "see ledger.url, or make a new one by `kaleyra-gateway ledger create`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which calls of an account a page lists; an empty field keeps all.

    Attributes:
        number: Digits only.
        after: Recorded then or later.
        before: Recorded earlier.
        older_than: The last call of the page before: (created, call_id).
    """

    account: str
    dispatches: Sequence[Dispatch.ValueType] = ()
    number: str = ""
    custom: str = ""
    after: datetime | None = None
    before: datetime | None = None
    older_than: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """An operator's word that nothing may be dialed: for every replica, until it is taken back."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """A ledger as it stands.

    Attributes:
        place: The file, or the URL without its password.
        schema: How many migrations were applied.
        by_dispatch: How many records there are of each dispatch.
        by_stage: How many are whole, erased, tombstones.
        oldest: When the oldest was made; None where there is none.
        newest: When the newest was made.
        overdue: How many are SENDING beyond their time: no server sweeps, or it cannot write.
        size: Bytes on the disk.
        free: Bytes of them that a vacuum gives back; None where that is not told.
        pause: The operator's pause, if any.
        is_served: Whether a server has the file open; None where that is not told.
    """

    place: str
    schema: int
    by_dispatch: Mapping[Dispatch.ValueType, int]
    by_stage: Mapping[Stage, int]
    oldest: datetime | None
    newest: datetime | None
    overdue: int
    size: int
    free: int | None
    pause: Pause | None
    is_served: bool | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A record as it stands after a change, and whether this change made it so."""

    record: Record | None
    is_mine: bool


class Store(Protocol):
    """Keeps records durably. Every method raises LedgerUnavailableError when the database fails.

    Attributes:
        is_alone: Whether no other server uses it while it is open: then whoever held an attempt before is dead.
    """

    is_alone: bool

    async def open(self, *, beside_a_server: bool = False) -> None:
        """Opens the database and brings its schema up to date.

        Args:
            beside_a_server: Whether it is opened by another program than the server, at any time: neither is it made
                nor its schema changed, nor anything given up that is on its way.

        Raises:
            LedgerStartError: It cannot be opened, is somebody else's, or is newer than this program.
        """
        ...

    async def change(self, key: Key, change: Change) -> Changed:
        """Applies a change to one record, alone with it, and returns once the result is durable."""
        ...

    async def find(self, key: Key) -> Record | None:
        """Reads the record of a key."""
        ...

    async def find_many(self, keys: Sequence[Key]) -> list[Record]:
        """Reads the records of keys, as many as there are, in any order."""
        ...

    async def find_call(self, account: str | None, call_id: str) -> Record | None:
        """Reads the record of a call, in any account where none is named."""
        ...

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        """Reads records, newest first."""
        ...

    async def sending(self, *, overdue_only: bool) -> list[Key]:
        """Lists the keys whose outcome is awaited, or those whose time to be told has passed."""
        ...

    async def due(self, stage: Stage, age: timedelta, limit: int) -> list[Key]:
        """Lists keys of settled records at a stage whose retention began longer ago than that, the oldest first."""
        ...

    async def forget(self, age: timedelta, limit: int) -> int:
        """Deletes tombstones whose retention began longer ago than that; returns how many."""
        ...

    async def scrub(self) -> bool:
        """Sees to it that what was erased lingers nowhere that the store itself can reach; holds nobody up.

        Returns:
            Whether that is done; else it is to be tried again later.
        """
        ...

    async def info(self) -> Info:
        """Looks the ledger over; reads all of it."""
        ...

    async def backup(self, target: Path) -> None:
        """Copies the ledger to a new file, durably, while the server goes on.

        Raises:
            MaintenanceError: The file is there already, cannot be written, or this database is backed up otherwise.
        """
        ...

    async def vacuum(self) -> None:
        """Gives room back that is free, in small steps, while the server goes on."""
        ...

    async def find_token(self, token: bytes) -> Key | None:
        """Finds the call that reports with a token are about, by the token's SHA-256."""
        ...

    async def stale(self, limit: int) -> list[Key]:
        """Lists keys of calls about which nothing was heard in time, the longest silent first."""
        ...

    async def events(self, account: str, after: int, call_id: str | None, limit: int) -> list[NumberedEvent]:
        """Reads events after a sequence number, of one call or of all of an account, in order."""
        ...

    async def span(self, account: str) -> Span:
        """Reads which events of an account are kept."""
        ...

    async def number_events(self) -> int:
        """Sees to it that whatever is committed by now has its sequence number, and returns how many got one.

        Numbers are given in an order that nobody sees change: one that becomes visible is higher than all before it.
        Where a commit gives them itself, there is nothing to do.
        """
        ...

    async def forget_events(self, age: timedelta, limit: int) -> int:
        """Deletes an account's oldest events, as far as they happened longer ago than that; returns how many."""
        ...

    async def time(self) -> datetime:
        """Reads the ledger's clock: the same for all who share it."""
        ...

    async def paused(self) -> Pause | None:
        """Reads whether an operator has paused dialing; cheap enough to be asked all the time."""
        ...

    async def pause(self, reason: str) -> None:
        """Pauses dialing; where it is paused already, only the reason changes."""
        ...

    async def resume(self) -> None:
        """Ends the pause, if any."""
        ...

    async def probe(self) -> None:
        """Makes a small write durable: a full disk or a dead primary can often still be read."""
        ...

    async def close(self) -> None:
        """Finishes what is queued, and closes."""
        ...
