"""What may be seen: masks digits and secrets in texts, and renders messages without their `debug_redact` fields.

No language's protobuf printer honours `debug_redact` (tried), so whatever shows a message outside an answer to its
caller goes through `redacted`.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

REDACTED: Final = "[REDACTED]"

_DIGIT_RUN: Final = re.compile(r"\d(?:[ ().\-\u2010-\u2015]{0,2}\d){3,}")


def mask_digits(text: str) -> str:
    """Replaces every digit of each run of 4 or more by `*`.

    Digits with up to two spaces, dots, dashes or parentheses between them count as one run: people write phone numbers
    so.
    """
    return _DIGIT_RUN.sub(lambda run: re.sub(r"\d", "*", run[0]), text)


def hide(secrets: Iterable[str], text: str) -> str:
    """Replaces every secret that stands in a text."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return text


def redacted(message: Message) -> dict[str, Any]:
    """Renders a message for a log: set fields by name, those marked `debug_redact`, and bytes, as `[REDACTED]`."""
    return {field.name: _redacted_field(field, value) for field, value in message.ListFields()}


def _redacted_field(field: FieldDescriptor, value: Any) -> Any:
    if field.GetOptions().debug_redact:
        return REDACTED
    return [_redacted_value(each) for each in value] if field.is_repeated else _redacted_value(value)


def _redacted_value(value: Any) -> Any:
    if isinstance(value, Message):
        return redacted(value)
    return REDACTED if isinstance(value, bytes) else value  # bytes may hold a whole message, as in an Any
