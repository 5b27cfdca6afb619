"""Follows one call, or all calls of an account, across replicas that come and go."""

from __future__ import annotations

import grpc
import grpc.aio

from voicegateway.v1.outbound_call_service_pb2 import WatchCallsRequest
from voicegateway_client.aio_call_watch import AioCallWatch
from voicegateway_client.call_watch import CallWatch
from voicegateway_client.placing import Metadata
from voicegateway_client.resumption import Resumption


def watch_call(
    channel: grpc.Channel,
    *,
    call_id: str = "",
    request_id: str = "",
    account: str = "",
    after_sequence: int | None = None,
    silence: float | None = 60.0,
    patience: float | None = 300.0,
    first_wait: float = 0.2,
    longest_wait: float = 5.0,
    metadata: Metadata = (),
) -> CallWatch:
    """Follows one call until nothing more becomes of it.

    A stream that breaks is opened again after the last event: none is missed, told twice or out of order.

    Args:
        channel: A channel to the gateway, such as of `open_channel`.
        call_id: Which call, by the gateway's id.
        request_id: Which call, by the id of its request. One of the two is needed.
        account: The account that the call was placed with; empty for `default`.
        after_sequence: Goes on after this event, such as a `last_sequence` that was stored. None: from the first one.
        silence: A stream that is waited for this many seconds is broken. The gateway sends a heartbeat every 15
            seconds, unless it is set otherwise. None waits for ever.
        patience: How many seconds after a break a message must have come: else its last error is raised. 0 raises
            each break; None tries for ever.
        first_wait: Seconds before a broken stream is opened again. Each further wait is twice as long, until a
            message comes. All are cut by a random part of at most a half; a longer one that the gateway asks for holds.
        longest_wait: The most seconds between two streams, unless the gateway asks for more.
        metadata: Sent along with each stream, such as a token for a proxy.

    Returns:
        An iterator. It raises CallError where another stream would not help: CALL_NOT_FOUND, INVALID_REQUEST,
        CURSOR_OUT_OF_RANGE and the like, or a lost patience; and then it is over.

    Raises:
        ValueError: There are both ids, or none.
    """
    request = _request_for_one(call_id, request_id, account, after_sequence)
    resumption = Resumption(request, patience=patience, first_wait=first_wait, longest_wait=longest_wait)
    return CallWatch(channel, resumption, silence, metadata)


def watch_calls(
    channel: grpc.Channel,
    *,
    account: str = "",
    after_sequence: int | None = None,
    silence: float | None = 60.0,
    patience: float | None = 300.0,
    first_wait: float = 0.2,
    longest_wait: float = 5.0,
    metadata: Metadata = (),
) -> CallWatch:
    """Follows all calls of an account, without an end.

    Args:
        channel: As for `watch_call`.
        account: Which account; empty for `default`.
        after_sequence: Goes on after this event, such as a `last_sequence` that was stored. 0: from the oldest one that
            is kept. None: from now on. What happens in a break is then told, too, but for one thing: until the
            gateway has told where the account stands, and `last_sequence` is no longer None, a break starts anew.
        silence: As for `watch_call`.
        patience: As for `watch_call`.
        first_wait: As for `watch_call`.
        longest_wait: As for `watch_call`.
        metadata: As for `watch_call`.

    Returns:
        An iterator, as of `watch_call`.
    """
    request = WatchCallsRequest(account=account, after_sequence=after_sequence)
    resumption = Resumption(request, patience=patience, first_wait=first_wait, longest_wait=longest_wait)
    return CallWatch(channel, resumption, silence, metadata)


def watch_call_aio(
    channel: grpc.aio.Channel,
    *,
    call_id: str = "",
    request_id: str = "",
    account: str = "",
    after_sequence: int | None = None,
    silence: float | None = 60.0,
    patience: float | None = 300.0,
    first_wait: float = 0.2,
    longest_wait: float = 5.0,
    metadata: Metadata = (),
) -> AioCallWatch:
    """Follows one call as `watch_call` does, for asyncio.

    Args:
        channel: A channel to the gateway, such as of `open_aio_channel`.
        call_id: As for `watch_call`.
        request_id: As for `watch_call`.
        account: As for `watch_call`.
        after_sequence: As for `watch_call`.
        silence: As for `watch_call`.
        patience: As for `watch_call`.
        first_wait: As for `watch_call`.
        longest_wait: As for `watch_call`.
        metadata: As for `watch_call`.

    Raises:
        ValueError: There are both ids, or none.
    """
    request = _request_for_one(call_id, request_id, account, after_sequence)
    resumption = Resumption(request, patience=patience, first_wait=first_wait, longest_wait=longest_wait)
    return AioCallWatch(channel, resumption, silence, metadata)


def watch_calls_aio(
    channel: grpc.aio.Channel,
    *,
    account: str = "",
    after_sequence: int | None = None,
    silence: float | None = 60.0,
    patience: float | None = 300.0,
    first_wait: float = 0.2,
    longest_wait: float = 5.0,
    metadata: Metadata = (),
) -> AioCallWatch:
    """Follows all calls of an account as `watch_calls` does, for asyncio.

    Args:
        channel: A channel to the gateway, such as of `open_aio_channel`.
        account: As for `watch_calls`.
        after_sequence: As for `watch_calls`.
        silence: As for `watch_call`.
        patience: As for `watch_call`.
        first_wait: As for `watch_call`.
        longest_wait: As for `watch_call`.
        metadata: As for `watch_call`.
    """
    request = WatchCallsRequest(account=account, after_sequence=after_sequence)
    resumption = Resumption(request, patience=patience, first_wait=first_wait, longest_wait=longest_wait)
    return AioCallWatch(channel, resumption, silence, metadata)


def _request_for_one(call_id: str, request_id: str, account: str, after_sequence: int | None) -> WatchCallsRequest:
    if bool(call_id) == bool(request_id):
        raise ValueError("one of call_id and request_id says which call it is")
    if call_id:
        return WatchCallsRequest(call_id=call_id, account=account, after_sequence=after_sequence)
    return WatchCallsRequest(request_id=request_id, account=account, after_sequence=after_sequence)
