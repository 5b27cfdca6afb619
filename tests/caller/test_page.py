"""What a person reads about answers that are rare, or that this version of the gateway does not give."""

import io

import pytest
from rich.console import Console

from gateway.caller.answer import Answer
from gateway.caller.exit_status import EXIT_BY_DISPATCH
from gateway.caller.page import Page
from gateway.caller.repeat import WHAT_BY_DISPATCH, what_a_repeat_does
from gateway.caller.words import UNTOLD_BY_REASON, WORDS_BY_ADVICE, WORDS_BY_DISPATCH, WORDS_BY_REASON
from gateway.errors import ROW_BY_REASON
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import (
    RECIPIENT_STATE_ENDED,
    RECIPIENT_STATE_WAITING,
    Dispatch,
    OutboundCall,
    RecipientOutcome,
)
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse, Preview


def shown(answer: Answer) -> str:
    file = io.StringIO()
    Page(Console(file=file, width=200)).answer(answer)
    return file.getvalue()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            Answer(code="INTERNAL", reason="ERROR_REASON_INTERNAL", advice="RETRY_ADVICE_REPEAT"),
            "this answer does not tell what happened to the phones",
            id="the gateway's own without dispatch",
        ),
        pytest.param(Answer(code="UNAVAILABLE"), "this answer is not the gateway's", id="somebody else's"),
    ],
)
def test_an_answer_without_dispatch_is_told_apart_by_its_author(answer, words):
    """The gateway's own answers may leave open what happened to the phones; they are still its own."""
    assert words in shown(answer)


def test_a_dry_run_of_a_recorded_request_is_no_replay():
    """It repeats no outcome: it shows a form."""
    dry = PlaceCallResponse(replayed=True, preview=Preview(url="https://api.example.com"))

    assert not Answer(response=dry).is_replay
    assert Answer(response=PlaceCallResponse(replayed=True, call=OutboundCall())).is_replay


@pytest.mark.parametrize(("state", "is_shown"), [(RECIPIENT_STATE_WAITING, False), (RECIPIENT_STATE_ENDED, True)])
def test_recipients_are_shown_once_there_is_news_of_them(state, is_shown):
    """A hundred that wait say nothing; a repeat may be told how it went."""
    call = OutboundCall(recipients=[RecipientOutcome(state=RECIPIENT_STATE_WAITING), RecipientOutcome(state=state)])

    assert is_shown == ("call.recipients" in shown(Answer(response=PlaceCallResponse(call=call))))


def test_words_of_a_newer_gateway_are_shown_as_they_are():
    """New dispatches and advice may appear; a person sees their names."""
    page = shown(Answer(code="ABORTED", reason="ERROR_REASON_NEW", dispatch="DISPATCH_NEW", advice="RETRY_ADVICE_NEW"))

    assert "dispatch  DISPATCH_NEW" in page
    assert "What to do: RETRY_ADVICE_NEW." in page


def test_a_ledger_that_failed_before_anything_was_recorded_says_that_nobody_was_dialed():
    """Where the gateway knows it, the page does not leave it open."""
    page = shown(Answer(code="UNAVAILABLE", reason="ERROR_REASON_LEDGER_UNAVAILABLE", dispatch="DISPATCH_NOT_SENT"))

    assert "nobody was dialed" in page
    assert "earlier attempt" not in page


def test_every_dispatch_and_advice_has_its_words():
    """The tables are complete, and speak of nothing that there is not."""
    dispatches, advice = set(Dispatch.keys()) - {"DISPATCH_UNSPECIFIED"}, set(RetryAdvice.keys())

    assert dispatches == set(WORDS_BY_DISPATCH) == set(WHAT_BY_DISPATCH) == set(EXIT_BY_DISPATCH)
    assert advice - {"RETRY_ADVICE_UNSPECIFIED"} == set(WORDS_BY_ADVICE)
    assert set(ErrorReason.keys()) >= set(WORDS_BY_REASON) | set(UNTOLD_BY_REASON)


@pytest.mark.parametrize("reason", ROW_BY_REASON)
def test_a_repeat_is_offered_where_the_gateway_advises_it_and_for_an_unknown_outcome(reason):
    """Of everything that the contract tabulates, nothing else gains from a repeat."""
    row, name = ROW_BY_REASON[reason], ErrorReason.Name(reason)
    dispatch = "" if row.dispatch is None else Dispatch.Name(row.dispatch)
    advice = "" if row.retry is None else RetryAdvice.Name(row.retry)
    is_offered = bool(what_a_repeat_does(Answer(code=row.code.name, reason=name, dispatch=dispatch, advice=advice)))

    assert (advice == "RETRY_ADVICE_REPEAT" or name == "ERROR_REASON_OUTCOME_UNKNOWN") == is_offered
