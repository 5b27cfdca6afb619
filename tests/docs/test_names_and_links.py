"""What a page names, a file, a heading or a command, is there."""

import re

import pytest
import typer
from snippets import PAGES, ROOT

from gateway.cli import app

PAGES_BY_NAME = {str(page.relative_to(ROOT)): page for page in PAGES}


@pytest.mark.parametrize("page", PAGES_BY_NAME)
def test_every_link_leads_somewhere(page):
    """A link to a file of this repository, and to a heading on its page, is followed."""
    text = PAGES_BY_NAME[page].read_text()
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text):
        file, _, heading = target.partition("#")
        there = (PAGES_BY_NAME[page].parent / file).resolve() if file else PAGES_BY_NAME[page]

        assert there.exists(), target
        assert not heading or heading in _anchors(there.read_text()), target


def _anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_command_that_a_page_names_exists():
    """`make X` and `kaleyra-gateway X` in the pages are commands that there are."""
    text = "\n".join(page.read_text() for page in PAGES if page.name != "CHANGELOG.md")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = _commands()
    named = {
        tuple(filter(None, pair)) for pair in re.findall(r"(?<!# )kaleyra-gateway ([a-z]+)\b(?: ([a-z]+)\b)?", text)
    }

    assert set(re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.MULTILINE)) <= targets
    assert set() == {words for words in named if words not in commands and words[:1] not in commands}
    assert set() == {words for words in named if commands.get(words[:1]) == "group" and words not in commands}


def _commands() -> dict[tuple[str, ...], str]:
    """Lists every command by its words, and whether it is a group of others."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():
        inner = getattr(command, "commands", {})
        found[(name,)] = "group" if inner else "command"
        found |= {(name, each): "command" for each in inner}
    return found
