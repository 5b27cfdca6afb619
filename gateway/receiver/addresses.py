"""Where reports arrive: a token, and what it was fetched for, in the path of a request."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from gateway.kaleyra.reports import ReportKind

_KINDS: Final = "|".join(kind.value for kind in ReportKind if kind is not ReportKind.DLR)


class Addresses:
    """Reads the paths of the URLs that the provider was given.

    A path of the public URL may stand before them or not: a proxy in between may take it away. What is no token is told
    apart here, and nobody looks it up.
    """

    def __init__(self, public_url: str) -> None:
        prefix = re.escape(urlsplit(public_url).path.rstrip("/"))
        # A request may name the whole URL (RFC 9112, 3.2.2).
        pattern = rf"(?:(?i:https?)://[^/?]*)?(?:{prefix})?/reports/([0-9a-f]{{32}})(?:/({_KINDS}))?"
        self._pattern = re.compile(pattern.encode())

    def read(self, path: bytes) -> tuple[str, ReportKind] | None:
        """Reads a token and a kind; None where the path is no report's."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return found[1].decode(), ReportKind(found[2].decode()) if found[2] else ReportKind.DLR
