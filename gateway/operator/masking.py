"""Messages as an operator sees them: numbers and texts only where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

_NUMBERS: Final = frozenset({"number", "bridge"})
_LAST: Final = 2
"""Digits of a number that are shown, to tell it from another."""


def shown(message: Message, *, openly: bool) -> dict[str, Any]:
    """Renders a message as JSON in the proto's names; what is marked `debug_redact` is masked unless openly."""
    document = MessageToDict(message, preserving_proto_field_name=True)
    return document if openly else _masked(message.DESCRIPTOR, document)


def masked_number(number: str) -> str:
    """Leaves a number's last digits."""
    return re.sub(r"[0-9]", "*", number[:-_LAST]) + number[-_LAST:]


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Lists what a document holds, each with its path, such as `recipients[0].number`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from flat(inner, f"{path}[{index}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _masked(descriptor: Any, document: dict[str, Any]) -> dict[str, Any]:
    masked = {}
    for name, value in document.items():
        field = descriptor.fields_by_name[name]
        if field.GetOptions().debug_redact:
            masked[name] = _each(value, masked_number if name in _NUMBERS else _hidden)
        elif field.message_type is not None:
            kind = field.message_type
            masked[name] = _each(value, lambda inner, kind=kind: _inside(kind, inner))
        else:
            masked[name] = value
    return masked


def _inside(kind: Any, value: Any) -> Any:
    return _masked(kind, value) if isinstance(value, dict) else value  # times and durations are texts


def _each(value: Any, mask: Any) -> Any:
    return [mask(each) for each in value] if isinstance(value, list) else mask(value)


def _hidden(text: str) -> str:
    return f"[hidden: {len(text)} {'character' if len(text) == 1 else 'characters'}]"
