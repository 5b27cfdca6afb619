"""What the URL of a PostgreSQL database must look like."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from gateway.settings.hosts import is_host

_PLACE: Final = re.compile(r"(?P<host>/.*|\[[^\[\]]*\]|[^:\[\]]+)(?::(?P<port>[0-9]*))?")
_LAST_PORT: Final = 65535


def is_understood(url: str) -> bool:
    """Whether the driver finds a host, a port and parameters in it, and where a password ends is no guess.

    A raw `/`, `?` or `#` in a password ends what stands before the path, and a raw `@` what stands before the host: the
    driver would take the rest of the password for something else.
    """
    try:
        parts = urlsplit(url)
        before, _, hosts = parts.netloc.rpartition("@")
        parameters = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
        places = hosts or parameters.get("host", [""])[-1]
        ports = [] if hosts else parameters.get("port", [""])[-1].split(",")
        return (
            "@" not in before + parts.path + parts.query
            and "#" not in url
            and (not places or all(map(_is_place, places.split(","))))
            and all(map(_is_port, ports))
            and len(ports) in {0, 1, len(places.split(","))}
        )
    except ValueError:
        return False


def _is_place(text: str) -> bool:
    """Whether it is a host, or the folder of a socket, with a port or without."""
    place = _PLACE.fullmatch(text)
    if place is None or not _is_port(place["port"] or ""):
        return False
    host = unquote(place["host"])
    return host.startswith("/") or is_host(host.encode("idna").decode())  # so it is looked up


def _is_port(text: str) -> bool:
    return not text or (re.fullmatch(r"[0-9]{1,5}", text) is not None and int(text) <= _LAST_PORT)
