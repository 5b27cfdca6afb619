"""What the edge knows about one request, beside the request itself."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from gateway.clock import Stopwatch
from gateway.errors import GatewayError
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_LEDGER_UNAVAILABLE
from voicegateway_client.violation import Violation

T = TypeVar("T")

_SPARE: Final = 0.1
_MOST_SPARE: Final = 0.5
"""The part of a caller's time, and the seconds at most, that are kept for an answer to reach him."""


@dataclass(slots=True)
class Inbound:
    """One request as it came in, for the method that answers it.

    Attributes:
        unknown: Fields that this gateway does not know, for a method that judges them itself.
        violations: Rules that the request breaks, likewise.
        facts: What the method adds to the one log line of this call; no numbers, no texts.
        goes_on: Whether the call outlives its caller, and then has its line in the log at its end.
        seconds: How long the caller waits, from the request's coming; None for as long as it takes.
        age: Measures since then.
    """

    unknown: list[Violation] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    goes_on: bool = False
    seconds: float | None = None
    age: Stopwatch = field(default_factory=Stopwatch)
    _began: float = field(default_factory=time.monotonic)

    async def in_time(self, look: Awaitable[T]) -> T:
        """Looks at the ledger for no longer than the caller waits: it may be more patient than he is.

        Raises:
            GatewayError: LEDGER_UNAVAILABLE, when that is over.
        """
        try:
            async with asyncio.timeout(self.time_to_answer()):
                return await look
        except TimeoutError:
            raise GatewayError(ERROR_REASON_LEDGER_UNAVAILABLE) from None

    def time_to_answer(self) -> float | None:
        """Seconds until an answer must leave to reach the caller in time, at least 0; None where there is no limit."""
        if self.seconds is None:
            return None
        spare = min(self.seconds * _SPARE, _MOST_SPARE)
        return max(0.0, self._began + self.seconds - spare - time.monotonic())
