"""Texts of others, made safe to print: no escape sequence of a provider's answer reaches the operator's terminal."""

import io
import sys
from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")
"""Not printable by Unicode, and part of many scripts' spelling."""


def printable(text: str) -> str:
    """Writes what does not print, newlines too, as escapes."""
    return "".join(each if each.isprintable() or each in _JOINERS else _escaped(each) for each in text)


def accept_everything() -> None:
    """Lets a terminal that knows few characters show others as escapes, where it would stop with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
