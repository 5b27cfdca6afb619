"""The variables of a report, read from whatever it came as: pure, and never an error.

The provider does not say how it sends them. What cannot be read is left out: that a report came at all still proves
that the call was accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gateway.receiver.multipart import boundary_of, fields

MOST: Final = 1000
"""How many are read of one request."""

Variables = Iterator[tuple[str, str]]


def read_variables(query: bytes, content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Reads names and values, those of the query first.

    A body is a form, as `application/x-www-form-urlencoded` or `multipart/form-data`, or a JSON object. Which of them
    is seen by its looks, for a wrong `Content-Type` is no reason to lose a report.
    """
    return list(islice(chain(_urlencoded(query), _of_body(content_type, body)), MOST))


def _of_body(content_type: str, body: bytes) -> Variables:
    boundary = boundary_of(content_type)
    parts = list(fields(boundary, body, MOST)) if boundary else []
    if parts:
        return iter(parts)
    document = _json(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else None
    return _urlencoded(body.strip()) if document is None else _scalars(document)


def _urlencoded(text: bytes) -> Variables:
    for piece in text.split(b"&", MOST)[:MOST]:
        name, equals, value = piece.partition(b"=")
        if equals:
            yield _unquoted(name), _unquoted(value)


def _unquoted(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode(errors="replace")


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        # Numbers as they are written: a number of 5,000 digits would be an error, and 1.50 a 1.5.
        document = json.loads(
            body.decode("utf-8-sig", errors="replace"), parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _scalars(document: dict[str, Any]) -> Variables:
    """Reads the scalars of an object, then of those within it. A list is left out: it may tell of several calls."""
    waiting = [document]
    for each in waiting:
        for name, value in each.items():
            if isinstance(value, dict):
                waiting.append(value)
            elif isinstance(value, bool):
                yield name, str(value).lower()
            elif isinstance(value, str):
                yield name, value
