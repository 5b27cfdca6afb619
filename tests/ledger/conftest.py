"""A ledger of each kind, new for each test."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from gateway.clock import utc_now
from gateway.ledger.sqlite import SqliteStore
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


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    """An open store."""
    opened = SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=clock)
    await opened.open()
    yield opened
    await opened.close()
