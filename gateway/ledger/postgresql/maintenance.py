"""An operator's work on a PostgreSQL ledger, over a connection of its own, which may take its time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import asyncpg

from gateway.ledger.counts import COUNTED, counts
from gateway.ledger.postgresql.pool import CONNECT_WITHIN, FAILURES, SETTINGS
from gateway.ledger.store import Info, LedgerUnavailableError, Pause
from gateway.settings.shown import without_password

_TABLES: Final = (
    "calls, call_numbers, events, pause, probe, report_tokens, schema_version, sequences, unnumbered_events"
)


async def info(url: str, ahead: timedelta) -> Info:
    """Looks a database over, as it is at one moment."""
    async with _connection(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        counted = counts(map(tuple, await connection.fetch(COUNTED.format(now="now() + $1"), ahead)))
        pause = await connection.fetchrow("SELECT reason, since FROM pause")
        return Info(
            place=without_password(url),
            schema=await connection.fetchval("SELECT max(version) FROM schema_version"),
            by_dispatch=counted.by_dispatch,
            by_stage=counted.by_stage,
            oldest=counted.oldest,
            newest=counted.newest,
            overdue=counted.overdue,
            size=await connection.fetchval(
                "SELECT sum(pg_total_relation_size(name))::bigint FROM unnest($1::regclass[]) AS name",
                _TABLES.split(", "),
            ),
            free=None,
            pause=None if pause is None else Pause(pause["reason"], pause["since"]),
            is_served=None,
        )


async def vacuum(url: str) -> None:
    """Frees what nobody sees any more, and counts anew for the planner."""
    async with _connection(url) as connection:
        await connection.execute(f"VACUUM (ANALYZE) {_TABLES}")


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    settings = SETTINGS | {"statement_timeout": "0"}
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_WITHIN, server_settings=settings)
        try:
            yield connection
        finally:
            connection.terminate()
    except FAILURES as error:
        raise LedgerUnavailableError(type(error).__name__) from None
