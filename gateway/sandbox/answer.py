"""What the sandbox answers, before it is put on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

LATE_SECONDS: Final = 3.0


class Delivery(Enum):
    """How an answer reaches the client, or fails to."""

    WHOLE = auto()
    LATE = auto()
    """Whole, but after a few seconds."""
    HALF = auto()
    """Promised by content-length, cut off in the middle of the body."""
    RESET = auto()
    """The connection is reset instead."""
    NEVER = auto()
    """The connection is held open, in silence, until the client leaves."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, and the name it goes by in a record: a code of the provider's page, or a few plain words."""

    verdict: str
    body: bytes = b""
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
