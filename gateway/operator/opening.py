"""Finds the ledger that is meant, and opens it beside the servers that serve from it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.caller.options import UsageError
from gateway.ledger.store import LedgerStartError, Store
from gateway.ledger.stores import store_from
from gateway.operator.options import Source
from gateway.settings import InvalidSettingsError, Ledger
from gateway.settings.checks import Surroundings
from gateway.settings.loading import overlay, read_document
from gateway.settings.mistakes import described

_VARIABLE: Final = "GATEWAY_LEDGER_URL"
_CONFIG_VARIABLE: Final = "GATEWAY_CONFIG"
_VARIABLES: Final[Mapping[str, str]] = {"ledger.url": _VARIABLE}


class _LedgerAlone(BaseModel):
    """The settings without all that an operator need not have: accounts, keys, certificates."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, validate_default=True)

    ledger: Ledger = Ledger()


def ledger_settings(source: Source) -> Ledger:
    """Reads the one table of the settings that is needed, as `serve` reads it.

    Raises:
        InvalidSettingsError: It is wrong.
        UsageError: `--ledger` names no ledger.
    """
    file = _file(source)
    folder = Path.cwd() if file is None else file.absolute().parent
    document = {"ledger": {"url": source.url}} if source.url is not None else _document(file)
    try:
        found = _LedgerAlone.model_validate(document, context=Surroundings(folder, allow_http=True)).ledger
    except ValidationError as error:
        mistakes = described(error, _LedgerAlone, _VARIABLES)
        if source.url is not None:
            raise UsageError(mistakes[0].replace("ledger.url:", "--ledger", 1)) from None
        raise InvalidSettingsError(mistakes) from None
    if any("\ud800" <= character <= "\udfff" for character in found.url):
        raise UsageError("the ledger's URL is not UTF-8")
    return found


def _file(source: Source) -> Path | None:
    """The settings file: the environment names one where the command line names nothing."""
    named = None if source.url is not None else os.environ.get(_CONFIG_VARIABLE)
    return source.config or (Path(named) if named else None)


def _document(file: Path | None) -> dict[str, Any]:
    document = read_document(file)
    overlay(document, os.environ)
    return document


@asynccontextmanager
async def opened(source: Source) -> AsyncIterator[Store]:
    """Opens a ledger as it is: nothing is made, migrated, locked or given up.

    Raises:
        LedgerStartError: It cannot be opened.
    """
    store = store_from(ledger_settings(source), in_flight=lambda: 0)
    try:
        await store.open(beside_a_server=True)
    except LedgerStartError as error:
        if source == Source() and not {_VARIABLE, _CONFIG_VARIABLE} & set(os.environ):
            raise type(error)(f"{error}. Name another by --config, --ledger or {_VARIABLE}") from None
        raise
    try:
        yield store
    finally:
        await store.close()
