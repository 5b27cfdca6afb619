"""Notices that a stream is opened once more, and that it is heard of again: the client's watch resumes in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc


class Reconnecting(grpc.UnaryStreamClientInterceptor):
    """Tells of a break once, however many attempts it takes until a message comes again."""

    def __init__(self, on_break: Callable[[], None], on_return: Callable[[], None]) -> None:
        self._on_break = on_break
        self._on_return = on_return
        self._was_opened = False
        self._is_broken = False

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """Opens a stream."""
        if self._was_opened and not self._is_broken:
            self._is_broken = True
            self._on_break()
        self._was_opened = True
        return _Heard(continuation(client_call_details, request), self._hear)

    def _hear(self) -> None:
        if self._is_broken:
            self._is_broken = False
            self._on_return()


class _Heard(Iterator[Any]):
    """A stream that tells of each message before it hands it out."""

    def __init__(self, stream: Any, on_message: Callable[[], None]) -> None:
        self._stream = stream
        self._on_message = on_message

    def __next__(self) -> Any:
        message = next(self._stream)
        self._on_message()
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
