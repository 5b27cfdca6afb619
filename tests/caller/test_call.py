"""`kaleyra-gateway call` as a person runs it: a real gateway, and the sandbox as the provider."""

import asyncio
import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from caller_terminal import Outcome
from faulty_store import FaultyStore, gateway_on
from gateway_under_test import running_gateway
from waiting import forever, until

from gateway.caller import send
from gateway.caller.command import EPILOG
from gateway.ledger.stores import store_from
from gateway.settings import Ledger

TO = ["--to", "+13236550107"]
FLOW = ["--flow", "SG_1"]
ID = ["--request-id", "reminder-1"]
UNKNOWN = ["--to", "+13236550142", *FLOW]
REPLAYED = "this answer repeats an earlier outcome; nothing was sent now"


async def test_every_option_reaches_the_provider(terminal):
    """Each option is sent as the field that its help names."""
    outcome = await terminal.call(
        *["--to", "3236550107", "--to", "3236550108", "--prefix", "+1", "--bridge", "3236550100", "--delay", "60"],
        *["--retry", "2", "--interval", "20", "--timeout", "60", "--custom", "T1", "--flow", "SG_1"],
        *["--account", "default", "--request-id", "reminder-1", "--dial-before", "2999-01-01T00:00:00Z"],
    )

    assert 0 == outcome.status, outcome.output
    assert {
        "to": "3236550107,3236550108",
        "prefix": "+1",
        "bridge": "3236550100",
        "delay": "60",
        "retry": "2",
        "interval": "20",
        "timeout": "60",
        "custom": "T1",
        "target": '[{"ivr":["SG_1"]}]',
    } == terminal.fields


async def test_sounds_and_messages_play_in_the_order_given(terminal):
    """The order on the command line is the order that people hear; --language belongs to the --say before it."""
    outcome = await terminal.call(
        *TO, "--sound", "13", "--sound=14", "--say", "Hello", "--language", "en-US", "--say", "--sound", "--sound", "15"
    )

    assert 0 == outcome.status, outcome.errors
    assert [
        {"sound": [13, 14]},
        {"message": {"text": "Hello", "language": "en-US"}},
        {"message": {"text": "--sound"}},
        {"sound": [15]},
    ] == json.loads(terminal.fields["target"])


async def test_a_time_keeps_its_offset(terminal):
    """--at names one moment, wherever it is typed."""
    outcome = await terminal.call(*TO, *FLOW, "--at", "2999-01-01T01:00:00+01:00", "--dry-run", "--json")

    assert 5 == outcome.status
    assert ["call.schedule_time"] == [each["field"] for each in outcome.json["error"]["violations"]]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param([*TO, *FLOW], 0, "the provider accepted the request", id="accepted"),
        pytest.param([*TO, *FLOW, "--dry-run"], 0, "what a call would send", id="a good dry run"),
        pytest.param([*TO, "--flow", "SG_missing"], 3, "the provider refused the request", id="refused"),
        pytest.param(["--to", "0", *FLOW], 5, "call.recipients[0].number", id="invalid"),
        pytest.param([*TO, *FLOW, "--account", "other"], 5, "ACCOUNT_NOT_FOUND", id="no such account"),
        pytest.param(["--to", "+13236550142", *FLOW], 6, "phones may ring, or not", id="unknown"),
    ],
)
async def test_the_exit_status_and_the_words_tell_outcomes_apart(terminal, arguments, status, words):
    """A script reads the status, a person the words."""
    outcome = await terminal.process(*arguments)

    assert status == outcome.status
    assert words in outcome.output
    assert "\x1b" not in outcome.output


# A repeat


def offered(outcome: Outcome, what: str = "Repeat it safely: ") -> list[str]:
    """The command that a page offers, without the program's own name."""
    [line] = [line for line in outcome.output.splitlines() if what in line]
    return shlex.split(line.partition(what)[2])[1:]


async def test_a_call_that_was_not_sent_offers_the_command_that_repeats_it(terminal):
    """The command repeats with the same request_id, and with everything else as it was typed."""
    arguments = [*TO, "--say", "It's time", "--retry=2"]
    async with running_gateway("http://127.0.0.1:1", {}) as unreachable:
        outcome = await terminal.run(["call", *arguments, "--server", unreachable.address])
    command = offered(outcome)

    assert 4 == outcome.status
    assert "nobody was dialed, so it tries again" in outcome.output
    assert [*TO, "--say", "It's time", "--retry", "2"] == command[1:7]
    assert command[-1] in outcome.output.partition("The answer")[0]
    again = await terminal.run([*command[:-4], *command[-2:], "--server", terminal.server])
    assert 0 == again.status, again.output
    assert command[-1] in again.output
    assert REPLAYED not in again.output


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param([*TO, *FLOW], 0, "the provider accepted the request", id="accepted"),
        pytest.param([*TO, "--flow", "SG_missing"], 3, "the provider refused the request", id="refused"),
        pytest.param(UNKNOWN, 6, "phones may ring, or not", id="unknown"),
    ],
)
async def test_a_repeat_is_shown_as_one(terminal, arguments, status, words):
    """The second answer is the first one again, says of when it is, and that nothing was sent for it."""
    first, second = await terminal.call(*arguments, *ID), await terminal.call(*arguments, *ID)

    assert 1 == len(terminal.sandbox.records)
    assert (status, status) == (first.status, second.status)
    assert REPLAYED not in first.output
    assert words in second.output
    assert re.search(rf"{REPLAYED}\. The outcome is of 20\d\d-\d\d-\d\dT[0-9:.]+Z\.", second.output)


async def test_an_unknown_outcome_offers_to_look_it_up_and_a_repeat_that_only_looks(terminal):
    """A person may look at the record, or ask again: neither sends anything."""
    outcome = await terminal.call(*UNKNOWN)
    [record] = terminal.sandbox.records
    again = await terminal.run(offered(outcome))

    assert [dict(record.fields)["custom"]] == offered(outcome, "Look it up: ")[2:]
    assert "Look it up: kaleyra-gateway calls show " in outcome.output
    assert "it sends nothing, and is told what is known by then" in outcome.output
    assert (6, True) == (again.status, REPLAYED in again.output)
    assert 1 == len(terminal.sandbox.records)


async def test_no_repeat_is_offered_where_it_would_be_told_the_same(terminal):
    """A refused request is corrected, not repeated; an accepted one is over."""
    for arguments in ([*TO, "--flow", "SG_missing"], ["--to", "0", *FLOW], [*TO, *FLOW]):
        outcome = await terminal.call(*arguments)

        assert "Repeat it" not in outcome.output


async def test_another_request_with_the_id_is_refused_and_points_to_the_call(terminal):
    """It is invalid, whatever became of the call that has the id; that call can be looked up."""
    await terminal.call(*TO, *FLOW, *ID)
    [record] = terminal.sandbox.records
    outcome = await terminal.call("--to", "+13236550108", *FLOW, *ID)

    assert 5 == outcome.status
    assert "nothing was sent now: this request_id belongs to another request" in outcome.output
    assert "Repeat it" not in outcome.output
    assert [dict(record.fields)["custom"]] == offered(outcome, "Look it up: ")[2:]
    assert 1 == len(terminal.sandbox.records)


async def test_a_call_that_is_in_progress_is_said_to_be(terminal, monkeypatch):
    """Whoever repeats while the first attempt runs, and cannot wait for it, is told that nothing more was sent."""
    call = {"recipients": [{"number": "+13236550151"}], "ivr": {"flowId": "SG_1"}}
    terminal.sandbox._late_seconds = 120
    first = asyncio.create_task(terminal.gateway.place_call(call, timeout=120, requestId="reminder-1"))
    await until(lambda: bool(terminal.sandbox.records))
    monkeypatch.setattr(send, "ANSWER_WITHIN", 5.0)
    for _ in range(5):
        outcome = await terminal.call("--to", "+13236550151", *FLOW, *ID)
        if "is not the gateway's" not in outcome.output:  # it has half a second for it, which may be too short once
            break
    first.cancel()

    assert 6 == outcome.status
    assert "the first attempt with this request_id is still on its way" in outcome.output
    assert "it waits for the first attempt, and dials only if that one dialed nobody" in outcome.output
    assert [*ID] == offered(outcome)[-2:]
    assert 1 == len(terminal.sandbox.records)


async def test_a_late_call_and_a_paused_gateway_are_said_to_be(terminal):
    """Nobody was dialed: for the one the time is over, for the other it may come."""
    late = await terminal.call(*TO, *FLOW, "--dial-before", "2026-01-01T00:00:00Z")
    await terminal.gateway.gateway.ledger._store.pause("the provider rings twice")
    await terminal.gateway.gateway.ledger.pausing.refresh()
    paused = await terminal.call(*TO, *FLOW)

    assert (5, 4) == (late.status, paused.status)
    assert "nobody was dialed: dial_before has passed" in late.output
    assert "Repeat it" not in late.output
    assert "nobody was dialed: an operator has paused dialing" in paused.output
    assert "nobody was dialed, so it tries again" in paused.output
    assert () == terminal.sandbox.records


async def test_a_ledger_that_fails_leaves_open_what_happened_before(terminal):
    """Nothing is sent without a record; a repeat is told what there is, once it can be read again."""
    ledger = Ledger.model_validate({"url": f"sqlite:///{terminal.folder}/ledger.db"})
    store = FaultyStore(store_from(ledger, in_flight=lambda: 0))
    async with gateway_on(store, "http://127.0.0.1:1", {}) as gateway:
        store.is_down = store.cannot_read = True
        outcome = await terminal.run(["call", *TO, *FLOW, *ID, "--server", gateway.address])

    assert 6 == outcome.status
    assert "nothing was sent now: the gateway could not read or write its record" in outcome.output
    assert "it is told what is recorded, and dials only if nobody was dialed yet" in outcome.output
    assert ["reminder-1"] == offered(outcome)[-1:]


async def test_a_repeat_of_standard_input_says_that_it_needs_it_again(terminal):
    """The request is gone: the command that is offered would wait for it."""
    request = {"call": {"recipients": [{"number": "+13236550142"}], "ivr": {"flow_id": "SG_1"}}}
    outcome = await terminal.call("--file=-", typed=json.dumps(request))
    command = offered(outcome, "Repeat it safely, with the same request on standard input: ")
    again = await terminal.run(command, typed=json.dumps(request))

    assert REPLAYED in again.output
    assert 1 == len(terminal.sandbox.records)


# Answers of others


@asynccontextmanager
async def foreign_server(behavior: Any) -> AsyncIterator[str]:
    """A gRPC server that is no gateway; gives its address."""
    handler = grpc.unary_unary_rpc_method_handler(behavior)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("voicegateway.v1.OutboundCallService", {"PlaceCall": handler})]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


def aborting(code: grpc.StatusCode) -> Any:
    async def abort(_request: bytes, context: Any) -> None:
        await context.abort(code, "said a proxy")

    return abort


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(grpc.StatusCode.UNAVAILABLE, id="a proxy has no connection"),
        pytest.param(grpc.StatusCode.DEADLINE_EXCEEDED, id="a deadline"),
    ],
)
async def test_an_answer_of_somebody_else_offers_a_repeat_that_may_tell_more(terminal, code):
    """The gateway's record decides."""
    async with foreign_server(aborting(code)) as server:
        outcome = await terminal.run(["call", *TO, *FLOW, "--server", server])

    assert 6 == outcome.status
    assert "this answer is not the gateway's" in outcome.output
    assert 1 == outcome.output.count("Repeat it safely: ")
    assert 1 == outcome.output.count("it is told what is recorded, and dials only if nobody was dialed yet")


@pytest.mark.parametrize("more", [pytest.param([], id="a call"), pytest.param(["--wait"], id="a call that waits")])
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(grpc.StatusCode.RESOURCE_EXHAUSTED, id="too large for a proxy"),
        pytest.param(grpc.StatusCode.UNIMPLEMENTED, id="no such service"),
    ],
)
async def test_what_did_not_reach_the_gateway_is_told_as_not_sent_and_not_repeated(terminal, code, more):
    """Nobody was dialed for it, and the same request would not reach it the next time either."""
    async with foreign_server(aborting(code)) as server:
        outcome = await terminal.run(["call", *TO, *FLOW, *more, "--server", server])
        document = (await terminal.run(["call", *TO, *FLOW, *more, "--server", server, "--json"])).json

    assert 4 == outcome.status
    assert "nothing was sent now: the request did not reach the gateway" in outcome.output
    assert "What to do: do not repeat it as it is" in outcome.output
    assert "phones" not in outcome.output
    assert "Repeat it" not in outcome.output
    assert ("DISPATCH_NOT_SENT", "RETRY_ADVICE_CORRECT") == (document["error"]["dispatch"], document["error"]["retry"])


async def test_a_request_that_is_too_large_for_the_gateway_is_not_sent(terminal):
    """The gateway's own gRPC library refuses more than 4 MiB, and no record is looked for."""
    item = {"message": {"text": "x" * (4 << 20)}}
    request = {"call": {"recipients": [{"number": "+13236550107"}], "playlist": {"items": [item]}}}
    outcome = await terminal.call("--file", "-", "--json", typed=json.dumps(request))

    assert 4 == outcome.status
    assert ("RESOURCE_EXHAUSTED", "DISPATCH_NOT_SENT") == (
        outcome.json["error"]["code"],
        outcome.json["error"]["dispatch"],
    )
    assert () == terminal.sandbox.records


async def test_a_throttling_provider_is_told_apart_by_the_gateways_word(terminal):
    """The code is the same, and a repeat is offered."""
    outcome = await terminal.call("--to", "+13236550133", *FLOW)

    assert 3 == outcome.status
    assert "RESOURCE_EXHAUSTED, ERROR_REASON_PROVIDER_THROTTLED" in outcome.output
    assert "did not reach the gateway" not in outcome.output
    assert "Repeat it safely: " in outcome.output


# A dry run


async def test_a_dry_run_that_fails_is_still_a_dry_run(terminal):
    """Whoever answered in the gateway's place: no phone rings, and the repeat is a dry run as well."""
    async with foreign_server(aborting(grpc.StatusCode.UNAVAILABLE)) as server:
        outcome = await terminal.run(["call", *TO, *FLOW, "--dry-run", "--server", server])

    assert 4 == outcome.status
    assert "it was a dry run: nothing was sent" in outcome.output
    assert "phones" not in outcome.output
    assert "--dry-run" in offered(outcome)
    assert "it is a dry run, too, and sends nothing" in outcome.output


async def test_a_dry_run_tells_that_its_id_is_recorded(terminal):
    """Without the dry run it would be a repeat."""
    before = await terminal.call(*TO, *FLOW, *ID, "--dry-run")
    await terminal.call(*TO, *FLOW, *ID)
    after = await terminal.call(*TO, *FLOW, *ID, "--dry-run")

    words = "this request_id is recorded already: without the dry run, this is a repeat"
    assert (0, False) == (before.status, words in before.output)
    assert (0, True) == (after.status, words in after.output)
    assert REPLAYED not in after.output


async def test_no_gateway_is_told_apart_from_no_answer(terminal):
    """Where nobody listens nothing was sent, and that is certain."""
    outcome = await terminal.run(["call", *TO, *FLOW, "--server", "127.0.0.1:1", "--json"])

    assert (4, "DISPATCH_NOT_SENT") == (outcome.status, outcome.json["error"]["dispatch"])


async def test_json_is_one_document_with_the_request_id(terminal):
    """A program reads the answer, and the id that a repeat needs."""
    outcome = await terminal.call(*TO, *FLOW, "--json", "--request-id", "reminder-1")

    assert ("reminder-1", "DISPATCH_ACCEPTED") == (outcome.json["request_id"], outcome.json["call"]["dispatch"])


async def test_an_error_as_json_has_reason_advice_and_violations(terminal):
    """What the page says in words, the document says in names."""
    outcome = await terminal.call("--to", "0", *FLOW, "--json")
    error = outcome.json["error"]

    assert ("ERROR_REASON_INVALID_REQUEST", "RETRY_ADVICE_CORRECT") == (error["reason"], error["retry"])
    assert {"call.recipients[0].number", "call"} == {each["field"] for each in error["violations"]}


async def test_two_broken_rules_of_one_place_are_both_shown(terminal):
    """The page shows every broken rule, and two may be of the same message."""
    outcome = await terminal.call("--to", "3236550107", "--bridge", "3236550100", *FLOW)

    assert "every recipient's number starts with +" in outcome.output
    assert "the bridge starts with +" in outcome.output


async def interrupted(server: str, has_arrived: Any, *arguments: str) -> Outcome:
    """Runs the command, and presses Ctrl-C once its request has arrived."""
    command = [sys.executable, "-m", "gateway", "call", *arguments, "--server", server]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await until(has_arrived)
    process.send_signal(signal.SIGINT)
    output, errors = await process.communicate()
    return Outcome(process.returncode or 0, output.decode(), errors.decode())


async def test_an_interrupted_call_says_that_phones_may_ring(terminal):
    """Whoever presses Ctrl-C while the gateway places a call is told that it goes on without him, and how to ask."""
    outcome = await interrupted(terminal.server, lambda: bool(terminal.sandbox.records), "--to", "+13236550151", *FLOW)
    again = await terminal.run(offered(outcome))

    assert 6 == outcome.status
    assert "Interrupted: phones may ring" in outcome.output
    assert "it is told what is recorded, and dials only if nobody was dialed yet" in outcome.output
    assert (0, True) == (again.status, REPLAYED in again.output)
    assert 1 == len(terminal.sandbox.records)


@pytest.mark.parametrize("form", [pytest.param([], id="a page"), pytest.param(["--json"], id="JSON")])
async def test_an_interrupted_dry_run_does_not_say_so(form):
    """A dry run rings nobody, however it ends."""
    arrived = []

    async def never_answers(request: bytes, _context: Any) -> None:
        arrived.append(request)
        await forever()

    async with foreign_server(never_answers) as server:
        outcome = await interrupted(server, lambda: bool(arrived), *TO, *FLOW, "--dry-run", *form)

    assert 4 == outcome.status
    assert "nterrupted: it was a dry run: nothing was sent" in outcome.output
    assert "ring, or not" not in outcome.output
    if form:
        assert "DISPATCH_NOT_SENT" == outcome.json["error"]["dispatch"]


@pytest.mark.parametrize("name", [pytest.param("request.json", id="a file"), pytest.param("-", id="standard input")])
async def test_a_whole_request_comes_from_a_file(terminal, name):
    """--file holds what the options cannot say; options beside the call still count."""
    rules = {"rules": [{"count": 2, "statuses": ["RETRY_STATUS_BUSY"]}]}
    request = {"call": {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}, "retry_rules": rules}}
    (terminal.folder / "request.json").write_text(json.dumps(request))
    outcome = await terminal.call("--file", name, "--request-id", "reminder-1", "--json", typed=json.dumps(request))

    assert (0, "reminder-1") == (outcome.status, outcome.json["request_id"])
    assert '[{"count":2,"status":["busy"]}]' == terminal.fields["retry"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(FLOW, "whom to call? Give --to", id="nobody to call"),
        pytest.param([*TO, *FLOW, "--say", "x"], "give --flow, or --say and --sound", id="a flow and a message"),
        pytest.param(
            [*TO, "--language", "en"], "--language belongs to the --say before it", id="a language of nothing"
        ),
        pytest.param([*TO, "--sound", "x"], "--sound wants the number of a sound", id="a sound that is no number"),
        pytest.param([*TO, *FLOW, "--at", "2026-12-01T09:00:00"], "a time with its offset", id="a time without offset"),
        pytest.param([*TO, *FLOW, "--at", "tomorrow"], "a time with its offset", id="a time that is none"),
        pytest.param([*TO, *FLOW, "--delay", "1", "--at", "2026-12-01T09:00:00Z"], "not both", id="two starts"),
        pytest.param(["--file", "absent.json"], "absent.json: cannot be read", id="no such file"),
        pytest.param(["--file", "broken.json"], "line 2, column 1", id="a file that is no JSON"),
        pytest.param(["--file", "other.json"], 'no field named "cal"', id="a file with a wrong field"),
        pytest.param(["--file", "good.json", *TO], "leave out --to", id="a file and options of the call"),
        pytest.param([*TO, *FLOW, "--ca", "absent.pem"], "absent.pem: cannot be read", id="no such authority"),
        pytest.param([*TO, *FLOW, "--ca", "good.json"], "good.json: holds no certificate", id="an authority of none"),
        pytest.param([*TO, *FLOW, "--delay", "soon"], "--delay", id="a delay that is no number"),
        pytest.param([*TO, *FLOW, "--delay", "9" * 20], "--delay wants", id="a delay that no field holds"),
        pytest.param([*TO, *FLOW, "--interval", str(2**62)], "--interval wants", id="more than a duration holds"),
        pytest.param([*TO, *FLOW, "--timeout", f"-{2**62}"], "--timeout wants", id="less than a duration holds"),
        pytest.param([*TO, *FLOW, "--retry", str(2**31)], "--retry wants", id="a count that no field holds"),
        pytest.param([*TO, "--sound", "9" * 5000], "--sound wants", id="a sound that no field holds"),
        pytest.param(
            [*TO, *FLOW, "--at", "9999-12-31T23:00:00-10:00"], "--at wants", id="a time after the last in UTC"
        ),
        pytest.param([*TO, "--say", "\udcff"], "--say is not UTF-8", id="a text that is not UTF-8"),
        pytest.param([*TO, *FLOW, "--request-id", "\udcff"], "--request-id is not UTF-8", id="an id that is not UTF-8"),
        pytest.param(["--file", "null.json"], "null.json: is no PlaceCallRequest", id="a file with another document"),
        pytest.param(["--file", "deep.json"], "deep.json: is nested too deeply", id="a file that no parser follows"),
        pytest.param(["--file", "long.json"], "long.json: is not JSON", id="a file with a number of 5000 digits"),
        pytest.param(["--file", "twice.json"], "twice.json: has account twice", id="a file with a field twice"),
        pytest.param([*TO, *FLOW, "--request-id", ""], "--request-id is empty", id="an id of an unset variable"),
        pytest.param(["--file", "unset.json"], "unset.json: request_id is empty", id="a file with an empty id"),
    ],
)
async def test_a_wrong_command_line_says_what_is_wrong_and_sends_nothing(terminal, arguments, words):
    """Exit status 2, and the way out."""
    (terminal.folder / "broken.json").write_text("{\n")
    (terminal.folder / "other.json").write_text('{"cal": {}}')
    (terminal.folder / "good.json").write_text("{}")
    (terminal.folder / "null.json").write_text("null")
    (terminal.folder / "deep.json").write_text("[" * 100_000)
    (terminal.folder / "long.json").write_text("9" * 5000)
    (terminal.folder / "unset.json").write_text('{"requestId": ""}')
    (terminal.folder / "twice.json").write_text('{"account": "a", "account": "b"}')
    outcome = await terminal.call(*arguments)

    assert 2 == outcome.status, outcome.output
    assert words in outcome.errors
    assert () == terminal.sandbox.records


@pytest.mark.parametrize("line", [line.strip() for line in EPILOG.splitlines() if "kaleyra-gateway call" in line])
async def test_the_examples_of_the_help_work_as_they_stand(listening_terminal, line):
    """Whoever copies an example from --help gets a good answer."""
    terminal = listening_terminal
    (terminal.folder / "request.json").write_text(
        json.dumps({"call": {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}}})
    )
    outcome = await terminal.process(*shlex.split(line)[2:])

    assert 0 == outcome.status, outcome.output + outcome.errors
