"""What is asked for in the demo, and why it is worth watching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.sandbox import DEFAULT_BRIDGE


@dataclass(frozen=True, slots=True)
class Scene:
    """One request.

    Attributes:
        shown: The fields of the call that are shown; empty for all of them.
        is_followed: Whether phones ring, so that there is something to follow.
    """

    title: str
    request: Mapping[str, Any]
    shown: Sequence[str] = ()
    is_followed: bool = False


def _reminder(number: str, **fields: Any) -> dict[str, Any]:
    text = "Your appointment is tomorrow at 9. Press 1 to confirm."
    return {
        "recipients": [{"number": number, "reference": "patient-8812"}],
        "bridge": DEFAULT_BRIDGE,
        "playlist": {"items": [{"message": {"text": text, "language": "en-US"}}]},
        "retry_count": 2,
        "retry_interval": "20s",
    } | fields


ANSWERED: Final = Scene(
    "A call is placed: its phone rings, is answered, and 1 is pressed",
    {"request_id": "reminder-8812", "call": _reminder("+13236550166")},
    is_followed=True,
)
REDIALED: Final = Scene(
    "Busy at first: the provider dials again, as the request asks",
    {"request_id": "reminder-8813", "call": _reminder("+13236550161")},
    shown=("recipients", "retry_count", "retry_interval"),
    is_followed=True,
)
LOST: Final = Scene(
    "The provider takes the request, and its answer is lost: do phones ring?",
    {"request_id": "reminder-8814", "call": _reminder("+13236550150", delay="60s")},
    shown=("recipients", "delay"),
    is_followed=True,
)
REFUSED: Final = Scene(
    "The provider refuses: it has no bridge +13236550199",
    {"request_id": "reminder-8815", "call": _reminder("+13236550109", bridge="+13236550199")},
    shown=("recipients", "bridge"),
)
INVALID: Final = Scene(
    "A request that breaks rules is refused, all of them at once",
    {
        "request_id": "reminder-8816",
        "call": {
            "recipients": [{"number": "13236550107"}, {"number": "0"}],
            "retry_interval": "5s",
            "dlr_url": "ftp://example.com",
        },
    },
)
DRY_RUN: Final = Scene(
    "A dry run shows the provider's form and sends nothing",
    {
        "request_id": "reminder-8817",
        "validate_only": True,
        "call": {"recipients": [{"number": "+13236550108"}], "ivr": {"flow_id": "SG_night-duty"}, "delay": "60s"},
    },
)

SCENES: Final = (ANSWERED, REDIALED, LOST, REFUSED, INVALID, DRY_RUN)

ANOTHER: Final[Mapping[str, Any]] = {"request_id": LOST.request["request_id"], "call": _reminder("+13236550107")}
"""Another call, with the request_id of one that is recorded."""
