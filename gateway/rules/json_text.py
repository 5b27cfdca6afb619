"""JSON that any reader can read (RFC 8259): strict, and not nested without end."""

import json
from typing import Final

DEPTH_LIMIT: Final = 32


def json_problem(text: str) -> str:
    """Says what keeps a text from being such JSON; empty for nothing."""
    if _depth(text) > DEPTH_LIMIT:
        return f"must be nested at most {DEPTH_LIMIT} deep"
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError as problem:
        where = f"; it breaks at character {problem.pos}" if isinstance(problem, json.JSONDecodeError) else ""
        return f"must be JSON as in RFC 8259{where}"
    return ""


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity: Python reads them, JSON has none


def _depth(text: str) -> int:
    """Counts the deepest nesting outside of strings, without recursion: the text is a stranger's."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string, escaped = escaped or character != '"', not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
