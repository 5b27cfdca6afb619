"""A ledger of each kind, new for each test."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from gateway.clock import utc_now
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Store


class Clock:
    """The ledger's clock, which a test may set forward."""

    def __init__(self) -> None:
        self.ahead = utc_now() - utc_now()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Store:
    """A store of each kind, not open yet."""
    if request.param == "SQLite":
        return SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=clock)
    return PostgresqlStore(request.getfixturevalue("database"), create=True, ahead=lambda: clock.ahead)


@pytest.fixture
async def store(new_store: Store) -> AsyncIterator[Store]:
    """An open store."""
    await new_store.open()
    yield new_store
    await new_store.close()
