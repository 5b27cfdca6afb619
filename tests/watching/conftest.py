"""Gateways that receive reports."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from gateway_under_test import running_gateway
from raw_provider import RawProvider
from watched_gateway import RECEIVER, WatchedGateway, watching

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
