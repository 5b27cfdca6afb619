"""The schema of a PostgreSQL database, brought up to date by whichever replica comes first."""

from __future__ import annotations

from typing import Final

import asyncpg

from gateway.ledger.migrations import migrations
from gateway.ledger.postgresql.pool import CONNECT_WITHIN, SETTINGS
from gateway.ledger.store import NONE_YET, START_ONCE, WOULD_FORGET, LedgerStartError, NoLedgerError, OldLedgerError

_LOCK: Final = int.from_bytes(b"ledger")
"""Names the advisory lock that replicas migrate under; any number that nobody else takes."""


async def migrate(url: str, *, create: bool) -> None:
    """Applies the migrations that the database lacks, in one transaction, alone.

    Raises:
        LedgerStartError: The database is empty and may not be filled, or was made by a newer version of this program.
    """
    connection = await asyncpg.connect(url, timeout=CONNECT_WITHIN, server_settings=SETTINGS)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await _apply(connection, create=create)
    finally:
        connection.terminate()


async def check(url: str) -> None:
    """Looks whether the schema is this program's.

    Raises:
        LedgerStartError: It is not.
    """
    connection = await asyncpg.connect(url, timeout=CONNECT_WITHIN, server_settings=SETTINGS)
    try:
        version, known = await _version(connection), len(migrations("postgresql"))
    finally:
        connection.terminate()
    _refuse_newer(version)
    if version == 0:
        raise NoLedgerError(f"the database of ledger.url is no ledger: {NONE_YET}")
    if version < known:
        raise OldLedgerError(
            f"the database of ledger.url has schema {version}, and this version wants {known}: {START_ONCE}"
        )


async def _apply(connection: asyncpg.Connection[asyncpg.Record], *, create: bool) -> None:
    steps, version = migrations("postgresql"), await _version(connection)
    _refuse_newer(version)
    if version == 0 and not create:
        raise NoLedgerError(f"the database of ledger.url is empty: {WOULD_FORGET}")
    if version == 0:
        await connection.execute("CREATE TABLE schema_version (version integer PRIMARY KEY)")
    for number, step in enumerate(steps[version:], start=version + 1):
        await connection.execute(step)
        await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", number)


def _refuse_newer(version: int) -> None:
    if version > (known := len(migrations("postgresql"))):
        raise LedgerStartError(
            f"the database of ledger.url has schema {version}, and this version knows {known}: upgrade the gateway"
        )


async def _version(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
        return 0
    return int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version"))
