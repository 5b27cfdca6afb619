"""Connections to PostgreSQL that keep the ledger's promises, and give up in time."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from gateway.ledger.store import LedgerUnavailableError

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a database that fails raises; timeouts and lost connections are OSErrors."""

SETTINGS: Final = {
    "application_name": "kaleyra-gateway",
    "synchronous_commit": "on",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",  # a replica that stands still must not keep its locks
    "jit": "off",
    # A plan is made for the table as it is: one that was kept from when it was small would read all of it.
    "plan_cache_mode": "force_custom_plan",
}
"""Part of every connection's start: they win over what the server, the database, the role and the URL say."""

CONNECT_WITHIN: Final = 3.0
PATIENCE: Final = 6.0
"""Seconds for one use of a connection, with the wait for it: also where the network swallows everything."""


class Connections:
    """A pool; what broke is thrown away, and the next use connects anew."""

    def __init__(self, url: str, *, most: int) -> None:
        """Builds a pool; nothing is connected yet.

        Args:
            url: Where the database is.
            most: How many connections there may be.
        """
        self._url = url
        self._most = most
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Opens an empty pool: each connection is made when it is first needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._most,
            timeout=CONNECT_WITHIN,
            server_settings=SETTINGS,
            reset=_nothing_to_reset,
        )

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """Lends a connection; one on which anything failed does not come back.

        Raises:
            LedgerUnavailableError: The database failed, in whatever way. What was written may be there or not.
        """
        if self._pool is None:
            raise LedgerUnavailableError("NotOpen", in_doubt=False)
        is_lent = False
        try:
            async with asyncio.timeout(PATIENCE), _whole(self._pool) as connection:
                is_lent = True
                yield connection
        except FAILURES as error:
            raise LedgerUnavailableError(type(error).__name__, in_doubt=is_lent) from None

    async def close(self) -> None:
        """Closes the connections, politely for a moment."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await self._pool.close()
        except FAILURES:
            self._pool.terminate()


@asynccontextmanager
async def _whole(pool: asyncpg.Pool[asyncpg.Record]) -> AsyncIterator[Connection]:
    connection = await pool.acquire()
    try:
        yield connection
    except BaseException:
        connection.terminate()
        raise
    finally:
        await pool.release(connection)


async def _nothing_to_reset(_connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Spares a round trip at each return: the ledger leaves nothing in a session."""


def as_postgresql(statement: str) -> str:
    """Writes placeholders as PostgreSQL wants them: $1, $2 and so on for each question mark."""
    numbers = itertools.count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
