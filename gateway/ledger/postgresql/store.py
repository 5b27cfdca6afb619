"""The shared ledger: PostgreSQL, for any number of replicas. Its clock is the server's, the same for all of them.

Changes are committed in batches over a connection of their own, which no reader can keep from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg

from gateway.ledger import rows
from gateway.ledger.events import NumberedEvent, Span
from gateway.ledger.groups import Groups
from gateway.ledger.postgresql import events, maintenance
from gateway.ledger.postgresql.batch import Job, Result, commit
from gateway.ledger.postgresql.pool import FAILURES, Connections, as_postgresql
from gateway.ledger.postgresql.schema import check, migrate
from gateway.ledger.record import Key, Record, Stage
from gateway.ledger.store import Change, Changed, Filter, Info, LedgerStartError, MaintenanceError, Pause
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING

MOST_READERS: Final = 4

_SELECT: Final = f"SELECT {', '.join(rows.COLUMNS)} FROM calls"  # noqa: S608 - the names of our own fields

_DUE: Final = rows.DUE.replace("retain_from < ?", "retain_from < now() - ?::interval")


class PostgresqlStore:
    """Keeps records in one PostgreSQL database. See `Store` for what each method promises."""

    is_alone = False

    def __init__(
        self,
        url: str,
        *,
        create: bool,
        in_flight: Callable[[], int] = lambda: 0,
        ahead: Callable[[], timedelta] = timedelta,
    ) -> None:
        """Builds a store; nothing is connected yet.

        Args:
            url: Where the database is.
            create: Whether an empty database is made a ledger.
            in_flight: How many calls are on their way: under load a commit waits for company.
            ahead: How far the ledger's clock is ahead of the server's; for tests, which cannot set a server's clock.
        """
        self._url = url
        self._create = create
        self._ahead = ahead
        self._writer = Connections(url, most=1)
        self._readers = Connections(url, most=MOST_READERS)
        self._groups = Groups[Job](self._commit, in_flight)

    async def open(self, *, beside_a_server: bool = False) -> None:
        """Brings the schema up to date, alone with it; beside a server, looks whether it is."""
        try:
            if beside_a_server:
                await check(self._url)
            else:
                await migrate(self._url, create=self._create)
            await self._writer.open()
            await self._readers.open()
        except (asyncpg.InterfaceError, ValueError) as error:  # their texts may quote a wrong URL
            raise LedgerStartError(f"ledger.url cannot be connected to: {type(error).__name__}") from None
        except FAILURES as error:
            cause = str(error) or type(error).__name__
            raise LedgerStartError(f"the database of ledger.url cannot be opened as a ledger: {cause}") from None

    async def change(self, key: Key, change: Change) -> Changed:
        """Applies a change in the next batch; returns once the batch is committed."""
        changed: Changed = await self._groups.submit(Job(key, change))
        return changed

    async def find(self, key: Key) -> Record | None:
        """Reads one record."""
        return await self._read_one("WHERE account = ? AND request_id = ?", key)

    async def find_many(self, keys: Sequence[Key]) -> list[Record]:
        """Reads them with one statement."""
        if not keys:
            return []
        pairs = "SELECT * FROM unnest(?::text[], ?::text[])"
        return await self._read(f"WHERE (account, request_id) IN ({pairs})", [*zip(*keys, strict=True)])

    async def find_call(self, account: str | None, call_id: str) -> Record | None:
        """Reads one record."""
        return await self._read_one("WHERE call_id = ? AND account = coalesce(?, account)", (call_id, account))

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        """Reads a page by its key, so that calls recorded meanwhile do not shift it."""
        where, values = rows.conditions(wanted, rows.as_it_is)
        return await self._read(f"WHERE {where} ORDER BY created DESC, call_id DESC LIMIT ?", [*values, limit])

    async def sending(self, *, overdue_only: bool) -> list[Key]:
        """Lists keys from the index of calls on their way."""
        where, values = f"WHERE dispatch = {DISPATCH_SENDING}", list[Any]()
        if overdue_only:
            where, values = f"{where} AND send_deadline < clock_timestamp() + ?", [self._ahead()]
        return await self._keys(where, values)

    async def due(self, stage: Stage, age: timedelta, limit: int) -> list[Key]:
        """Lists keys from the index of what is due."""
        return await self._keys(_DUE, [stage, age - self._ahead(), limit])

    async def forget(self, age: timedelta, limit: int) -> int:
        """Deletes rows, which have no numbers any more; those that somebody else is at can wait."""
        async with self._readers.lend() as connection:
            deleted = await connection.fetch(
                as_postgresql(
                    f"DELETE FROM calls WHERE call_id IN (SELECT call_id FROM calls {_DUE} FOR UPDATE SKIP LOCKED) "  # noqa: S608 - a constant
                    "RETURNING call_id"
                ),
                Stage.TOMBSTONE,
                age - self._ahead(),
                limit,
            )
        return len(deleted)

    async def find_token(self, token: bytes) -> Key | None:
        """Looks one token up."""
        async with self._readers.lend() as connection:
            found = await connection.fetchrow("SELECT account, request_id FROM report_tokens WHERE token = $1", token)
        return None if found is None else Key(found["account"], found["request_id"])

    async def stale(self, limit: int) -> list[Key]:
        """Lists keys from the index of what was to be heard of."""
        where = "WHERE stale_at < clock_timestamp() + ? AND dispatch <> 2 ORDER BY stale_at LIMIT ?"
        return await self._keys(where, [self._ahead(), limit])

    async def events(self, account: str, after: int, call_id: str | None, limit: int) -> list[NumberedEvent]:
        """Reads events with what of their calls they are told with."""
        async with self._readers.lend() as connection:
            return await events.select(connection, account, after, call_id, limit)

    async def span(self, account: str) -> Span:
        """Reads one row."""
        async with self._readers.lend() as connection:
            found = await connection.fetchrow("SELECT forgotten, newest FROM sequences WHERE account = $1", account)
        return Span(0, 0) if found is None else Span(found["forgotten"], found["newest"])

    async def number_events(self) -> int:
        """Numbers what any replica has committed, alone at it."""
        async with self._readers.lend() as connection:
            return await events.number(connection)

    async def forget_events(self, age: timedelta, limit: int) -> int:
        """Deletes the oldest."""
        async with self._readers.lend() as connection:
            return await events.forget(connection, age - self._ahead(), limit)

    async def scrub(self) -> bool:
        """Leaves old versions of rows to the server's autovacuum."""
        return True

    async def info(self) -> Info:
        """Counts over a connection of its own, which may take its time."""
        return await maintenance.info(self._url, self._ahead())

    async def backup(self, target: Path) -> None:  # noqa: ARG002 - the protocol's
        """Leaves that to the server's own tools."""
        raise MaintenanceError("a PostgreSQL ledger is backed up by pg_dump, or with its server")

    async def vacuum(self) -> None:
        """Vacuums over a connection of its own, which may take its time."""
        await maintenance.vacuum(self._url)

    async def time(self) -> datetime:
        """Is the server's."""
        async with self._readers.lend() as connection:
            now: datetime = await connection.fetchval("SELECT clock_timestamp() + $1::interval", self._ahead())
        return now

    async def paused(self) -> Pause | None:
        """Reads the one row that there is while it is paused."""
        async with self._readers.lend() as connection:
            row = await connection.fetchrow("SELECT reason, since FROM pause")
        return None if row is None else Pause(row["reason"], row["since"])

    async def pause(self, reason: str) -> None:
        """Writes the one row."""
        async with self._readers.lend() as connection:
            await connection.execute(
                "INSERT INTO pause VALUES (1, $1, clock_timestamp() + $2) "
                "ON CONFLICT (one) DO UPDATE SET reason = excluded.reason",
                reason,
                self._ahead(),
            )

    async def resume(self) -> None:
        """Deletes the one row."""
        async with self._readers.lend() as connection:
            await connection.execute("DELETE FROM pause")

    async def probe(self) -> None:
        """Writes one row again and again, over the connection that everything is written with."""
        async with self._writer.lend() as connection:
            await connection.execute(
                "INSERT INTO probe VALUES (1, clock_timestamp()) ON CONFLICT (one) DO UPDATE SET at = excluded.at"
            )

    async def close(self) -> None:
        """Finishes what is queued, and closes."""
        await self._groups.drain()
        await asyncio.gather(self._writer.close(), self._readers.close())

    async def _commit(self, batch: Sequence[Job]) -> Sequence[Result]:
        async with self._writer.lend() as connection:
            return await commit(connection, batch, self._ahead())

    async def _read_one(self, where: str, values: Sequence[Any]) -> Record | None:
        found = await self._read(where, values)
        return found[0] if found else None

    async def _read(self, where: str, values: Sequence[Any]) -> list[Record]:
        async with self._readers.lend() as connection:
            found = await connection.fetch(as_postgresql(f"{_SELECT} {where}"), *values)
        return [rows.record(tuple(row), rows.as_it_is) for row in found]

    async def _keys(self, where: str, values: Sequence[Any]) -> list[Key]:
        async with self._readers.lend() as connection:
            found = await connection.fetch(as_postgresql(f"SELECT account, request_id FROM calls {where}"), *values)  # noqa: S608 - constants
        return [Key(*row) for row in found]
