"""Puts what is known of a call into the variables of a URL.

[docs] The provider's documents write a variable three ways: `{{status}}`, `{status}`, and bare, as a query's value that
is exactly its name: `?s=status`. Which of them works is unknown, so a sandbox can be told.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import quote

VARIABLES: Final = (
    "id",
    "status",
    "ringtime",
    "billsec",
    "callee",
    "caller",
    "bridge",
    "keypress",
    "credits",
    "flow_id",
    "call_type",
)


class Placeholder(StrEnum):
    """A way to write a variable."""

    DOUBLE = "double"
    SINGLE = "single"
    BARE = "bare"


_NAME: Final = f"({'|'.join(VARIABLES)})"
_BRACES: Final = {Placeholder.DOUBLE: rf"\{{\{{{_NAME}\}}\}}", Placeholder.SINGLE: rf"\{{{_NAME}\}}"}


def substitute(url: str, values: Mapping[str, str], placeholders: Collection[Placeholder]) -> str:
    """Returns the URL with every variable replaced by its percent-encoded value, or by nothing when it has none.

    In braces a variable is replaced anywhere in the URL, bare only as a whole value in its query. What is no variable,
    or in a syntax not among the placeholders, stays as it is.
    """
    address, question, query = url.partition("?")
    pairs = "&".join(_pair(pair, values, placeholders) for pair in query.split("&"))
    return f"{_braces(address, values, placeholders)}{question}{pairs}"


def _pair(pair: str, values: Mapping[str, str], placeholders: Collection[Placeholder]) -> str:
    name, equals, value = pair.partition("=")
    name = _braces(name, values, placeholders)
    if Placeholder.BARE in placeholders and value in VARIABLES:
        return f"{name}{equals}{_encoded(values, value)}"
    return f"{name}{equals}{_braces(value, values, placeholders)}"


def _braces(text: str, values: Mapping[str, str], placeholders: Collection[Placeholder]) -> str:
    patterns = [pattern for placeholder, pattern in _BRACES.items() if placeholder in placeholders]
    if not patterns:
        return text
    return re.sub("|".join(patterns), lambda found: _encoded(values, next(filter(None, found.groups()))), text)


def _encoded(values: Mapping[str, str], name: str) -> str:
    return quote(values.get(name, ""), safe="")
