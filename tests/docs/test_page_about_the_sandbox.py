"""What the page about the sandbox shows does what the page says."""

from running_python import python
from snippets import shown

PAGE = "docs/sandbox.md"


async def test_its_python_prints_what_the_page_says():
    """The sandbox runs inside a caller's own event loop."""
    [snippet] = shown(PAGE, "python")

    assert "Submitted Successfully\n('+13236550107',)\n" == await python(snippet.code)
