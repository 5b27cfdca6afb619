"""A receiver on a real socket, before a ledger that does as it is told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from receiver_under_test import Clock, ReceiverUnderTest, running_receiver

from gateway.ledger.store import LedgerUnavailableError

StartReceiver = Callable[..., Awaitable[ReceiverUnderTest]]


@pytest.fixture
async def start_receiver() -> AsyncIterator[StartReceiver]:
    """Starts a receiver with the given settings over the usual ones."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> ReceiverUnderTest:
            return await stack.enter_async_context(running_receiver(**settings))

        yield start


@pytest.fixture
async def receiver(start_receiver: StartReceiver) -> ReceiverUnderTest:
    """A receiver with the usual settings."""
    return await start_receiver()


@pytest.fixture
def clock() -> Clock:
    """Stands still."""
    return Clock()


@pytest.fixture
def broken_ledger() -> Callable[[], Awaitable[None]]:
    """Behaves as a ledger that cannot be reached."""

    async def behavior() -> None:
        raise LedgerUnavailableError("ConnectionRefusedError")

    return behavior
