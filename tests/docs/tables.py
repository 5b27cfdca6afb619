"""The tables of a page."""

from snippets import ROOT


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins so; each has the text of its cells."""
    text = (ROOT / page).read_text()
    rows = []
    for line in text[text.index(f"\n{first}") + 1 :].splitlines()[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
