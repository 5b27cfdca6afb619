"""Where a stream of events stands, and whether and when it is opened again after it broke."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

import grpc

from voicegateway.v1.outbound_call_service_pb2 import CallEvent, WatchCallsRequest, WatchCallsResponse
from voicegateway_client.errors import CallError

_FINAL: Final = frozenset(
    {
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.DATA_LOSS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)
"""The gateway's own codes that another stream would only meet again. Codes, so that it holds for newer reasons, too."""


class Resumption:
    """Follows a stream across its breaks: no event is told twice, skipped or out of order."""

    def __init__(
        self,
        request: WatchCallsRequest,
        *,
        patience: float | None,
        first_wait: float,
        longest_wait: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._patience = patience
        self._first_wait = first_wait
        self._longest_wait = longest_wait
        self._now = now
        self._wait = first_wait
        self._broken_since: float | None = None
        self.last_sequence = request.after_sequence if request.HasField("after_sequence") else None

    def request(self) -> WatchCallsRequest:
        """The request for the next stream: as the first one, after what was told."""
        request = WatchCallsRequest()
        request.CopyFrom(self._request)
        if self.last_sequence is not None:
            request.after_sequence = self.last_sequence
        return request

    def take(self, response: WatchCallsResponse) -> CallEvent | None:
        """Takes a message. None for one that tells no event, or one that was told before."""
        self._wait, self._broken_since = self._first_wait, None
        if response.WhichOneof("response") == "heartbeat":
            self._passes(response.heartbeat.sequence)
            return None
        if response.WhichOneof("response") == "event" and self._passes(response.event.sequence):
            return response.event
        return None

    def wait_after(self, error: CallError | None, cause: BaseException | None = None) -> float | None:
        """Seconds until the next stream. None where that was the end: a stream on one call ended well.

        Args:
            error: How the stream broke; None where it ended well.
            cause: What gRPC raised.

        Raises:
            CallError: There is no next one: it would meet the same error, or there was no message for too long.
        """
        if error is None and self._request.WhichOneof("lookup") is not None:
            return None
        error = error or CallError(grpc.StatusCode.UNAVAILABLE, "a stream on an account ended, and none does")
        wait = self._next_wait(error)
        if _is_final(error) or self._loses_patience(wait):
            raise error from cause
        return wait

    def _loses_patience(self, wait: float) -> bool:
        if self._broken_since is None:
            self._broken_since = self._now()
        lasts = self._now() + wait - self._broken_since
        return self._patience is not None and lasts >= self._patience

    def _passes(self, sequence: int) -> bool:
        if self.last_sequence is not None and sequence <= self.last_sequence:
            return False
        self.last_sequence = sequence
        return True

    def _next_wait(self, error: CallError) -> float:
        wait = min(self._wait, self._longest_wait)
        self._wait = wait * 2
        wait *= random.uniform(0.5, 1.0)  # noqa: S311 - it keeps callers from coming back all at once
        return wait if error.retry_delay is None else max(wait, error.retry_delay.total_seconds())


def _is_final(error: CallError) -> bool:
    """Whether it does not get better by itself."""
    return error.code in _FINAL if error.from_gateway else not error.may_repeat


def silent() -> CallError:
    """Stands for a stream over which nothing came for too long."""
    return CallError(grpc.StatusCode.DEADLINE_EXCEEDED, "nothing came, not even a heartbeat")
