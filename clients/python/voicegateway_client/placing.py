"""Places a call, and repeats the request where that is safe and of use."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TypeAlias

import grpc
import grpc.aio

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client.errors import CallError, error_from

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]


def place_call(
    channel: grpc.Channel,
    request: PlaceCallRequest,
    *,
    timeout: float = 30.0,
    attempts: int = 4,
    within: float = 120.0,
    first_wait: float = 0.5,
    longest_wait: float = 8.0,
    metadata: Metadata = (),
) -> PlaceCallResponse:
    """Places a call, and sends the same request again while `CallError.may_repeat` holds.

    That rings nobody twice: the gateway tells what became of the first attempt, and dials only if nobody was dialed.
    A deadline that passed and a connection that broke are therefore repeated, too.

    Args:
        channel: A channel to the gateway, such as of `open_channel`.
        request: The request. Its request_id is chosen by the caller, and stored before: after a crash the same
            request with the same id tells what became of the call.
        timeout: Seconds for each attempt. The gateway may wait 26 seconds for the provider.
        attempts: How often the request is sent at most.
        within: Seconds for everything together: a wait that the gateway asks for is not begun if it would end later.
        first_wait: Seconds before the first repeat, where the gateway asks for no other time. Each further wait is
            twice as long. All are cut by a random part of at most a half.
        longest_wait: The most seconds between two attempts, unless the gateway asks for more.
        metadata: Sent along with each attempt, such as a token for a proxy.

    Returns:
        The reply: the provider accepted the call, which is not to say that a phone rang.

    Raises:
        CallError: The last answer was an error.
        ValueError: The request has no request_id; nothing was sent.
    """
    repeats = Repeats(request, timeout, attempts, within, first_wait, longest_wait)
    stub = OutboundCallServiceStub(channel)
    while True:
        try:
            return stub.PlaceCall(request, timeout=repeats.timeout(), metadata=metadata)
        except grpc.RpcError as failure:
            time.sleep(repeats.wait_after(failure))


async def place_call_aio(
    channel: grpc.aio.Channel,
    request: PlaceCallRequest,
    *,
    timeout: float = 30.0,
    attempts: int = 4,
    within: float = 120.0,
    first_wait: float = 0.5,
    longest_wait: float = 8.0,
    metadata: Metadata = (),
) -> PlaceCallResponse:
    """Places a call as `place_call` does, for asyncio.

    A task that is cancelled meanwhile ends at once. The call may be placed all the same: the same request with the
    same request_id tells.

    Args:
        channel: A channel to the gateway, such as of `open_aio_channel`.
        request: As for `place_call`.
        timeout: As for `place_call`.
        attempts: As for `place_call`.
        within: As for `place_call`.
        first_wait: As for `place_call`.
        longest_wait: As for `place_call`.
        metadata: As for `place_call`.

    Raises:
        CallError: The last answer was an error.
        ValueError: The request has no request_id; nothing was sent.
    """
    repeats = Repeats(request, timeout, attempts, within, first_wait, longest_wait)
    stub = OutboundCallServiceStub(channel)
    while True:
        try:
            return await stub.PlaceCall(request, timeout=repeats.timeout(), metadata=metadata)
        except grpc.RpcError as failure:
            await asyncio.sleep(repeats.wait_after(failure))


class Repeats:
    """Decides after each failure whether and when there is another attempt."""

    def __init__(
        self,
        request: PlaceCallRequest,
        timeout: float,
        attempts: int,
        within: float,
        first_wait: float,
        longest_wait: float,
    ) -> None:
        if not request.request_id:
            raise ValueError("request_id is empty: choose it once, and store it, before the call is first placed")
        self._timeout = timeout
        self._left = attempts
        self._end = time.monotonic() + within
        self._wait = first_wait
        self._longest_wait = longest_wait

    def timeout(self) -> float:
        """Seconds that the next attempt may take."""
        return max(0.0, min(self._timeout, self._end - time.monotonic()))

    def wait_after(self, failure: grpc.RpcError) -> float:
        """Seconds until the next attempt.

        Raises:
            CallError: There is none.
        """
        error = error_from(failure)
        self._left -= 1
        wait = self._next_wait(error)
        if not error.may_repeat or self._left < 1 or time.monotonic() + wait >= self._end:
            raise error from failure
        return wait

    def _next_wait(self, error: CallError) -> float:
        wait = min(self._wait, self._longest_wait)
        self._wait = wait * 2
        if error.retry_delay is not None:
            return error.retry_delay.total_seconds()
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - it keeps callers from coming back all at once
