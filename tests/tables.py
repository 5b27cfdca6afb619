"""The tables of a page."""


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins so, in the text of a page; each has the text of its cells."""
    rows = []
    for line in page[page.index(f"\n{first}") + 1 :].splitlines()[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
