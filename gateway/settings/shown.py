"""The settings in force, as a person may see them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from gateway.settings.loading import overlay, read_document
from gateway.settings.model import Settings

HIDDEN: Final = "[hidden]"


def effective(settings: Settings, file: Path | None, environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Lists every setting in force: its path, its value as TOML with secrets hidden, and where it comes from."""
    document = read_document(file)
    given = set(_leaves(document))
    variables = overlay(document, environment)
    for path, value in _leaves(settings.model_dump()).items():
        if value is not None:
            yield path, _shown(path, value), variables.get(path, str(file) if path in given else "default")


def without_password(url: str) -> str:
    """Hides what may be a password in a URL of a database: before the host, and among the parameters."""
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite":
        return url
    before, at, after = rest.rpartition("@")
    if set(before) & set("/?#"):  # where a password ends is a guess
        return f"{scheme}{separator}{HIDDEN}"
    user, colon, _ = before.partition(":")
    place, mark, _ = after.partition("?")
    return f"{scheme}{separator}{user}{colon and f':{HIDDEN}'}{at}{place}{mark and f'?{HIDDEN}'}"


def _leaves(table: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in table.items():
        inner = isinstance(value, Mapping) and value
        leaves |= _leaves(value, f"{path}{name}.") if inner else {f"{path}{name}": value}
    return leaves


def _shown(path: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if path == "ledger.url":
        return json.dumps(without_password(value))
    if isinstance(value, tuple | list):
        return json.dumps(list(value))
    return json.dumps(str(value) if isinstance(value, Path) else value)
