"""What stands on a page: its tables, and its code."""

import re


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins so, in the text of a page; each has the text of its cells."""
    rows = []
    for line in page[page.index(f"\n{first}") + 1 :].splitlines()[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language, in the text of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
