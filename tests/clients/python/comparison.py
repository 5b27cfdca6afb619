"""How a value of a case is compared with what was answered."""

from collections.abc import Iterator, Mapping
from typing import Any


def unlike(expected: Any, actual: Any, path: str) -> Iterator[str]:
    """Tells where a value is not as expected: objects by the expected keys, arrays item by item."""
    if expected == "$ANY":
        return
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, each in expected.items():
            if each is not None and name not in actual:
                yield f"{path} has no {name}"
            elif each is None and name in actual:
                yield f"{path} has {name}: {actual[name]}"
            elif each is not None:
                yield from unlike(each, actual[name], f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, each in enumerate(expected):
            yield from unlike(each, actual[index], f"{path}[{index}]")
    elif expected != actual:
        yield f"{path} is {actual!r}, not {expected!r}"
