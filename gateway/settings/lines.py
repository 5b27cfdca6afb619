"""Where in the file a setting stands: tomllib reads values and forgets their lines."""

import re
from typing import Final

_HEADER: Final = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_ENTRY: Final = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")


def line_of(document: str, path: str) -> int | None:
    """Finds the line of a setting, or else of the nearest table around it; None where the file has neither."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(document.splitlines(), start=1):
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header:
            table = _plain(header[1])
            found.setdefault(table, number)
        elif entry:
            found.setdefault(f"{table}.{_plain(entry[1])}".removeprefix("."), number)
    while path and path not in found:
        path = path.rpartition(".")[0]
    return found.get(path)


def _plain(name: str) -> str:
    """Drops quotes and white space: `accounts."night-duty"` is `accounts.night-duty`."""
    return re.sub(r"[\s\"']", "", name)
