"""Ports for what is told where to listen before it does, and what is looked for there before it is."""

import os
import random
import socket
from contextlib import suppress

LOOPBACK = "127.0.0.1"
_LOWEST, _EACH = 20_000, 1_500
"""Below what Linux gives for port 0, so that no other test's server is ever found there; each worker has its own."""

_given: set[int] = set()
"""Whoever was given one may not listen on it yet, or not at the moment."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that nobody is given for port 0."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    found: list[int] = []
    while len(found) < count:
        port = _LOWEST + worker * _EACH + random.randrange(_EACH)
        with suppress(OSError), socket.create_server((LOOPBACK, port)):
            found += [port] if port not in _given else []
            _given.add(port)
    return found


def free_port() -> int:
    """Such a port."""
    [port] = free_ports(1)
    return port
