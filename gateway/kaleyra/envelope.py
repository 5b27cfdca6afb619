"""The provider's envelope, `{"code","message","data","error"}`: read with suspicion, shown without numbers or key.

[page] `data` may be an object, a list of objects, a list of strings or `[]`; `error` may be `{}`, `{"error": text}`,
`{"scalar": text}` or a map of field to text. Nothing here relies on it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.redaction import hide, mask_digits

TEXT_LIMIT: Final = 200
"""Characters of the provider's that are shown."""

_CODE_LIMIT: Final = 32
_CODE_SHAPE: Final = re.compile(rf"(?!.*[0-9]{{7}})[A-Za-z0-9._-]{{1,{_CODE_LIMIT}}}")  # 7 digits: a phone number?
_DEPTH: Final = 3
_LONGEST_INTEGER: Final = 100
_TWO_CODES: Final = object()


class UnreadableError(Exception):
    """The body has a code, or may have one, and nobody can tell which."""


class Envelope:
    """One reply of the provider: its code, and what else it says, with digits masked and secrets hidden."""

    def __init__(self, document: Mapping[str, Any], secrets: Sequence[str]) -> None:
        self._document = document
        self._secrets = secrets

    @property
    def code(self) -> str:
        """The code as it is, to decide by."""
        return str(self._document["code"])

    def shown_code(self) -> str:
        """The code as it may be shown: one that does not look like a code might be anything."""
        code = hide(self._secrets, self.code)
        return code if _CODE_SHAPE.fullmatch(code) else self._clean(code)[:_CODE_LIMIT]

    def message(self) -> str:
        """The provider's words; empty for none."""
        message = self._document.get("message")
        return self._clean(message) if isinstance(message, str) else ""

    def errors(self) -> list[tuple[str, str]]:
        """What the provider says against each field, by its own names for them; "" for the request as a whole."""
        error = self._document.get("error")
        if isinstance(error, dict):
            return [(name, self._clean(_words(text))) for name, text in error.items()]
        text = self._clean(_words(error))
        return [("", text)] if text else []

    def listed_numbers(self) -> set[str]:
        """The numbers that `data` lists, as digits, however it writes them."""
        data = self._document.get("data")
        texts = [text for entry in (data if isinstance(data, list) else [data]) for text in _listed(entry)]
        return {"".join(filter(str.isdigit, number)) for text in texts for number in text.split(",")}

    def _clean(self, text: str) -> str:
        text = hide(self._secrets, text)[: 2 * TEXT_LIMIT]
        printable = "".join(character if character.isprintable() else " " for character in text)
        return mask_digits(printable)[:TEXT_LIMIT].strip()


def read_envelope(body: bytes, secrets: Sequence[str]) -> Envelope | None:
    """Reads a reply's body.

    Args:
        body: The body, whole.
        secrets: What no text of it may repeat, such as the key.

    Returns:
        None when it is no envelope: no JSON object whose `code` is a string.

    Raises:
        UnreadableError: It may be one, but is cut or broken, nested too deep to be read, or has two codes.
    """
    # Names and codes are ASCII in any charset, so characters that are broken do not hide them.
    text = body.decode(json.detect_encoding(body), errors="replace")
    if not text.lstrip(" \t\r\n").startswith("{"):
        return None
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except (RecursionError, ValueError):
        raise UnreadableError from None
    if document.get("code") is _TWO_CODES:
        raise UnreadableError
    return Envelope(document, secrets) if isinstance(document.get("code"), str) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    codes = [value for name, value in pairs if name == "code"]
    if any(code != codes[0] for code in codes):
        document["code"] = _TWO_CODES  # which of them decides, nobody can say
    return document


def _integer(digits: str) -> float:
    """Reads an integer; Python itself would refuse one of more than 4300 digits, and the whole reply with it."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf


def _words(value: Any, depth: int = _DEPTH) -> str:
    """Joins the texts of a value; what lies deeper than any reason for it is left out."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return "; ".join(filter(None, (_words(each, depth - 1) for each in value))) if depth else ""
    return str(value) if isinstance(value, str | int | float) else ""


def _listed(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict):
        # With a target beside it, `to` repeats the request: the good numbers as well as the bad ones.
        entry = None if "target" in entry else entry.get("to")
    for value in entry if isinstance(entry, list) else [entry]:
        if isinstance(value, str | int):
            yield str(value)
