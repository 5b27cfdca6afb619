"""An operator on a ledger of each kind, and a call whose outcome is unknown."""

from collections.abc import Awaitable, Callable
from typing import Any

import faults
import pytest
from gateway_under_test import GatewayUnderTest
from operator_terminal import Operator
from raw_provider import ACCEPTED, RawProvider, answering, reply


@pytest.fixture
def operator(ledger: dict[str, str]) -> Operator:
    """An operator on the ledger of a test."""
    return Operator(ledger["url"])


Lost = Callable[..., Awaitable[str]]


@pytest.fixture
def lost(provider: RawProvider) -> Lost:
    """Places a call whose answer is lost, and gives its call id; the provider behaves from then on."""

    async def lose(gateway: GatewayUnderTest, request_id: str, **fields: Any) -> str:
        provider.behave(faults.closes_after_reading)
        error = await gateway.place_call_error(requestId=request_id, **fields)
        assert "OUTCOME_UNKNOWN" == error.dispatch
        provider.behave(answering(reply(ACCEPTED)))
        call_id: str = error.info.metadata["call_id"]
        return call_id

    return lose
