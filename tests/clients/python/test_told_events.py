"""What a case says of a watch is met or not as `tests/cases/README.md` says."""

from typing import Any

import pytest
from told_events import Told


def told(*letters: str) -> Told:
    """Events of these types; in lower case, they tell of the recipient +1, or of +2 after a letter of its own."""
    events: list[dict[str, Any]] = []
    for sequence, letter in enumerate(letters, start=7):
        event: dict[str, Any] = {"sequence": str(sequence), "type": letter[0]}
        if letter.islower():
            event["recipient"] = {"recipient": {"number": f"+{letter[1:] or 1}"}, "state": letter[0]}
        events.append(event)
    return Told(events)


def types(letters: str) -> list[dict[str, str]]:
    return [{"type": letter} for letter in letters]


@pytest.mark.parametrize(
    ("letters", "expected", "met"),
    [
        pytest.param("ABC", "ABC", True, id="all of them"),
        pytest.param("ABBC", "ABC", True, id="another between them"),
        pytest.param("ABC", "AC", True, id="one between them is not named"),
        pytest.param("ABC", "BC", False, id="one before the first"),
        pytest.param("ABC", "AB", False, id="one after the last"),
        pytest.param("ABC", "ACB", False, id="in another order"),
        pytest.param("ABCD", "ACBD", False, id="in another order in between"),
        pytest.param("AC", "ABC", False, id="one is missing"),
        pytest.param("AB", "ABB", False, id="told once instead of twice"),
        pytest.param("ABC", "ABBC", False, id="told once instead of twice in between"),
        pytest.param("", "", True, id="nothing"),
        pytest.param("A", "", False, id="something instead of nothing"),
        pytest.param("", "A", False, id="nothing instead of something"),
    ],
)
def test_events_are_told_in_their_order(letters, expected, met):
    """The first and the last are the first and the last."""
    assert met == (not list(told(*letters).differences({"events": types(expected)})))


@pytest.mark.parametrize(
    ("letters", "expected", "met"),
    [
        pytest.param(["r", "e"], {"+1": "re"}, True, id="all of it"),
        pytest.param(["w", "r", "e"], {"+1": "re"}, True, id="another before them"),
        pytest.param(["r", "r2", "e2", "e"], {"+1": "re", "+2": "re"}, True, id="two recipients at once"),
        pytest.param(["r", "e2", "r2", "e"], {"+1": "re", "+2": "re"}, False, id="the wrong order of one of them"),
        pytest.param(["r", "e"], {"+1": "r"}, False, id="another after the last"),
        pytest.param(["r"], {"+1": "r", "+2": "r"}, False, id="one who is not told of"),
        pytest.param(["r", "r2"], {"+1": "r"}, False, id="one who is not expected"),
        pytest.param(["r"], {}, False, id="nobody is expected"),
        pytest.param(["A"], {}, True, id="nobody is told of"),
    ],
)
def test_what_is_told_of_each_recipient(letters, expected, met):
    """Each has an order of its own, and all of them are named."""
    watch = told(*letters)
    events = [{}, {}] if len(letters) > 1 else [{}]
    recipients = {number: [{"state": state} for state in states] for number, states in expected.items()}

    assert met == (not list(watch.differences({"events": events, "recipients": recipients})))


@pytest.mark.parametrize("sequences", [["7", "7"], ["10", "9"]], ids=["repeated", "going back"])
def test_sequences_grow(sequences):
    """Whatever a case says of the events."""
    watch = Told([{"sequence": sequence} for sequence in sequences])

    assert ["the sequences do not grow"] == [text.partition(":")[0] for text in watch.differences({"events": [{}, {}]})]
