"""Rows of words under a header: a line each where that fits, else in as few lines as the terminal needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_GAP: Final = 2
_INDENT: Final = 2


def table(rows: Sequence[Sequence[str]], width: int | None, *, dispensable: int) -> list[list[str]]:
    """Lays rows out in columns.

    Args:
        rows: The header first.
        width: Characters of a line; None when a line may be as long as it is.
        dispensable: The column that is left out first where not all fit.

    Returns:
        The lines of each row.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns = list(range(len(widths)))
    if width is not None and sum(widths) + _GAP * (len(widths) - 1) > width:
        columns.remove(dispensable)
    groups = _groups(columns, widths, width)
    return [_lines(row, widths, groups) for row in rows]


def _groups(columns: Sequence[int], widths: Sequence[int], width: int | None) -> list[list[int]]:
    """Finds which columns stand in which line."""
    groups: list[list[int]] = [[]]
    used = 0
    for column in columns:
        needed = widths[column] + (_GAP if groups[-1] else 0)
        if width is not None and groups[-1] and used + needed > width:
            groups.append([])
            used, needed = _INDENT, widths[column]
        groups[-1].append(column)
        used += needed
    return groups


def _lines(row: Sequence[str], widths: Sequence[int], groups: Sequence[Sequence[int]]) -> list[str]:
    lines = [(" " * _GAP).join(f"{row[column]:<{widths[column]}}" for column in group).rstrip() for group in groups]
    return [lines[0], *(" " * _INDENT + line for line in lines[1:])]
