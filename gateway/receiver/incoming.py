"""What a connection sent, handed to h11 in pieces that cost no more than their length.

h11 reads heads and chunks' sizes by patterns that go back and forth over white space: a stranger's line of 32 KiB would
hold the process for seconds, and h11 looks at lengths only where something is missing. Here nothing is handed over
before it is short, and proved to be of characters that those patterns read in one go.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote_from_bytes

import h11

from gateway.receiver.limits import Limits

_PIECE: Final = 1024
_FIRST_OF_A_LINE: Final = 0x21
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_REQUEST_LINE: Final = re.compile(rb"([A-Z]++) ++([^\r\n]*)( HTTP/1\.[01]\r?\n)")
_IN_NO_FIELD: Final = re.compile(rb"[\0\v\f]|\r(?!\n)")
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))


class Incoming:
    """What of a connection's bytes h11 has not seen yet."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes = bytearray()
        self._searched = 0

    def __bool__(self) -> bool:
        return bool(self._bytes)

    def add(self, data: bytes) -> None:
        """Keeps what came."""
        self._bytes += data

    def put_back(self, data: bytes) -> None:
        """Keeps what was taken, and not read."""
        self._bytes[:0] = data
        self._searched = 0

    def head(self) -> bytes:
        """Takes the head of a request; nothing while it is not whole.

        Raises:
            h11.RemoteProtocolError: It is too long, or no HTTP.
        """
        if self._bytes and self._bytes[0] < _FIRST_OF_A_LINE:  # such as TLS, which has no lines to wait for
            raise h11.RemoteProtocolError("no request line")
        end = _BLANK_LINE.search(self._bytes, self._searched)
        if (end.end() if end else len(self._bytes)) > self._limits.target + self._limits.headers:
            raise h11.RemoteProtocolError("too long a head", error_status_hint=431)
        if end is None:
            self._searched = max(len(self._bytes) - 2, 0)
            return b""
        return self._checked(self._take(end.end()))

    def piece(self) -> bytes:
        """Takes some of a body; nothing where there is nothing."""
        return self._take(_PIECE)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        self._searched = 0
        return taken

    def _checked(self, head: bytes) -> bytes:
        line, newline, fields = head.partition(b"\n")
        if fields.count(b"\n") - 1 > self._limits.fields:
            raise h11.RemoteProtocolError("too many header fields", error_status_hint=431)
        if _IN_NO_FIELD.search(fields):
            raise h11.RemoteProtocolError("no header field")
        return _escaped(line + newline) + fields


def _escaped(line: bytes) -> bytes:
    """Escapes what a client should have escaped.

    A value that was put into the URL as it is, with a space or an umlaut, would otherwise cost the report.
    """
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        return line
    return found[1] + b" " + quote_from_bytes(found[2].rstrip(b" "), safe=_PRINTABLE).encode() + found[3]
