"""`calls resolve`: what an operator found out is what a caller hears from then on, and nothing is sent."""

import asyncio
import shlex

import faults
import pytest
from operator_terminal import call_of, typed

from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    RESOLUTION_SOURCE_OPERATOR,
)

NOTE = "Jo asked support: ticket 4711"


@pytest.fixture
async def gateway(start_gateway, ledger):
    return await start_gateway(ledger=ledger)


async def test_an_operator_found_that_it_was_accepted(gateway, operator, lost, provider):
    """A repeat is answered with the call, which tells who found it and how."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    outcome = await operator("calls", "resolve", call_id, "--as", "accepted", "--note", NOTE)
    repeated = await gateway.place_call(requestId="reminder-1")
    call = await call_of(gateway, call_id)

    assert 0 == outcome.status
    assert f"The call {call_id} is now ACCEPTED" in outcome.words
    assert NOTE in outcome.output
    assert (True, DISPATCH_ACCEPTED) == (repeated.replayed, repeated.call.dispatch)
    assert (RESOLUTION_SOURCE_OPERATOR, NOTE) == (repeated.call.resolution.source, repeated.call.resolution.note)
    assert repeated.call == call
    assert 1 == len(provider.posts)


async def test_an_operator_found_that_it_was_refused(gateway, operator, lost, provider):
    """A repeat is refused as the provider would have, and the id is spent."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    outcome = await operator("calls", "resolve", call_id, "--as", "refused", "--note", NOTE)
    error = await gateway.place_call_error(requestId="reminder-1")
    call = await call_of(gateway, call_id)

    assert 0 == outcome.status
    assert f"The call {call_id} is now REJECTED" in outcome.words
    assert ("PROVIDER_REFUSED", "FAILED_PRECONDITION", "REJECTED", "NEW_REQUEST_ID", "true") == (
        error.reason,
        error.code,
        error.dispatch,
        error.retry,
        error.info.metadata["replayed"],
    )
    assert (DISPATCH_REJECTED, RESOLUTION_SOURCE_OPERATOR, NOTE) == (
        call.dispatch,
        call.resolution.source,
        call.resolution.note,
    )
    assert 1 == len(provider.posts)


async def test_nothing_is_resolved_before_the_attempt_has_certainly_ended(start_gateway, ledger, operator, lost):
    """The answer may still come; the refusal says when to try again, and then it works."""
    gateway = await start_gateway(ledger=ledger)
    call_id = await lost(gateway, "reminder-1")
    command = ["calls", "resolve", call_id, "--as", "refused", "--note", NOTE]
    early = await operator(*command)
    before = await call_of(gateway, call_id)
    until = (await operator("calls", "show", call_id, "--json")).json["send_deadline"]
    await operator.overdue("reminder-1")
    late = await operator(*command)

    assert 1 == early.status
    assert f"may still be answered until {until[:19]}" in early.errors
    assert (DISPATCH_OUTCOME_UNKNOWN, False) == (before.dispatch, before.HasField("resolution"))
    assert 0 == late.status


async def test_only_an_unknown_outcome_can_be_resolved(gateway, operator, lost):
    """What is known stays; the refusal says what it is, and since when whose word counts."""
    call_id = await lost(gateway, "reminder-1")
    placed = await gateway.place_call(requestId="reminder-2")
    await operator.overdue("reminder-1")
    await operator("calls", "resolve", call_id, "--as", "refused", "--note", NOTE)
    known = await operator("calls", "resolve", placed.call.call_id, "--as", "refused", "--note", NOTE)
    again = await operator("calls", "resolve", call_id, "--as", "accepted", "--note", "changed my mind")

    assert (1, 1) == (known.status, again.status)
    assert f"{placed.call.call_id} is ACCEPTED, already known: only an OUTCOME_UNKNOWN" in known.errors
    assert f"{call_id} is REJECTED, resolved by OPERATOR since 20" in again.errors
    assert DISPATCH_REJECTED == (await call_of(gateway, call_id)).dispatch


async def test_a_call_on_its_way_is_not_resolved(gateway, operator, provider):
    """Its gateway still waits for the answer."""
    provider.behave(faults.answers_when_released)
    placing = asyncio.create_task(gateway.place_call(requestId="reminder-1"))
    await provider.arrivals(1)
    [row] = (await operator("calls", "list", "--json")).json["calls"]
    outcome = await operator("calls", "resolve", row["call_id"], "--as", "refused", "--note", NOTE)
    provider.release.set()

    assert 1 == outcome.status
    assert f"{row['call_id']} is still SENDING" in outcome.errors
    assert DISPATCH_ACCEPTED == (await placing).call.dispatch


@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize(
    ("call_id", "words"),
    [
        pytest.param("01M877RN3AC7AHC2K0R8B4D2RF", "there is no call 01M877RN3AC7AHC2K0R8B4D2RF", id="unheard of"),
        pytest.param("reminder-1", "reminder-1", id="a request's id"),
    ],
)
async def test_an_unknown_id_is_not_found(operator, call_id, words):
    """It is 1, and nothing is written."""
    outcome = await operator("calls", "resolve", call_id, "--as", "refused", "--note", NOTE)

    assert (1, "") == (outcome.status, outcome.output)
    assert words in outcome.errors


async def test_a_call_of_another_account_is_not_found(gateway, operator, lost):
    """Where an account is named, only its calls are meant."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    command = ["calls", "resolve", call_id, "--as", "refused", "--note", NOTE]
    other = await operator(*command, "--account", "staging")
    own = await operator(*command, "--account", "default")

    assert (1, f"account staging has no call {call_id}") == (other.status, other.errors.split(": ")[1].strip())
    assert 0 == own.status


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="white space"),
        pytest.param("x" * 501, id="too long"),
        pytest.param("two\nlines", id="a newline"),
        pytest.param("\x1b[2J", id="an escape"),
        pytest.param("\x9b2J", id="a control character of the upper half"),
        pytest.param("\udcff", id="no UTF-8"),
    ],
)
async def test_a_note_is_words_on_one_line(tmp_path, note):
    """A wrong one is told before the ledger is looked for."""
    url = f"sqlite:///{tmp_path}/none.db"
    command = ["calls", "resolve", "01M877RN3AC7AHC2K0R8B4D2RF", "--as", "refused", "--note", note, "--ledger", url]
    outcome = await typed(*command)

    assert 2 == outcome.status
    assert "kaleyra-gateway calls resolve: --note wants 1 to 500 characters on one line\n" == outcome.errors


async def test_a_note_may_be_500_characters_of_any_script(gateway, operator, lost):
    """It comes back as it was given."""
    note = "ä" * 499 + "你"
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    outcome = await operator("calls", "resolve", call_id, "--as", "accepted", "--note", note)

    assert 0 == outcome.status
    assert note == (await call_of(gateway, call_id)).resolution.note


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(["--as", "accepted"], id="the note"),
        pytest.param(["--note", NOTE], id="the finding"),
        pytest.param(["--as", "maybe", "--note", NOTE], id="a finding that there is"),
    ],
)
async def test_finding_and_note_are_required(missing):
    """An operator's word without either is none."""
    assert 2 == (await typed("calls", "resolve", "01M877RN3AC7AHC2K0R8B4D2RF", *missing)).status


async def test_the_command_that_show_offers_works(gateway, operator, lost):
    """An operator copies it, and writes a note."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    page = (await operator("calls", "show", call_id)).output.splitlines()
    [command] = [line for line in page if "--as accepted" in line]
    arguments = shlex.split(command.replace("--ledger URL", f"--ledger {operator.url}"))

    assert "kaleyra-gateway" == arguments[0]
    assert 0 == (await typed(*arguments[1:])).status
    assert DISPATCH_ACCEPTED == (await call_of(gateway, call_id)).dispatch
