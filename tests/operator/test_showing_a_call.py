"""`calls show`: everything about one call, what it means, and what to do."""

import json
from datetime import timedelta

import faults
import pytest
from gateway_under_test import place_call_request
from grpc import StatusCode
from operator_terminal import typed
from outbound_calls import WHOLE
from raw_provider import REFUSED

from gateway.ledger.record import Key
from gateway.ledger.retention import Retention, entomb, erase
from gateway.operator.opening import opened
from gateway.operator.options import Source
from gateway.settings import Ledger

A_YEAR = timedelta(days=365)
RETENTION = Retention.of(Ledger())
PRIVATE = (
    "+13236550107",
    "3236550108",
    "+13236550100",
    "Grüße, 你好",
    "patient 8812",
    "calls.example.com",
    "order-8812",
)


@pytest.fixture
async def gateway(start_gateway, ledger):
    return await start_gateway(ledger=ledger)


async def test_a_call_is_found_by_either_id(gateway, operator):
    """A person has whichever the log or the caller gave."""
    call = (await gateway.place_call(requestId="reminder-1")).call
    by_call_id = await operator("calls", "show", call.call_id)
    by_request_id = await operator("calls", "show", "reminder-1")

    assert (0, 0) == (by_call_id.status, by_request_id.status)
    assert by_call_id.output == by_request_id.output
    assert f"The call {call.call_id}" in by_call_id.words
    assert "The provider accepted the request." in by_call_id.words


async def test_a_call_id_is_found_in_any_account(start_gateway, ledger, operator, provider):
    """A request's id names a call only within an account."""
    staging = {"base_url": provider.url, "sid": "H2", "api_key": "k2"}
    gateway = await start_gateway(ledger=ledger, accounts={"staging": staging})
    call = (await gateway.place_call(requestId="reminder-1", account="staging")).call

    assert 0 == (await operator("calls", "show", call.call_id)).status
    assert 1 == (await operator("calls", "show", call.call_id, "--account", "default")).status
    assert 0 == (await operator("calls", "show", "reminder-1", "--account", "staging")).status
    missing = await operator("calls", "show", "reminder-1")
    assert (1, "") == (missing.status, missing.output)
    assert (
        "kaleyra-gateway calls show: account default has no call with the request id reminder-1; "
        "--account names another account" == missing.errors.strip()
    )


async def test_an_unknown_outcome_says_how_to_find_out(gateway, operator, lost):
    """What happened, what the provider knows the call by, when it was sent, and the two commands to type."""
    call_id = await lost(gateway, "reminder-1")
    page = await operator("calls", "show", "reminder-1")

    assert "Phones may ring, or not: the request left, and no readable answer came." in page.words
    assert "Do not send it again. Find out from the provider whether it placed this call" in page.words
    assert f"its `custom` is {call_id}." in page.words
    assert "This can be done from 20" in page.words
    for finding in ("accepted", "refused"):
        ledger = operator.url if operator.url.startswith("sqlite") else "URL"
        command = f"kaleyra-gateway calls resolve {call_id} --ledger {ledger} --as {finding} --note"
        assert command in page.output

    await operator.overdue("reminder-1")
    assert "This can be done from" not in (await operator("calls", "show", "reminder-1")).words


async def test_a_callers_own_custom_is_what_the_provider_knows(gateway, operator, lost):
    """It may name a person: it is shown where it is asked for."""
    await lost(gateway, "reminder-1", call=WHOLE)

    assert (
        "its `custom` is the caller's own words, which `--numbers` shows"
        in (await operator("calls", "show", "reminder-1")).words
    )
    assert "its `custom` is order-8812." in (await operator("calls", "show", "reminder-1", "--numbers")).words


@pytest.mark.parametrize("form", [[], ["--json"]])
async def test_numbers_and_texts_are_shown_where_they_are_asked_for(gateway, operator, form):
    """By default a number keeps its last two digits, and a text its length."""
    await gateway.place_call(WHOLE, requestId="reminder-1")
    masked = await operator("calls", "show", "reminder-1", *form)
    openly = await operator("calls", "show", "reminder-1", "--numbers", *form)
    shown = json.dumps(openly.json, ensure_ascii=False) if form else openly.output

    assert [] == [private for private in PRIVATE if private in masked.output]
    assert [] == [private for private in PRIVATE if private not in shown]
    assert "+*********07" in masked.output
    assert "********08" in masked.output
    assert "[hidden: 9 characters]" in masked.output
    assert "SG_c" in masked.output


async def test_a_refusal_is_shown_with_what_the_provider_said(gateway, operator, provider):
    """And with what its caller was told to do."""
    provider.reply(REFUSED)
    await gateway.place_call_error(requestId="reminder-1")
    page = (await operator("calls", "show", "reminder-1")).words

    assert "dispatch REJECTED reason BRIDGE_NOT_FOUND" in page
    assert "provider said RBC3119 Bridge number not found" in page
    assert "Nobody was dialed: the provider refused the request." in page
    assert "The caller is told: correct it and use a new request_id." in page
    assert "Its request id is free" not in page


async def test_a_free_id_is_told(start_gateway, ledger, operator):
    """The same request may be sent again."""
    gateway = await start_gateway(ledger=ledger, account={"base_url": "http://127.0.0.1:9"})
    await gateway.place_call_error(requestId="reminder-1")
    page = (await operator("calls", "show", "reminder-1")).words

    assert "Nobody was dialed: the request did not leave the gateway." in page
    assert "send the same request with the same request_id, later. Its request id is free" in page


async def test_a_call_on_its_way_is_waited_for(gateway, operator, provider):
    """The page says until when, and what it means when that has passed."""
    provider.behave(faults.never_answers)
    placing = gateway.stub.PlaceCall(place_call_request(requestId="reminder-1"), timeout=60)
    await provider.arrivals(1)
    page = (await operator("calls", "show", "reminder-1")).words
    document = (await operator("calls", "show", "reminder-1", "--json")).json
    placing.cancel()

    assert "Not known yet: the request is on its way." in page
    assert "Wait: by 20" in page
    assert "DISPATCH_SENDING" == document["call"]["dispatch"]
    assert StatusCode.ABORTED.value[0] == document["call"]["error"]["code"]


async def test_what_an_operator_found_is_shown(gateway, operator, lost):
    """Who looks later sees whose word it is."""
    call_id = await lost(gateway, "reminder-1")
    await operator.overdue("reminder-1")
    await operator("calls", "resolve", call_id, "--as", "refused", "--note", "support says so")
    page = (await operator("calls", "show", call_id)).words
    document = (await operator("calls", "show", call_id, "--json")).json

    assert "resolved by OPERATOR, 20" in page
    assert "note support says so" in page
    assert ("RESOLUTION_SOURCE_OPERATOR", "support says so") == (
        document["call"]["resolution"]["source"],
        document["call"]["resolution"]["note"],
    )


@pytest.mark.parametrize(
    ("reduce", "words"),
    [
        pytest.param(erase, "kept without numbers and texts", id="erased"),
        pytest.param(entomb, "kept only what a repeat is answered from", id="a tombstone"),
    ],
)
async def test_what_is_left_of_an_old_call_is_shown(gateway, operator, reduce, words):
    """It says what is gone, and fails at nothing."""
    await gateway.place_call(WHOLE, requestId="reminder-1")
    async with opened(Source(url=operator.url)) as store:
        await store.change(Key("default", "reminder-1"), lambda record, now: reduce(record, RETENTION, now + A_YEAR))
    page = await operator("calls", "show", "reminder-1")
    [row] = (await operator("calls", "list", "--json")).json["calls"]

    assert 0 == page.status
    assert words in page.words
    assert "The request" not in page.output
    assert None is row["recipients"]


@pytest.mark.usefixtures("gateway")
async def test_what_others_wrote_cannot_command_the_terminal(operator):
    """An escape sequence in the ledger is shown, not obeyed."""
    async with opened(Source(url=operator.url)) as store:
        await store.pause("\x1b[2Jcleared\x9b1m")
    printed = (await operator("ledger", "info")).output + (await operator("calls", "list")).errors

    assert 2 == printed.count(r"\x1b[2Jcleared\x9b1m")
    assert not {"\x1b", "\x9b"} & set(printed)


@pytest.mark.parametrize("text", ["?", "x y", "x" * 65, "\udcff" * 9])
async def test_what_is_no_id_is_a_wrong_command_line(tmp_path, text):
    """It cannot be in any ledger."""
    outcome = await typed("calls", "show", text, "--ledger", f"sqlite:///{tmp_path}/none.db")

    assert 2 == outcome.status
    assert "that is no id" in outcome.errors
