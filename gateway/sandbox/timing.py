"""When a call is placed, and for how long it is tried: `time`, `delay`, `interval` and `timeout`.

[page] A delay or interval out of range is not refused: the provider wraps it to the nearer bound and does not say so.
The sandbox does the same and writes it in the request's record.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.sandbox.refusal import FieldError
from gateway.sandbox.strict_json import load_unknown

SOONEST: Final = timedelta(minutes=15)
LATEST: Final = timedelta(days=90)
DELAY_SECONDS: Final = (0, 900)
INTERVAL_SECONDS: Final = (15, 60)

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_PHP_ATOM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][01][0-9]:[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Timeout:
    """A timeout as sent, and decoded. Its unit, its range and the meaning of its JSON forms are unknown."""

    text: str
    value: object


def read_seconds(text: str) -> int:
    """Returns a whole number of seconds, of any size; raises FieldError."""
    if not _INTEGER.fullmatch(text):
        raise FieldError("has to be a whole number of seconds")
    return int(text)


def read_time(text: str) -> datetime:
    r"""Returns the aware time of `Y-m-d\TH:i:sP`, such as `2026-11-04T19:55:41+05:30`; raises FieldError."""
    try:
        if _PHP_ATOM.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise FieldError(r"has to be in the format Y-m-d\TH:i:sP, such as 2026-11-04T19:55:41+05:30")


def read_timeout(text: str) -> Timeout:
    """Returns a timeout, a JSON number, array or object ("Numeric/JSON" [page]); raises FieldError."""
    value = load_unknown(text)
    if isinstance(value, bool) or not isinstance(value, int | float | list | dict):
        raise FieldError("has to be a number, a JSON array or a JSON object")
    return Timeout(text, value)


def is_in_window(time: datetime, now: datetime) -> bool:
    """Tells whether a time is 15 minutes to 90 days after now, both included."""
    return SOONEST <= time - now <= LATEST
