"""Fields that this gateway does not know: what cannot be honoured is not dropped."""

import itertools
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from voicegateway_client.violation import Violation

_SHOWN: Final = 100


def unknown_fields(request: Message) -> list[Violation]:
    """Lists the unknown fields, at any depth; at most 100 of them."""
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    # Sizes tell at the speed of C; only a request that has unknown fields is walked.
    if known.ByteSize() == request.ByteSize():
        return []
    return list(itertools.islice(_below(request, ""), _SHOWN))


def _below(message: Message, path: str) -> Iterator[Violation]:
    for unknown in UnknownFieldSet(message):  # type: ignore[attr-defined] # it iterates; its stubs do not
        text = f"this gateway knows no field number {unknown.field_number} here; drop it, or upgrade the gateway"
        yield Violation(path, "MESSAGE_UNKNOWN_FIELD", text)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for place, each in _placed(field, value):
                yield from _below(each, f"{path}.{place}" if path else place)


def _placed(field: FieldDescriptor, value: Any) -> Iterator[tuple[str, Message]]:
    if field.is_repeated:
        yield from ((f"{field.name}[{index}]", each) for index, each in enumerate(value))
    else:
        yield field.name, value
