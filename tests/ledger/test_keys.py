"""Whoever wants keys reads keys: a look at many calls costs no more for large ones."""

from dataclasses import replace
from datetime import timedelta

import pytest
from wishes import reserve, wish

from gateway.ledger import rows, transitions
from gateway.ledger.record import Stage
from gateway.ledger.transitions import Outcome


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        pytest.param(lambda store: store.sending(overdue_only=False), ["request-2"], id="on their way"),
        pytest.param(lambda store: store.sending(overdue_only=True), ["request-2"], id="overdue"),
        pytest.param(lambda store: store.due(Stage.WHOLE, timedelta(days=1), 10), ["request-1"], id="due"),
        pytest.param(lambda store: store.stale(10), ["request-1"], id="silent"),
    ],
)
async def test_records_are_not_read_for_their_keys(store, clock, monkeypatch, ask, expected):
    """Neither requests nor evidence come out of the database."""
    wanted = replace(wish(), stale_after=timedelta(hours=1))
    record = (await reserve(store, wanted)).record
    await store.change(
        record.key, lambda found, now: transitions.finish(found, 1, record.owner, Outcome(error=None), now)
    )
    await reserve(store, wish("request-2"))
    clock.ahead += timedelta(days=2)
    monkeypatch.setattr(rows, "record", unwanted)

    assert expected == [key.request_id for key in await ask(store)]


def unwanted(_row, _time):
    raise AssertionError("a record is read")
