"""Gateways that receive reports."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faulty_store import FaultyStore, gateway_on
from gateway_under_test import running_gateway
from raw_provider import RawProvider
from watched_gateway import RECEIVER, WatchedGateway, watching

from gateway.clock import utc_now
from gateway.ledger import upkeep
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Store

StartWatched = Callable[..., Awaitable[WatchedGateway]]


@pytest.fixture
async def start_watched(provider: RawProvider, ledger: dict[str, str]) -> AsyncIterator[StartWatched]:
    """Starts a gateway that receives reports, on a ledger of either kind; on PostgreSQL more than one."""
    async with AsyncExitStack() as stack:

        async def start(receiver: Any = None, **settings: Any) -> WatchedGateway:
            usual = {"ledger": ledger, "receiver": dict(RECEIVER) | (receiver or {})}
            running = await stack.enter_async_context(running_gateway(provider.url, usual | settings))
            return await stack.enter_async_context(watching(running, provider))

        yield start


@pytest.fixture
async def watched(start_watched: StartWatched) -> WatchedGateway:
    """A gateway with the usual settings."""
    return await start_watched()


class Clock:
    """The ledger's clock, which a test may set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(ledger: dict[str, str], clock: Clock) -> FaultyStore:
    """A ledger's store of either kind, which fails as told, and whose clock a test may set."""
    kept: Store
    if ledger["url"].startswith("sqlite"):
        file = Path(ledger["url"].removeprefix("sqlite:///"))
        kept = SqliteStore(file, create=True, in_flight=lambda: 0, now=clock)
    else:
        kept = PostgresqlStore(ledger["url"], create=True, ahead=lambda: clock.ahead)
    return FaultyStore(kept)


@pytest.fixture
async def start_on_store(
    provider: RawProvider, store: FaultyStore, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[StartWatched]:
    """Starts a gateway on `store`, whose upkeep looks often."""
    monkeypatch.setattr(upkeep, "SWEEP_EVERY", 0.1)
    monkeypatch.setattr(upkeep, "RETENTION_EVERY", 0.1)
    async with AsyncExitStack() as stack:

        async def start(receiver: Any = None, **settings: Any) -> WatchedGateway:
            usual = {"receiver": dict(RECEIVER) | (receiver or {})}
            running = await stack.enter_async_context(gateway_on(store, provider.url, usual | settings))
            return await stack.enter_async_context(watching(running, provider))

        yield start
