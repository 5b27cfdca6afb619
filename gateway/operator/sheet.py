"""A page for an operator: the same look as a caller's, with paragraphs that break between words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

from rich.console import Console

from gateway.caller.page import Page
from gateway.operator.printable import printable

PIPE_WIDTH: Final = 110
_MARGIN: Final = 4
_WIDEST: Final = 100


class Sheet:
    """Writes headings, names with values, paragraphs, and commands to type."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self._console = console if console.is_terminal else Console(width=PIPE_WIDTH, highlight=False)
        self._page = Page(self._console)

    def heading(self, words: str, style: str = "bold") -> None:
        """Begins a part."""
        self._page.heading(printable(words), style)

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Writes a name and a value a line, without those that have none."""
        self._page.pairs({name: printable(value) for name, value in pairs if value})

    def words(self, words: str, style: str = "") -> None:
        """Writes a paragraph."""
        width = min(self._console.width, _WIDEST) - _MARGIN
        for line in textwrap.wrap(printable(words), width, break_long_words=False, break_on_hyphens=False):
            self._page.line(line, style)

    def command(self, command: str) -> None:
        """Writes a command on a line of its own, never broken."""
        self._page.line(f"  {printable(command)}", "cyan")
