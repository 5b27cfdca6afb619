"""Fields that this gateway does not know: what cannot be honoured is not dropped."""

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from voicegateway_client.violation import Violation

_LISTED: Final = 16 * 1024
"""Bytes of unknown fields that are looked into: protobuf makes an object of each, and two bytes can be one."""


def unknown_fields(request: Message) -> list[Violation]:
    """Lists the unknown fields, at any depth; more than 16 KiB of them are told as one."""
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    # Sizes tell at the speed of C; only a request that has unknown fields is walked.
    unknown = request.ByteSize() - known.ByteSize()
    if not unknown:
        return []
    if unknown > _LISTED:
        text = f"this gateway knows none of the fields that {unknown} bytes of this request hold; drop them"
        return [Violation("", "MESSAGE_UNKNOWN_FIELD", text)]
    return list(_below(request, ""))


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
