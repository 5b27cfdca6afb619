"""`calls list`: the newest calls of an account, in a table that tells no number and no text."""

import re

import faults
import pytest
from gateway_under_test import TO_A_FLOW
from operator_terminal import typed
from outbound_calls import WHOLE
from raw_provider import ACCEPTED, REFUSED

from gateway.operator.listing import HEADER

TWO = TO_A_FLOW | {"recipients": [{"number": "+13236550108"}, {"number": "+4915112345678"}], "custom": "order-8812"}


@pytest.fixture
async def gateway(start_gateway, ledger, provider):
    """A gateway on whose ledger there is a call of each kind that a provider can make, in this order."""
    staging = {"base_url": provider.url, "sid": "H2", "api_key": "k2"}
    gateway = await start_gateway(ledger=ledger, accounts={"staging": staging})
    provider.behave(faults.closes_before_reading)
    await gateway.place_call_error(requestId="reminder-lost")
    provider.reply(REFUSED, headers="connection: close\r\n")  # each connection behaves as it began
    await gateway.place_call_error(requestId="reminder-refused")
    await gateway.place_call_error(WHOLE, requestId="reminder-whole")
    provider.behave(faults.closes_after_reading)
    await gateway.place_call_error(requestId="reminder-staging", account="staging")
    provider.reply(ACCEPTED)
    await gateway.place_call(TWO, requestId="reminder-two")
    return gateway


async def ids(operator, *arguments):
    """The request ids that a list has, in its order."""
    outcome = await operator("calls", "list", *arguments)
    assert 0 == outcome.status, outcome.errors
    return [line.split()[2] for line in outcome.output.splitlines()[1:]]


@pytest.mark.usefixtures("gateway")
async def test_a_list_is_a_table_of_the_newest_calls(operator):
    """One line a call, without white space in a cell, so that a script can take it apart."""
    outcome = await operator("calls", "list")
    header, *lines = [line.split() for line in outcome.output.splitlines()]

    assert list(HEADER) == header
    assert [
        ["reminder-two", "default", "accepted", "-", "2"],
        ["reminder-whole", "default", "rejected", "BRIDGE_NOT_FOUND", "2"],
        ["reminder-refused", "default", "rejected", "BRIDGE_NOT_FOUND", "1"],
        ["reminder-lost", "default", "unknown", "OUTCOME_UNKNOWN", "1"],
    ] == [line[2:] for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line[0]) for line in lines)
    assert all(re.fullmatch(r"[0-9A-Z]{26}", line[1]) for line in lines)


@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize("form", [[], ["--json"]])
async def test_no_number_and_no_text_is_listed(operator, form):
    """Not even where the whole is printed for a program."""
    outcome = await operator("calls", "list", *form)
    printed = outcome.output + outcome.errors

    assert "reminder-whole" in printed
    for private in ("3236550", "1511234", "Grüße", "patient", "example.com", "order-8812"):
        assert private not in printed


@pytest.mark.usefixtures("gateway")
async def test_a_list_as_json_is_one_document(operator):
    """In the contract's names, whole."""
    document = (await operator("calls", "list", "--json", "--limit", "1")).json
    [call] = document["calls"]

    assert (True, None) == (document["more"], document["pause"])
    assert ("reminder-two", "default", "DISPATCH_ACCEPTED", None, 2) == (
        call["request_id"],
        call["account"],
        call["dispatch"],
        call["reason"],
        call["recipients"],
    )
    [refused] = (await operator("calls", "list", "--json", "--dispatch", "rejected", "--limit", "1")).json["calls"]
    assert "ERROR_REASON_BRIDGE_NOT_FOUND" == refused["reason"]


@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param(["--dispatch", "unknown"], ["lost"], id="unknown outcomes"),
        pytest.param(["--dispatch", "unknown", "--dispatch", "accepted"], ["two", "lost"], id="two dispatches"),
        pytest.param(["--dispatch", "sending"], [], id="none of that kind"),
        pytest.param(["--account", "staging"], ["staging"], id="another account"),
        pytest.param(["--account", ""], ["two", "whole", "refused", "lost"], id="no account is the default one"),
        pytest.param(["--account", "nobody"], [], id="an account without calls"),
        pytest.param(["--number", "+49 151 1234-5678"], ["two"], id="a number as people write it"),
        pytest.param(["--number", "13236550107"], ["whole", "refused", "lost"], id="a number without +"),
        pytest.param(["--custom", "order-8812"], ["two", "whole"], id="what was sent as custom"),
        pytest.param(["--since", "1h"], ["two", "whole", "refused", "lost"], id="the last hour"),
        pytest.param(["--before", "1h"], [], id="before the last hour"),
        pytest.param(["--since", "2026-01-01T00:00:00+01:00", "--limit", "2"], ["two", "whole"], id="since a time"),
        pytest.param(["--before", "2026-01-01T00:00:00Z"], [], id="before a time"),
    ],
)
async def test_a_list_is_narrowed(operator, arguments, found):
    """By what an operator knows of a call."""
    assert [f"reminder-{each}" for each in found] == await ids(operator, *arguments)


@pytest.mark.usefixtures("gateway")
async def test_a_list_says_when_there_is_more(operator):
    """On standard error, where it disturbs no script; and that there is nothing, too."""
    three = await operator("calls", "list", "--limit", "3")
    four = await operator("calls", "list", "--limit", "4")
    none = await operator("calls", "list", "--account", "nobody")

    assert "There are older ones: these are the newest 3. See --limit and --before." == three.errors.strip()
    assert "" == four.errors
    assert (0, "", "No such calls in account nobody.") == (none.status, none.output, none.errors.strip())


async def test_a_long_list_is_read_in_parts(start_gateway, ledger, operator):
    """Nothing is missed and nothing comes twice where one part ends and the next begins."""
    gateway = await start_gateway(ledger=ledger)
    for number in range(203):
        await gateway.place_call(requestId=f"reminder-{number}")

    everything = [f"reminder-{number}" for number in reversed(range(203))]
    assert everything == await ids(operator, "--limit", "1000")
    for limit in (99, 100, 101, 200, 202):
        assert everything[:limit] == await ids(operator, "--limit", str(limit))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--since", "yesterday"], "--since wants a time with its offset, such as 2026-", id="a word"),
        pytest.param(["--before", "2026-12-01"], "or how long ago, such as 2h", id="a day"),
        pytest.param(["--since", "999999d"], "--since is too long ago", id="before all time"),
        pytest.param(["--number", "Jo"], "--number wants a whole phone number", id="no number"),
        pytest.param(["--custom", "Grüße"], "--custom wants 1 to 100 printable ASCII", id="no custom"),
        pytest.param(["--account", "Bad Name"], "--account wants a name of a-z, 0-9 and -", id="no account"),
        pytest.param(["--config", "gateway.toml"], "give --config or --ledger, not both", id="two ledgers"),
        pytest.param(["--limit", "0"], "--limit", id="no calls"),
        pytest.param(["--dispatch", "lost"], "--dispatch", id="no dispatch"),
    ],
)
async def test_a_wrong_option_is_told_with_the_way_out(tmp_path, arguments, words):
    """Before the ledger is looked for; the status is 2."""
    outcome = await typed("calls", "list", *arguments, "--ledger", f"sqlite:///{tmp_path}/none.db")

    assert (2, "") == (outcome.status, outcome.output)
    assert words in outcome.errors
