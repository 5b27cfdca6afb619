"""Durations and Timestamps outside protobuf's own range: the rule engine raises on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

Path = tuple[str, ...]

_DURATION_SECONDS: Final = 315_576_000_000
_TIMESTAMP_SECONDS: Final = range(-62_135_596_800, 253_402_300_800)
_NANOS: Final = 1_000_000_000


class Times:
    """Where the Durations and Timestamps of a message type are; none stands in a list (a test holds that)."""

    def __init__(self, message: Any) -> None:
        """Finds them.

        Args:
            message: The type's descriptor.
        """
        single = [field for field in message.fields if field.message_type is not None and not field.is_repeated]
        kinds = (Duration.DESCRIPTOR, Timestamp.DESCRIPTOR)
        self._names = tuple(field.name for field in single if field.message_type in kinds)
        below = {field.name: Times(field.message_type) for field in single if field.message_type not in kinds}
        self._below = {name: times for name, times in below.items() if times.any()}

    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._names or self._below)

    def out_of_range(self, message: Message) -> Iterator[Path]:
        """Finds those that hold what no Duration or Timestamp can hold."""
        for name in self._names:
            if message.HasField(name) and not _in_range(getattr(message, name)):
                yield (name,)
        for name, times in self._below.items():
            if message.HasField(name):
                yield from ((name, *path) for path in times.out_of_range(getattr(message, name)))

    @staticmethod
    def without(message: Message, paths: Iterable[Path]) -> Message:
        """Copies a message, leaving some fields out."""
        copy = type(message)()
        copy.CopyFrom(message)
        for *above, name in paths:
            holder = copy
            for step in above:
                holder = getattr(holder, step)
            holder.ClearField(name)
        return copy


def is_timestamp(value: Timestamp) -> bool:
    """Whether a Timestamp holds a time: the years 1 to 9999."""
    return value.seconds in _TIMESTAMP_SECONDS and 0 <= value.nanos < _NANOS


def _is_duration(value: Duration) -> bool:
    same_sign = value.seconds == 0 or value.nanos == 0 or (value.seconds > 0) == (value.nanos > 0)
    return abs(value.seconds) <= _DURATION_SECONDS and abs(value.nanos) < _NANOS and same_sign


def _in_range(value: Any) -> bool:
    return is_timestamp(value) if isinstance(value, Timestamp) else _is_duration(value)
