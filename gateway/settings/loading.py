"""From the file and the environment to the settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from gateway.settings.checks import Surroundings, absolute_ledger
from gateway.settings.lines import line_of
from gateway.settings.mistakes import InvalidSettingsError, described
from gateway.settings.model import Settings

PATH_BY_VARIABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "KALEYRA_BASE_URL": ("accounts", "default", "base_url"),
    "KALEYRA_SID": ("accounts", "default", "sid"),
    "KALEYRA_API_KEY": ("accounts", "default", "api_key"),
    "KALEYRA_API_KEY_FILE": ("accounts", "default", "api_key_file"),
    "GATEWAY_LISTEN": ("listen",),
    "GATEWAY_LEDGER_URL": ("ledger", "url"),
    "GATEWAY_LEDGER_CREATE": ("ledger", "create"),
    "GATEWAY_RECEIVER_LISTEN": ("receiver", "listen"),
    "GATEWAY_RECEIVER_PUBLIC_URL": ("receiver", "public_url"),
}
"""The environment's variables and the settings that they set, over the file's."""

_VARIABLE_BY_PATH: Final[Mapping[str, str]] = {".".join(path): name for name, path in PATH_BY_VARIABLE.items()}


def load(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """Reads the settings from a TOML file, if any, and the environment; the environment wins.

    Relative paths in the file begin at its folder, those in the environment where the process was started.

    Raises:
        InvalidSettingsError: With every mistake at once.
    """
    document = read_document(file)
    overlay(document, environment)
    folder = Path.cwd() if file is None else file.absolute().parent
    provider = document.get("provider")
    allow_http = isinstance(provider, dict) and provider.get("allow_http") is True
    try:
        return Settings.model_validate(document, context=Surroundings(folder, allow_http))
    except ValidationError as error:
        mistakes = described(error, Settings, _VARIABLE_BY_PATH)
        raise InvalidSettingsError(mistakes, None if file is None else _with_lines(mistakes, file)) from None


def _with_lines(mistakes: list[str], file: Path) -> list[str]:
    """Says where in the file each mistake stands, as far as the file has the setting or a table around it."""
    text = file.read_text(encoding="utf-8")
    lines = [line_of(text, mistake.partition(":")[0]) for mistake in mistakes]
    return [
        mistake if line is None else f"{mistake} ({file.name}, line {line})"
        for mistake, line in zip(mistakes, lines, strict=True)
    ]


def read_document(file: Path | None) -> dict[str, Any]:
    """Reads the file as it is; no file is an empty one.

    Raises:
        InvalidSettingsError: It cannot be read, or is no TOML.
    """
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettingsError([f"{file}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise InvalidSettingsError([f"{file}: is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError([f"{file}: is not TOML: {error}"]) from None


def overlay(document: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Sets what the environment says over a document. Returns the variable behind each setting it set, by its path."""
    source: dict[str, str] = {}
    for variable, path in PATH_BY_VARIABLE.items():
        value = environment.get(variable, "")
        table = _table(document, path[:-1]) if value else None
        if table is not None:
            table[path[-1]] = _as_in_a_file(path, value)
            source[".".join(path)] = variable
    _prefer_the_key_of_the_environment(document, source)
    return source


def _as_in_a_file(path: tuple[str, ...], value: str) -> str | bool:
    """Reads a variable's text as TOML would, and makes a relative path begin where the process was started."""
    if path == ("ledger", "url"):
        return absolute_ledger(value, Path.cwd())
    if path == ("ledger", "create"):
        return {"true": True, "false": False}.get(value, value)
    return str(Path.cwd() / value) if path[-1].endswith("_file") else value


def _table(table: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    """Finds a table, or makes it; None where something else stands in its place, which is a mistake told later."""
    for step in path:
        inner = table.setdefault(step, {})
        if not isinstance(inner, dict):
            return None
        table = inner
    return table


def _prefer_the_key_of_the_environment(document: dict[str, Any], source: Mapping[str, str]) -> None:
    """Drops the file's own key where the environment names one of the other kind."""
    for given, other in (("api_key", "api_key_file"), ("api_key_file", "api_key")):
        if f"accounts.default.{given}" in source and f"accounts.default.{other}" not in source:
            document["accounts"]["default"].pop(other, None)
