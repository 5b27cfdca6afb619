"""Lists longer than any rule allows: refused as fast with a million items as with one too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from buf.validate import validate_pb2
from google.protobuf.message import Message

from voicegateway_client.violation import Violation

LIMIT: Final = 100
"""Items of a list that no rule limits. Such are lists of enum values: longer ones can only repeat themselves."""


class Lists:
    """Where the lists of a message type are, and how long their rules let them be."""

    def __init__(self, message: Any) -> None:
        """Finds them.

        Args:
            message: The type's descriptor.
        """
        self._limits = {field.name: _limit(field) for field in message.fields if field.is_repeated}
        below = {field.name: Lists(field.message_type) for field in message.fields if field.message_type is not None}
        self._below = {name: lists for name, lists in below.items() if lists.any()}

    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._limits or self._below)

    def cut(self, message: Message, path: str = "") -> Iterator[Violation]:
        """Shortens each list, in place, to one item more than allowed.

        Returns:
            The lists that no rule of the protos will refuse for their length.
        """
        for name, limit in self._limits.items():
            items = getattr(message, name)
            if len(items) > (limit or LIMIT):
                del items[(limit or LIMIT) + 1 :]
                if not limit:
                    text = f"must contain no more than {LIMIT} item(s)"
                    yield Violation(f"{path}{name}", "REPEATED_MAX_ITEMS", text)
        for name, lists in self._below.items():
            if name in self._limits:
                for index, each in enumerate(getattr(message, name)):
                    yield from lists.cut(each, f"{path}{name}[{index}].")
            elif message.HasField(name):
                yield from lists.cut(getattr(message, name), f"{path}{name}.")


def _limit(field: Any) -> int:
    return int(field.GetOptions().Extensions[validate_pb2.field].repeated.max_items)
