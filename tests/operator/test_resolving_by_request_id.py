"""`calls resolve` takes the id that an operator has: the call's own, or its request's."""

import pytest
from operator_terminal import call_of, typed

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_OUTCOME_UNKNOWN

FOUND = ["--as", "accepted", "--note", "Jo asked support: ticket 4711"]


@pytest.fixture
async def gateway(start_gateway, ledger):
    return await start_gateway(ledger=ledger)


async def test_a_call_is_resolved_by_its_requests_id(gateway, operator, lost):
    """Whoever sent the request knows no other id."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    outcome = await operator("calls", "resolve", "reminder-1", *FOUND)

    assert (0, "") == (outcome.status, outcome.errors)
    assert f"The call {call_id} is now ACCEPTED" in outcome.words
    assert DISPATCH_ACCEPTED == (await call_of(gateway, call_id)).dispatch


async def test_a_requests_id_is_looked_for_in_the_account_that_is_named(gateway, operator, lost):
    """It names a call only within an account, which is `default` unless another is named."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    staging = await operator("calls", "resolve", "reminder-1", *FOUND, "--account", "staging")
    unheard_of = await operator("calls", "resolve", "reminder-2", *FOUND)

    assert (1, 1) == (staging.status, unheard_of.status)
    assert "account staging has no call reminder-1" in staging.errors
    assert "account default has no call with the request id reminder-2; --account names another" in unheard_of.errors
    assert DISPATCH_OUTCOME_UNKNOWN == (await call_of(gateway, call_id)).dispatch


async def test_a_requests_id_may_look_like_a_calls(gateway, operator, lost):
    """As `calls show` finds it."""
    request_id = "01M877RN3AC7AHC2K0R8B4D2RF"
    call_id = await lost(gateway, request_id)
    await operator.overdue(request_id)

    assert 0 == (await operator("calls", "show", request_id)).status
    assert f"The call {call_id} is now" in (await operator("calls", "resolve", request_id, *FOUND)).words


async def test_the_help_names_both():
    """In the words of `calls show`."""
    assert "The call's id, or its request's." in (await typed("calls", "resolve", "--help")).output
