"""What a person reads about answers that this version of the gateway does not give."""

import io

import pytest
from rich.console import Console

from gateway.caller.answer import Answer
from gateway.caller.page import Page


def shown(answer: Answer) -> str:
    file = io.StringIO()
    Page(Console(file=file, width=200)).answer(answer)
    return file.getvalue()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            Answer(code="UNAVAILABLE", reason="ERROR_REASON_LEDGER_UNAVAILABLE", advice="RETRY_ADVICE_REPEAT"),
            "this answer does not tell what happened to the phones",
            id="the gateway's own without dispatch",
        ),
        pytest.param(Answer(code="UNAVAILABLE"), "this answer is not the gateway's", id="somebody else's"),
    ],
)
def test_an_answer_without_dispatch_is_told_apart_by_its_author(answer, words):
    """The gateway's own answers may leave open what happened to the phones; they are still its own."""
    assert words in shown(answer)


def test_words_of_a_newer_gateway_are_shown_as_they_are():
    """New dispatches and advice may appear; a person sees their names."""
    page = shown(Answer(code="ABORTED", reason="ERROR_REASON_NEW", dispatch="DISPATCH_NEW", advice="RETRY_ADVICE_NEW"))

    assert "dispatch  DISPATCH_NEW" in page
    assert "What to do: RETRY_ADVICE_NEW." in page
