"""`kaleyra-gateway call --wait` as a person runs it: the phones are played by the sandbox, and the provider reports."""

import re

import pytest

FLOW = ["--flow", "SG_1"]
ANSWERED, BUSY, BUSY_AT_FIRST, UNREACHABLE = "+13236550166", "+13236550160", "+13236550161", "+13236550164"
LOST, NEVER_REPORTED, NO_ANSWER_AT_ALL = "+13236550152", "+13236550173", "+13236550140"
REDIALED = ["--retry", "1", "--interval", "15"]


def to(*numbers: str) -> list[str]:
    return [part for number in numbers for part in ("--to", number)]


def told(output: str) -> list[str]:
    """What the lines of events say, without their times."""
    return re.findall(r"^    [0-9:]{8}  (.+)$", output, re.MULTILINE)


async def test_a_call_is_followed_from_the_first_ring_to_the_key_that_was_pressed(listening_terminal):
    """The answer as without waiting, then a line an event, then the record."""
    outcome = await listening_terminal.call(*to(ANSWERED), *FLOW, "--wait")
    before, _, after = outcome.output.partition("What becomes of it")

    assert 0 == outcome.status, outcome.output
    assert "In words: the provider accepted the request." in before
    assert [
        "the call      recorded",
        "the call      accepted by the provider",
        "+13236550166  ringing",
        "+13236550166  answered",
    ] == told(after)[:4]
    assert re.fullmatch(r"\+13236550166  ended: answered, rang \d+ s, billed \d+ s, pressed 1", told(after)[4])
    assert 5 == len(told(after))
    assert "The end: answered." in after
    assert re.search(r"^    \+13236550166  ENDED  ANSWERED +1 +\d+ s +\d+ s +1$", after, re.MULTILINE)
    assert "\x1b" not in outcome.output


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(to(BUSY), 7, "The end: not answered.", id="busy"),
        pytest.param(to(ANSWERED, UNREACHABLE), 7, "The end: 1 of 2 answered.", id="not everybody"),
        pytest.param([*to(BUSY_AT_FIRST), *REDIALED], 0, "redialed: ringing again, attempt 2", id="at the redial"),
        pytest.param(to(LOST), 0, "The end: answered.", id="the answer is lost, and reports come"),
        pytest.param(to(NEVER_REPORTED), 8, "The end: not told.", id="nobody reports"),
        pytest.param(to(NO_ANSWER_AT_ALL), 6, "The end: phones may ring, or not", id="never known"),
        pytest.param([*to(ANSWERED), "--dry-run"], 0, "what a call would send", id="a dry run"),
        pytest.param([*to(ANSWERED), "--flow", "SG_missing"], 3, "the provider refused the request", id="refused"),
        pytest.param(to("0"), 5, "call.recipients[0].number", id="invalid"),
    ],
)
async def test_the_exit_status_tells_how_it_ended(listening_terminal, arguments, status, words):
    """What was not placed, or is not known to be, exits as without waiting."""
    outcome = await listening_terminal.call(*FLOW, *arguments, "--wait")

    assert (status, True) == (outcome.status, words in outcome.output), outcome.output


async def test_an_unknown_outcome_is_waited_for_and_resolved_by_a_report(listening_terminal):
    """The provider's answer is lost; two minutes later, which are two seconds here, its phone is reported to ring."""
    outcome = await listening_terminal.call(*to(LOST), *FLOW, "--delay", "120", "--wait")

    assert 0 == outcome.status, outcome.output
    assert "ERROR_REASON_OUTCOME_UNKNOWN" in outcome.output
    assert [
        "the call      recorded",
        "the call      unknown: phones may ring, or not",
        "the call      not unknown any more: the provider accepted it",
        f"{LOST}  ringing",
    ] == told(outcome.output)[:4]
    assert "and became known by a report of the provider." in outcome.output


async def test_nobody_is_waited_for_whom_nobody_reports(terminal):
    """Without a receiver nothing will come: it says so at once, and does not claim that anybody answered."""
    outcome = await terminal.call(*to(ANSWERED), *FLOW, "--wait")

    assert 8 == outcome.status
    assert "Not waiting: the gateway has no receiver" in outcome.output
    assert 1 == len(terminal.sandbox.records)


async def test_a_repeat_of_a_call_that_is_over_tells_all_of_it(listening_terminal):
    """The wait is for the call, not for the sending."""
    arguments = [*to(ANSWERED), *FLOW, "--wait", "--request-id", "reminder-1"]
    first = await listening_terminal.call(*arguments)
    second = await listening_terminal.call(*arguments)

    assert (0, 0) == (first.status, second.status)
    assert told(first.output) == told(second.output)
    assert "nothing was sent now" in second.output


# For programs


async def test_json_is_one_document_with_the_call_as_it_ended(listening_terminal):
    """What a program reads without waiting, and more in it."""
    outcome = await listening_terminal.call(*to(ANSWERED), *FLOW, "--wait", "--json", "--request-id", "reminder-1")
    [recipient] = outcome.json["call"]["recipients"]

    assert ("reminder-1", 0) == (outcome.json["request_id"], outcome.status)
    assert ("DISPOSITION_ANSWERED", "1") == (recipient["disposition"], recipient["keypress"])


@pytest.mark.parametrize(
    ("number", "delay", "status", "dispatch"),
    [
        pytest.param(LOST, "120", 0, "DISPATCH_ACCEPTED", id="resolved"),
        pytest.param(NO_ANSWER_AT_ALL, "0", 6, "DISPATCH_OUTCOME_UNKNOWN", id="not resolved"),
    ],
)
async def test_json_has_the_error_of_a_lost_answer_while_it_stands(listening_terminal, number, delay, status, dispatch):
    """What was overtaken is not told as an error."""
    outcome = await listening_terminal.call(*to(number), *FLOW, "--delay", delay, "--wait", "--json")

    assert (status, dispatch) == (outcome.status, outcome.json["call"]["dispatch"])
    assert ("error" in outcome.json) == (status != 0)


# Ctrl-C


async def test_whoever_ends_the_waiting_is_told_how_to_go_on(listening_terminal):
    """The call goes on; the command that is offered tells the rest, and nothing twice."""
    command = await listening_terminal.live("call", *to(ANSWERED), *FLOW, "--delay", "360", "--wait")
    await command.shows("accepted by the provider\n")
    outcome = await command.interrupted()
    rest = await listening_terminal.run(listening_terminal.offered(outcome))

    assert (130, "") == (outcome.status, outcome.errors)
    assert "Interrupted: the call goes on." in outcome.output
    assert "+13236550166  ringing" == told(rest.output)[0]
    assert (0, 3) == (rest.status, len(told(rest.output)))


async def test_a_program_that_is_interrupted_has_the_answer_all_the_same(listening_terminal):
    """The one document is the answer as it was; how to go on is told beside it."""
    command = await listening_terminal.live("call", *to(ANSWERED), *FLOW, "--delay", "360", "--wait", "--json")
    await listening_terminal.is_watched()
    outcome = await command.interrupted()
    rest = await listening_terminal.run(listening_terminal.offered(outcome))

    assert (130, "DISPATCH_ACCEPTED") == (outcome.status, outcome.json["call"]["dispatch"])
    assert "interrupted: the call goes on." in outcome.errors
    assert (0, True) == (rest.status, "ended: answered" in rest.output)
