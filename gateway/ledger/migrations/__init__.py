"""The schema, as numbered SQL files for each database; applied once, in order, and never edited after a release."""

from importlib import resources
from typing import Literal


def migrations(database: Literal["sqlite", "postgresql"]) -> list[str]:
    """Reads the migrations of a database, the oldest first; the schema's version is how many were applied."""
    folder = resources.files(__name__) / database
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text(encoding="utf-8") for file in files]
