"""What can be a host."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_LABEL: Final = r"[A-Za-z0-9_-]{1,63}"
_NAME: Final = rf"({_LABEL}\.)*(?![0-9]+\.?$){_LABEL}\.?"
"""With a last label of digits alone it would be read as an address, and it is none."""


def is_host(text: str) -> bool:
    """Whether it is an IP address, or a name of labels, none of them empty; an international one as `xn--`."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(re.fullmatch(_NAME, text))
    return True
