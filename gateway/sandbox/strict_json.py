"""Reads JSON as RFC 8259 has it, and tells what is the wrong shape.

The standard library also takes NaN, which is no JSON. Repeated keys and halves of surrogate pairs are JSON, but what a
reader in another language makes of them is anyone's guess: `load` refuses them too.
"""

import json
from collections.abc import Callable
from typing import NoReturn

from gateway.sandbox.refusal import FieldError


def load(text: str) -> object:
    """Returns the decoded document; raises FieldError if it is not JSON, or can be read in two ways."""
    value = _decode(text, _unique_keys)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as exc:
        raise FieldError("has half of a surrogate pair, or is nested too deep") from exc
    return value


def load_unknown(text: str) -> object:
    """Returns any decoded document, whose meaning nobody knows; raises FieldError if it is not JSON."""
    return _decode(text, dict)


def as_object(value: object, what: str) -> dict[str, object]:
    """Returns a JSON object; raises FieldError naming `what` for anything else."""
    if not isinstance(value, dict):
        raise FieldError(f"has {what} that is not a JSON object")
    return value


def as_list(value: object, what: str) -> list[object]:
    """Returns a JSON array; raises FieldError naming `what` for anything else."""
    if not isinstance(value, list):
        raise FieldError(f"has {what} that is not a JSON array")
    return value


def as_text(value: object, what: str) -> str:
    """Returns a JSON string that is not empty; raises FieldError naming `what` for anything else."""
    if not isinstance(value, str) or not value:
        raise FieldError(f"has {what} that is not a JSON string, or is empty")
    return value


def as_integer(value: object, what: str, least: int) -> int:
    """Returns a JSON integer of at least `least`; raises FieldError naming `what` for anything else, even 2.0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise FieldError(f"has {what} that is not an integer of at least {least}")
    return value


def _decode(text: str, make_object: Callable[[list[tuple[str, object]]], object]) -> object:
    try:
        value: object = json.loads(text, object_pairs_hook=make_object, parse_constant=_no_constant)
    except FieldError:
        raise
    except (ValueError, RecursionError) as exc:
        raise FieldError("has to be valid JSON") from exc
    return value


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise FieldError("has a JSON key twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise FieldError(f"has {name}, which is not JSON")
