"""Much that happens to many calls at once: reports that go to the ledger as the receiver brings them."""

import asyncio
from itertools import count
from typing import Any

from gateway_under_test import TO_A_FLOW
from watched_gateway import ONE, WatchedGateway

from gateway.clock import utc_now
from gateway.kaleyra.reports import Report, ReportKind

AGAIN = dict(TO_A_FLOW) | {"retryCount": 100}
"""A call that may ring again and again."""

_ATTEMPTS = count()


async def tokens_of_calls(watched: WatchedGateway, many: int, **fields: Any) -> list[str]:
    """Places so many calls; returns the tokens that reports about them bear."""
    calls = await asyncio.gather(*(watched.place(AGAIN, **fields) for _ in range(many)))
    return [watched.token(call.call_id) for call in calls]


async def rings(watched: WatchedGateway, token: str, times: int = 1) -> None:
    """Has the phone of a call ring so many times, each of which is one event."""
    for _ in range(times):
        told = Report(
            kind=ReportKind.START,
            received=utc_now(),
            provider_call_id=f"{next(_ATTEMPTS):08}",
            callee=ONE.removeprefix("+"),
        )
        assert await watched.running.gateway.ledger.report(token, lambda told=told: told)
