"""Reads `multipart/form-data`, as far as a report needs it: named texts. Files and encodings are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;.*\bboundary=("?)([!#-~]{1,70}?)\1\s*(?:;|$)', re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_DISPOSITION: Final = re.compile(rb"content-disposition:([^\r\n]*)", re.IGNORECASE)


def boundary_of(content_type: str) -> bytes:
    """Finds what stands between the parts; empty where the body is no such form."""
    found = _BOUNDARY.match(content_type.strip())
    return found[2].encode() if found else b""


def fields(boundary: bytes, body: bytes, most: int) -> Iterator[tuple[str, str]]:
    """Reads names and values, in order; what is no field is left out."""
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary, most + 1)[1 : most + 1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _name(head) if blank else b""
        if name:
            yield name.decode(errors="replace"), content.decode(errors="replace")


def _name(head: bytes) -> bytes:
    """Finds the name of a field; empty for a file. By steps, since a pattern for all of it would try every start."""
    disposition = _DISPOSITION.search(_FOLD.sub(b" ", head))
    parameters = disposition[1].split(b";")[1:] if disposition else []
    values = {name.strip().lower(): value for name, _, value in (each.partition(b"=") for each in parameters)}
    if any(name.startswith(b"filename") for name in values):
        return b""
    return values.get(b"name", b"").strip().strip(b'"')
