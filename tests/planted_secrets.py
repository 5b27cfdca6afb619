"""Secrets and personal things, planted wherever a run of the gateway can hold one; and what was seen of them."""

import gc
import types
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from google.protobuf.message import Message

OLD_KEY = "Zq7-old-file-key"
NEW_KEY = "Zq7-new-file-key"
ODD_KEY = "Zq7%\"quoted'\\key&<é>".replace("é", "e")
NUMBERS = ("3236550107", "3236550108", "3236550199", "2079460000")
TEXTS = ("Zq7-text", "Zq7-reference", "Zq7-custom", "Zq7-dlr-token", "Zq7-url-token")

KEYS = (OLD_KEY, NEW_KEY, ODD_KEY)

CALL: dict[str, Any] = {
    "recipients": [
        {"number": "+13236550107", "reference": "Zq7-reference"},
        {"number": "+13236550108"},
    ],
    "bridge": "+13236550199",
    "playlist": {"items": [{"message": {"text": "Zq7-text, call 2079460000"}}]},
    "dlrUrl": "https://example.com/r?token=Zq7-dlr-token&to={{to}}",
    "callbacks": {"callEnd": {"urls": ["https://user:Zq7-url-token@example.com/e"]}},
    "custom": "Zq7-custom 2079460000",
}
"""A call full of what is nobody's business."""


def forms(secret: str) -> set[str]:
    """A secret as it stands, and as JSON, Python or a URL would write it."""
    escaped = secret.replace("\\", "\\\\")
    return {secret, quote(secret, safe=""), escaped.replace('"', '\\"'), escaped.replace("'", "\\'")}


def found_in(text: str, *secrets: str) -> list[str]:
    """The secrets that can be read in a text, in any form."""
    return [secret for secret in secrets if any(form in text for form in forms(secret))]


def reprs_below(root: object) -> Iterator[str]:
    """The repr() and str() of each object of the gateway's own that can be reached, through tasks and frames too.

    The sandbox's are left out: its table of numbers is there for everybody to read.
    """
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType | Message):
            continue
        seen.add(id(each))
        if type(each).__module__.startswith("gateway.") and not type(each).__module__.startswith("gateway.sandbox"):
            yield f"{each!r} {each}"
        elif isinstance(each, types.FunctionType):
            waiting += [cell.cell_contents for cell in each.__closure__ or () if cell.cell_contents is not None]
            continue
        waiting += gc.get_referents(each)
