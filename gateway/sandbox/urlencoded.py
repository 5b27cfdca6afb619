"""Decodes `application/x-www-form-urlencoded` bytes without forgiving anything.

Ordinary decoders replace bad bytes, skip broken escapes and drop empty values, and so hide a caller's mistake. This one
refuses them, and keeps each value as it was sent too: only there can a `+` that became a space still be seen.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.sandbox.refusal import FieldError

_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NOT_PRINTABLE_ASCII: Final = re.compile(rb"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Pair:
    """One `name=value` of a form: decoded, and the value as it was sent."""

    name: str
    value: str
    raw_value: str


def decode(body: bytes) -> tuple[Pair, ...]:
    """Decodes a form, in the order sent; an empty body has no pairs.

    Raises FieldError for bytes outside printable ASCII, a pair without `=` or without a name, a `%` without two hex
    digits after it, and escapes that are not UTF-8.
    """
    if not body:
        return ()
    if _NOT_PRINTABLE_ASCII.search(body):
        raise FieldError("has a byte that is not printable ASCII: everything else has to be percent-encoded")
    if _BROKEN_ESCAPE.search(body):
        raise FieldError("has a % without two hex digits after it")
    return tuple(_pair(piece) for piece in body.split(b"&"))


def _pair(piece: bytes) -> Pair:
    name, equals, value = piece.partition(b"=")
    if not name or not equals:
        raise FieldError("has to be name=value pairs joined by &")
    return Pair(_text(name), _text(value), value.decode("ascii"))


def _text(escaped: bytes) -> str:
    try:
        return unquote_to_bytes(escaped.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as exc:
        raise FieldError("has percent-encoded bytes that are not UTF-8") from exc
