"""The fenced blocks of a page, by language."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "clients/*/README.md", "deploy/**/*.md", "tests/cases/*.md")
    for page in ROOT.glob(pattern)
)


@dataclass(frozen=True)
class Snippet:
    """A block of code as a page shows it.

    Attributes:
        page: The page's path from the repository's root.
        line: Where it begins.
        language: The word behind the fence; empty for none.
        code: What stands between the fences.
    """

    page: str
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def snippets(page: Path) -> list[Snippet]:
    """Finds the blocks of a page, from top to bottom; those within a list are moved to the margin."""
    text = page.read_text()
    found = []
    for match in re.finditer(r"^( *)```(\S*)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        indent, language, code = match.groups()
        margin = re.compile(f"^{indent}", re.MULTILINE)
        line = text[: match.start()].count("\n") + 1
        found.append(Snippet(str(page.relative_to(ROOT)), line, language, margin.sub("", code)))
    return found


def shown(page: str, language: str) -> list[Snippet]:
    """The blocks of a page in one language."""
    return [block for block in snippets(ROOT / page) if block.language == language]
