"""The events of calls as an iterator, for threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Self

import grpc

from voicegateway.v1.outbound_call_service_pb2 import CallEvent
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client.errors import CallError, error_from
from voicegateway_client.placing import Metadata
from voicegateway_client.resumption import Resumption, silent
from voicegateway_client.silence import SilenceGuard


class CallWatch(Iterator[CallEvent]):
    """Events in their order, across streams that break. For one thread at a time; any thread may close it.

    Use it in a `with`, or close it.
    """

    def __init__(
        self, channel: grpc.Channel, resumption: Resumption, silence: float | None, metadata: Metadata
    ) -> None:
        self._stream: Any = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._guard = SilenceGuard(silence)
        self._resumption = resumption
        self._metadata = metadata
        self._open = OutboundCallServiceStub(channel).WatchCalls

    @property
    def last_sequence(self) -> int | None:
        """Is where this watch stands: another one with it as `after_sequence` goes on from here. None if not known yet.

        An event counts as soon as it is handed out.
        """
        return self._resumption.last_sequence

    def close(self) -> None:
        """Ends the stream, and the iteration, at once."""
        with self._lock:
            self._closed.set()
            self._guard.stop()
            if self._stream is not None:
                self._stream.cancel()

    def __next__(self) -> CallEvent:
        while not self._closed.is_set():
            try:
                event = self._step()
            except Exception:
                self.close()
                raise
            if event is not None:
                return event
        raise StopIteration

    def _step(self) -> CallEvent | None:
        """Waits for a message; where the stream has come to its end, until it is time for the next one."""
        stream = self._opened()
        if stream is None:
            return None
        try:
            with self._guard.over(stream):
                response = next(stream, None)
        except grpc.RpcError as failure:
            self._after(silent() if self._guard.cut(stream) else error_from(failure), failure)
            return None
        if response is None:
            self._after(None, None)
            return None
        return self._resumption.take(response)

    def _opened(self) -> Any:
        """The stream, a new one where there is none; None where this is closed."""
        with self._lock:
            if self._stream is None and not self._closed.is_set():
                self._stream = self._open(self._resumption.request(), metadata=self._metadata)
            return self._stream

    def _after(self, error: CallError | None, failure: grpc.RpcError | None) -> None:
        self._stream = None
        if self._closed.is_set():
            return
        wait = self._resumption.wait_after(error, failure)
        if wait is None:
            self.close()
        else:
            self._closed.wait(wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
