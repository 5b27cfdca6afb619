"""What can be a host."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_LABEL: Final = r"[A-Za-z0-9_-]{1,63}"
_NAME: Final = rf"(?![0-9.]+$)({_LABEL}\.)*{_LABEL}\.?"
"""Of digits alone it would be read as an address, and it is none."""


def is_host(text: str) -> bool:
    """Whether it is an IP address, of version 6 in brackets, or a name without empty labels.

    An international name is one as it is encoded: `xn--mnchen-3ya.de`.
    """
    is_bracketed = text[:1] + text[-1:] == "[]"
    try:
        _ = ipaddress.IPv6Address(text[1:-1]) if is_bracketed else ipaddress.IPv4Address(text)
    except ValueError:
        return bool(re.fullmatch(_NAME, text))
    return True
