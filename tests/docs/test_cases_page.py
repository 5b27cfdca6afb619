"""What the page about the cases shows is part of cases that every language runs."""

import json
from typing import Any

from snippets import ROOT, shown

CASES = ROOT / "tests" / "cases"
CASE, INVALID = [json.loads(block.code) for block in shown("tests/cases/README.md", "json")]


def part_of(shown: Any, whole: Any) -> bool:
    """Whether all that is shown is there, at any depth; what counts in a step is its RPC, 30 seconds when absent."""
    if isinstance(shown, dict) and isinstance(whole, dict):
        usual = {"rpc": "PlaceCall", "deadline": 30, "about": shown.get("about")}
        return all(part_of(value, whole.get(key, usual.get(key))) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(whole, list):
        return len(shown) == len(whole) and all(map(part_of, shown, whole))
    return bool(shown == whole)


def test_its_case_is_one_that_is_run():
    """The conversation stands in a file of the folder, which expects some more."""
    runs = [json.loads(file.read_text()) for file in (CASES / "calls").glob("*.json")]

    assert any(part_of({key: CASE[key] for key in ("steps", "sandbox")}, case) for case in runs)


def test_its_invalid_request_is_one_that_is_run():
    """The page leaves the request out."""
    runs = json.loads((CASES / "invalid_requests.json").read_text())

    assert INVALID["request"] == {"...": "..."}
    assert any({**case, "request": INVALID["request"]} == INVALID for case in runs)
