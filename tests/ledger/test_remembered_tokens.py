"""Whose report it is: found by its token, which is remembered for a while and forgotten with what it was for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from test_retention import RETENTION, keep, place
from wishes import wish

from gateway.kaleyra.reports import Report, ReportKind
from gateway.ledger import report_keys
from gateway.ledger.ledger import Ledger
from gateway.ledger.record import hashed

TOLD = Report(kind=ReportKind.ANSWER, received=datetime(2026, 11, 30, tzinfo=UTC))


def token(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def ledger(store):
    return Ledger(store)


async def placed(store, number: int) -> None:
    await place(store, replace(wish(f"reminder-{number:04}"), token=hashed(token(number).encode())))


async def test_a_token_counts_for_as_long_as_its_record_knows_it(store, ledger, clock):
    """What is remembered of it does not outlive it."""
    await placed(store, 1)
    first = [await ledger.report(token(1), lambda: TOLD) for _ in range(2)]
    clock.ahead += timedelta(days=31)
    await keep(store, RETENTION)
    late = [await ledger.report(token(1), lambda: TOLD) for _ in range(2)]

    assert ([True, True], [False, False]) == (first, late)


async def test_a_token_that_was_unknown_counts_as_soon_as_it_is_written(store, ledger):
    """Nothing is remembered of a token that is none."""
    early = await ledger.report(token(1), lambda: TOLD)
    await placed(store, 1)

    assert (False, True) == (early, await ledger.report(token(1), lambda: TOLD))


async def test_what_is_remembered_is_bounded_and_nothing_depends_on_it(store, ledger, monkeypatch):
    """The oldest goes first, and is looked up anew."""
    monkeypatch.setattr(report_keys, "MOST", 3)
    for number in range(5):
        await placed(store, number)

    assert [True] * 10 == [await ledger.report(token(number % 5), lambda: TOLD) for number in range(10)]
    assert 3 == len(ledger._report_keys._keys)
