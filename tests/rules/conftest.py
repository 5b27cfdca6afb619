"""One gateway for all tests of a file: a refusal leaves nothing behind."""

from collections.abc import AsyncIterator

import pytest
from gateway_under_test import GatewayUnderTest, running_gateway
from raw_provider import RawProvider


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[RawProvider]:
    async with RawProvider.listening() as listening:
        yield listening


@pytest.fixture(scope="module")
async def gateway(provider: RawProvider) -> AsyncIterator[GatewayUnderTest]:
    async with running_gateway(provider.url, {}) as running:
        yield running
