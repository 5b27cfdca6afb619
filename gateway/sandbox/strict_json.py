"""Reads JSON as RFC 8259 has it, and tells what is the wrong shape.

The standard library also takes NaN, numbers beyond a double, repeated keys and halves of surrogate pairs; a reader in
another language refuses them or reads something else, so they are refused here.
"""

import json

from gateway.sandbox.refusal import FieldError


def load(text: str) -> object:
    """Returns the decoded document; raises FieldError if it is not RFC 8259 JSON."""
    try:
        value: object = json.loads(text, object_pairs_hook=_unique_keys)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except FieldError:
        raise
    except (ValueError, RecursionError) as exc:
        raise FieldError("has to be valid JSON") from exc
    return value


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


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise FieldError("has a JSON key twice")
    return document
