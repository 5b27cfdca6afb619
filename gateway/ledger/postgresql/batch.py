"""Many changes in one transaction: lock their rows, apply the changes, write what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.ledger.events import Event, events_of
from gateway.ledger.groups import Pace
from gateway.ledger.postgresql.pool import Connection
from gateway.ledger.postgresql.records import lock, write
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed

Result = Changed | Exception
"""What a change came to; an exception is a bug of that change."""


@dataclass(frozen=True, slots=True)
class Job:
    """A change that somebody waits for."""

    key: Key
    change: Change


async def commit(connection: Connection, batch: Sequence[Job], ahead: timedelta) -> list[Result]:
    """Applies a batch in one transaction; starts it over when another replica has taken one of its new keys.

    What each change came to is returned, of as many as there is time for: what is left is another batch's.

    All locks are taken in the order of the keys, and before the first insert: replicas never wait in a circle.
    """
    while True:
        transaction = connection.transaction(isolation="read_committed")
        await transaction.start()
        found, now = await lock(connection, {job.key for job in batch})
        results, changed, events = await applied(batch, found, now + ahead)
        if changed and await write(connection, found, changed, events):
            await transaction.commit()
            return results
        await transaction.rollback()
        if not changed:
            return results


async def applied(
    batch: Sequence[Job], found: Mapping[Key, Record], now: datetime
) -> tuple[list[Result], dict[Key, Record], list[Event]]:
    """Applies changes in their order, each to what the one before made, as many as there is time for.

    Returns:
        What each came to, the records that are to be written, and what is told of every single change.
    """
    pace, standing, results, events = Pace(), dict(found), list[Result](), list[Event]()
    for job in batch:
        record = standing.get(job.key)
        try:
            changed = job.change(record, now)
            told = [] if changed is None else events_of(record, changed)
        except Exception as bug:  # noqa: BLE001 - a bug of one call must not fail the others of its batch
            results.append(bug)
        else:
            if changed is not None:
                standing[job.key] = changed
                events += told
            results.append(Changed(changed or record, is_mine=changed is not None))
        if not await pace.goes_on():
            break
    return results, {key: record for key, record in standing.items() if record is not found.get(key)}, events
