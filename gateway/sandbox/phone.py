"""Telephone numbers: what `to`, `bridge` and `prefix` may be.

[page] One to a hundred numbers, joined by commas; each with its country code, "if not already given in the prefix
parameter". The prefix, 1 to 4 digits, is applied "if already not given". The bounds of 4 and 15 digits are ours.
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.sandbox.refusal import FieldError

MOST_RECIPIENTS: Final = 100

_NUMBER: Final = re.compile(r"\+?[0-9]{4,15}")
_PREFIX: Final = re.compile(r"\+?[0-9]{1,4}")


def read_recipients(text: str) -> tuple[str, ...]:
    """Returns the numbers of `to` as sent, in order; raises FieldError."""
    numbers = tuple(text.split(","))
    if len(numbers) > MOST_RECIPIENTS:
        raise FieldError(f"has {len(numbers)} numbers: the most is {MOST_RECIPIENTS}")
    for position, each in enumerate(numbers, start=1):
        if not _NUMBER.fullmatch(each):
            raise FieldError(
                f"has a number, at place {position}, that is not 4 to 15 digits with or without a plus sign"
            )
    return numbers


def read_number(text: str) -> str:
    """Returns one number as sent; raises FieldError."""
    if not _NUMBER.fullmatch(text):
        raise FieldError("has to be 4 to 15 digits, with or without a plus sign before them")
    return text


def read_prefix(text: str) -> str:
    """Returns the prefix as sent; raises FieldError."""
    if not _PREFIX.fullmatch(text):
        raise FieldError("has to be 1 to 4 digits, with or without a plus sign before them")
    return text


def international(number: str, prefix: str | None) -> str:
    """Returns the number a phone would ring under: `+`, country code and all.

    A number with a plus sign, or whose digits begin with the prefix, has its country code "already given" [page].
    """
    digits, code = number.removeprefix("+"), (prefix or "").removeprefix("+")
    if number.startswith("+") or digits.startswith(code):
        return f"+{digits}"
    return f"+{code}{digits}"


def check_country_code(numbers: Sequence[str], prefix: str | None) -> None:
    """Raises FieldError if a number has no plus sign and no prefix gives its country code."""
    if prefix is None and not all(number.startswith("+") for number in numbers):
        raise FieldError("has to begin with a plus sign and the country code when there is no prefix")


def check_unique(numbers: Sequence[str], prefix: str | None) -> None:
    """Raises FieldError if one phone would ring twice, however its number is written."""
    if len({international(number, prefix) for number in numbers}) < len(numbers):
        raise FieldError("has a number twice")
