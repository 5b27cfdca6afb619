"""What the page about the cases shows is part of cases that every language runs."""

import json
import re
import tomllib
from typing import Any

from snippets import ROOT, shown

CASES = ROOT / "tests" / "cases"
CASE, WATCH, INVALID = [json.loads(block.code) for block in shown("tests/cases/README.md", "json")]


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


def test_its_watch_is_one_that_is_run():
    """The step follows a call whose phones are played."""
    runs = [json.loads(file.read_text()) for file in (CASES / "outcomes").glob("*.json")]

    assert any(part_of(WATCH, step) for case in runs for step in case["steps"])


def test_what_it_says_of_the_stand_is_so():
    """A runner finds gateways and sandboxes where the page says, with the times that it tells."""
    stand = (ROOT / "tests" / "clients" / "conftest.py").read_text()
    [speed] = re.findall(r"^SPEED = (\d+)$", stand, re.MULTILINE)
    settle = tomllib.loads((CASES / "receiving.toml").read_text())["watch"]["settle"]
    page = (CASES / "README.md").read_text()

    assert set(re.findall(r'"([A-Z_]+)": self', stand)) == set(
        re.findall(r"`((?:OUTCOMES_)?(?:GATEWAY|SANDBOX)|OUTCOMES_REPORTS)`", page)
    )
    assert f"`--speed {speed}`" in page
    assert f"15 seconds pass in {15_000 / int(speed):g} milliseconds" in page
    assert f"after {settle:g} seconds without a change" in page


def test_its_invalid_request_is_one_that_is_run():
    """The page leaves the request out."""
    runs = json.loads((CASES / "invalid_requests.json").read_text())

    assert INVALID["request"] == {"...": "..."}
    assert any({**case, "request": INVALID["request"]} == INVALID for case in runs)
