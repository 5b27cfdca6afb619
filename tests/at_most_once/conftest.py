"""Gateways that may be killed."""

from collections.abc import AsyncIterator

import pytest
from nursery import Nursery


@pytest.fixture(scope="session")
async def nursery() -> AsyncIterator[Nursery]:
    """Makes gateway processes."""
    async with Nursery.open() as opened:
        yield opened
