"""Reads `multipart/form-data`, as far as a report needs it: named texts. Files and encodings are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;.*\bboundary=("?)([!#-~]{1,70}?)\1\s*(?:;|$)', re.IGNORECASE)
_NAME: Final = re.compile(rb'content-disposition:[^\r\n]*;\s*name="?([^";\r\n]+)"?', re.IGNORECASE)
_FILE: Final = re.compile(rb"content-disposition:[^\r\n]*;\s*filename", re.IGNORECASE)


def boundary_of(content_type: str) -> bytes:
    """Finds what stands between the parts; empty where the body is no such form."""
    found = _BOUNDARY.match(content_type.strip())
    return found[2].encode() if found else b""


def fields(boundary: bytes, body: bytes, most: int) -> Iterator[tuple[str, str]]:
    """Reads names and values, in order; what is no field is left out."""
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary, most + 1)[1 : most + 1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name and blank and not _FILE.search(head):
            yield name[1].decode(errors="replace"), content.decode(errors="replace")
