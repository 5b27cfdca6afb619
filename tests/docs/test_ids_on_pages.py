"""A reader goes from page to page with one gateway, whose ledger remembers each request_id."""

import re
from collections import defaultdict

from snippets import PAGES, ROOT, snippets

ID = re.compile(r"""request.?id["']?[ :=(]+["']?([a-z]+-\d{4})\b""", re.IGNORECASE)


def test_an_id_is_used_on_one_page_only():
    """Two pages that used one id for two calls would refuse each other's reader: REQUEST_ID_REUSED."""
    pages = defaultdict(set)
    for page in PAGES:
        for snippet in snippets(page):
            if snippet.language != "json" or page.parent.name != "docs":  # answers and lines of a log are read only
                for request_id in ID.findall(snippet.code):
                    pages[request_id].add(str(page.relative_to(ROOT)))

    assert len(pages) > 10
    assert {} == {request_id: sorted(found) for request_id, found in pages.items() if len(found) > 1}
