"""The page about errors says what the gateway answers, and what the examples do about it."""

import re

import pytest
from next_steps import NEXT_BY_REASON
from pages import table
from snippets import ROOT
from test_what_next import SOURCES

from gateway.errors import ROW_BY_REASON
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import Dispatch

PAGE = (ROOT / "docs" / "errors.md").read_text()


def test_its_reasons_are_the_gateways():
    """The table names every reason with its code, dispatch and advice, and with what a program does."""
    told = {
        ErrorReason.Name(reason).removeprefix("ERROR_REASON_"): [
            row.code.name,
            "-" if row.dispatch is None else Dispatch.Name(row.dispatch).removeprefix("DISPATCH_"),
            "-" if row.retry is None else RetryAdvice.Name(row.retry).removeprefix("RETRY_ADVICE_"),
        ]
        for reason, row in ROW_BY_REASON.items()
    }
    told["REQUEST_ID_REUSED"][1] = "the record's"

    assert {name: [*row, NEXT_BY_REASON[name].split()[0]] for name, row in told.items()} == {
        name: row[:4] for name, *row in table(PAGE, "| reason")
    }


@pytest.mark.parametrize("language", SOURCES)
def test_its_outcomes_are_those_of_the_functions(language):
    """The page explains every outcome, and no other."""
    explained = [row[0].strip("`") for row in table(PAGE, "| outcome")]
    known = {step.split()[0] for step in NEXT_BY_REASON.values()}
    source = SOURCES[language].read_text()

    assert known == set(explained)
    assert all(re.search(rf"\b{outcome}\b", source) for outcome in explained)


def test_its_words_are_the_contracts():
    """Every dispatch of an error and every advice is explained."""
    dispatches = {row[0].strip("`") for row in table(PAGE, "| `dispatch`")}
    advice = {row[0].strip("`") for row in table(PAGE, "| `retry`")}

    assert set(Dispatch.keys()) - {"DISPATCH_UNSPECIFIED", "DISPATCH_ACCEPTED"} == dispatches - {"absent"}
    assert set(RetryAdvice.keys()) - {"RETRY_ADVICE_UNSPECIFIED"} == advice
