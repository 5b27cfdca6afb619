"""The events of calls as an iterator, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import grpc
import grpc.aio

from voicegateway.v1.outbound_call_service_pb2 import CallEvent
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client.errors import CallError, error_from
from voicegateway_client.placing import Metadata
from voicegateway_client.resumption import Resumption, silent


class AioCallWatch(AsyncIterator[CallEvent]):
    """Events in their order, across streams that break. For one task at a time; any task may close it.

    Use it in an `async with`, or close it. A task that is cancelled while it waits has missed nothing: who asks again
    goes on after the last event.
    """

    def __init__(
        self, channel: grpc.aio.Channel, resumption: Resumption, silence: float | None, metadata: Metadata
    ) -> None:
        self._stream: Any = None
        self._closed = asyncio.Event()
        self._resumption = resumption
        self._silence = silence
        self._metadata = metadata
        self._open = OutboundCallServiceStub(channel).WatchCalls

    @property
    def last_sequence(self) -> int | None:
        """Is where this watch stands: another one with it as `after_sequence` goes on from here. None if not known yet.

        An event counts as soon as it is handed out.
        """
        return self._resumption.last_sequence

    async def aclose(self) -> None:
        """Ends the stream, and the iteration, at once."""
        self._close()

    def _close(self) -> None:
        self._closed.set()
        if self._stream is not None:
            self._stream.cancel()  # a task that waits for it still has it in hand

    async def __anext__(self) -> CallEvent:
        while not self._closed.is_set():
            try:
                event = await self._step()
            except Exception:
                self._close()
                raise
            if event is not None:
                return event
        raise StopAsyncIteration

    async def _step(self) -> CallEvent | None:
        """Waits for a message; where the stream has come to its end, until it is time for the next one."""
        if self._stream is None:
            self._stream = self._open(self._resumption.request(), metadata=self._metadata)
        try:
            async with asyncio.timeout(self._silence):
                response = await self._stream.read()
        except grpc.RpcError as failure:
            await self._after(error_from(failure), failure)
        except TimeoutError as failure:
            await self._after(silent(), failure)
        except asyncio.CancelledError as failure:
            if _is_cancelled():
                self._drop()
                raise
            await self._after(CallError(grpc.StatusCode.CANCELLED, "the channel was closed"), failure)
        else:
            if response is not grpc.aio.EOF:
                return self._resumption.take(response)
            await self._after(None, None)
        return None

    async def _after(self, error: CallError | None, failure: BaseException | None) -> None:
        self._drop()
        if self._closed.is_set():
            return
        wait = self._resumption.wait_after(error, failure)
        if wait is None:
            self._close()
            return
        try:
            async with asyncio.timeout(wait):
                await self._closed.wait()
        except TimeoutError:
            return

    def _drop(self) -> None:
        self._stream.cancel()
        self._stream = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()


def _is_cancelled() -> bool:
    """Whether it is the task that was cancelled, and not only its stream: by `aclose`, or since its channel closed."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
