"""Which tests may run side by side: a file stays with one worker, and so do files that share what they build."""

from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = {
    "tests/container/": "the image",
    "tests/clients/test_java_client.py": "the Java packages",
    "tests/test_examples.py": "the Java packages",
    "tests/test_examples_repeat.py": "the Java packages",
    "tests/docs/test_what_next.py": "the Java packages",
}
"""Tests that share what only one of them may build at a time, by how their path begins."""

FIRST: Final = (
    "tests/container/",
    "tests/clients/test_java_client.py",
    "tests/mesh/",
    "tests/soak/",
    "tests/at_most_once/",
    "tests/failures/",
    "tests/deploy/",
    "tests/clients/",
    "tests/docs/",
)
"""What takes longest begins first, so that no worker is left alone with it in the end."""


class SideBySide(LoadScopeScheduling):
    """Hands a worker the tests of a file, or of files that stay together, in one piece."""

    def _split_scope(self, nodeid: str) -> str:
        together = next((group for start, group in TOGETHER.items() if nodeid.startswith(start)), "")
        return together or nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Orders the tests."""
    items.sort(key=lambda item: _rank(item.nodeid))


def _rank(name: str) -> int:
    return next((rank for rank, start in enumerate(FIRST) if name.startswith(start)), len(FIRST))
