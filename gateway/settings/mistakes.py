"""What is wrong with the settings, in words and by name, and never with a value."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

ACCOUNT_NEEDED: Final = (
    "configure an account, as [accounts.default] in the file or by KALEYRA_BASE_URL, KALEYRA_SID and KALEYRA_API_KEY"
)

_WORDS_BY_TYPE: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is no setting",
    "model_type": "must be a table",
    "mapping_type": "must be a table",
    "tuple_type": "must be a list",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
}


class InvalidSettingsError(Exception):
    """Says everything that is wrong with the settings, a line each.

    Attributes:
        mistakes: Each by its setting's name.
        placed: The same, each with its line in the file where there is one.
    """

    def __init__(self, mistakes: list[str], placed: list[str] | None = None) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes
        self.placed = mistakes if placed is None else placed


def mistake(text: str) -> PydanticCustomError:
    """Makes what a check raises."""
    return PydanticCustomError("setting", "{text}", {"text": text})


def described(error: ValidationError, settings: type[BaseModel], variables: Mapping[str, str]) -> list[str]:
    """Writes each mistake as a line.

    Args:
        error: What the models found.
        settings: The model of the whole file, to guess which setting was meant.
        variables: The environment's variable for a setting, by its path.
    """
    return [_line(each["loc"], each["type"], each["msg"], settings, variables) for each in error.errors()]


def _line(place: Sequence[Any], kind: str, text: str, settings: type[BaseModel], variables: Mapping[str, str]) -> str:
    path = ".".join(str(step) for step in place if step != "[key]")
    if path == "accounts":
        return f"{path}: {ACCOUNT_NEEDED}"
    description = _WORDS_BY_TYPE.get(kind, text.replace("Input should be", "must be"))
    if kind == "missing" and path in variables:
        description += f" (or set {variables[path]})"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _names_beside(place, settings), n=1)
        description += f"; did you mean {near[0]}?" if near else ""
    return f"{path}: {description}"


def _names_beside(place: Sequence[Any], settings: type[BaseModel]) -> list[str]:
    """Lists the settings of the table that a setting stands in."""
    table: Any = settings
    for step in place[:-1]:
        field = table.model_fields.get(step)
        if field is not None:  # else it is the name of an account
            table = next(iter(_models_in(field.annotation)), table)
    return list(table.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Finds the models in a type such as `Tls | None` or `Mapping[str, AccountSettings]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
