"""`kaleyra-gateway call` as a person runs it: a real gateway, and the sandbox as the provider."""

import asyncio
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gateway_under_test import running_gateway
from typer.testing import CliRunner
from waiting import until

from gateway.caller.command import EPILOG
from gateway.cli import app
from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

TO = ["--to", "+13236550107"]
FLOW = ["--flow", "SG_1"]


@dataclass
class Outcome:
    status: int
    output: str
    errors: str

    @property
    def json(self):
        return json.loads(self.output)


@dataclass
class Terminal:
    """A terminal with a gateway and the sandbox behind it."""

    server: str
    sandbox: Sandbox
    folder: Path

    async def call(self, *arguments: str, typed: str = "") -> Outcome:
        """Runs the command in this process, which spares its start."""
        return await self.run([*arguments, "--server", self.server], typed)

    async def run(self, arguments: list[str], typed: str = "") -> Outcome:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["call", *arguments], input=typed)
        return Outcome(result.exit_code, result.stdout, result.stderr)

    async def process(self, *arguments: str) -> Outcome:
        """Runs the command as a process of its own."""
        arguments = (*arguments, "--server", self.server)
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "gateway", "call", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
        )
        output, errors = await process.communicate()
        return Outcome(process.returncode or 0, output.decode(), errors.decode())

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the one form that arrived."""
        [record] = self.sandbox.records
        return dict(record.fields)


@pytest.fixture
async def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Terminal]:
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox()
    account = {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}
    async with sandbox.serve() as url, running_gateway(url, {"account": account}) as gateway:
        yield Terminal(gateway.address, sandbox, tmp_path)


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


async def test_a_call_that_was_not_sent_offers_the_command_that_repeats_it(terminal):
    """The command repeats with the same request_id, and with everything else as it was typed."""
    arguments = [*TO, "--say", "It's time", "--retry=2"]
    async with running_gateway("http://127.0.0.1:1", {}) as unreachable:
        outcome = await terminal.run([*arguments, "--server", unreachable.address])
    [repeat] = [line for line in outcome.output.splitlines() if "Repeat it safely: " in line]
    command = shlex.split(repeat.partition("safely: ")[2])

    assert 4 == outcome.status
    assert ["kaleyra-gateway", "call", *TO, "--say", "It's time", "--retry", "2"] == command[:8]
    assert command[-1] in outcome.output.partition("The answer")[0]
    again = await terminal.run([*command[2:-4], *command[-2:], "--server", terminal.server])
    assert 0 == again.status, again.output
    assert command[-1] in again.output


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([*TO, "--flow", "SG_missing"], id="refused"),
        pytest.param(["--to", "+13236550142", *FLOW], id="unknown"),
    ],
)
async def test_no_repeat_is_offered_where_it_is_not_safe(terminal, arguments):
    """A refused or unknown call is not repeated by copy and paste."""
    outcome = await terminal.call(*arguments)

    assert "Repeat it safely" not in outcome.output


async def test_no_gateway_is_told_apart_from_no_answer(terminal):
    """Where nobody listens nothing was sent, and that is certain."""
    outcome = await terminal.run([*TO, *FLOW, "--server", "127.0.0.1:1", "--json"])

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


async def test_an_interrupted_call_says_that_phones_may_ring(terminal):
    """Whoever presses Ctrl-C while the gateway places a call is told that the call goes on without him."""
    command = [sys.executable, "-m", "gateway", "call", "--to", "+13236550151", *FLOW, "--server", terminal.server]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    await until(lambda: bool(terminal.sandbox.records))
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()

    assert 6 == process.returncode
    assert "Interrupted: phones may ring" in output.decode()


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
    (terminal.folder / "twice.json").write_text('{"account": "a", "account": "b"}')
    outcome = await terminal.call(*arguments)

    assert 2 == outcome.status, outcome.output
    assert words in outcome.errors
    assert () == terminal.sandbox.records


@pytest.mark.parametrize("line", [line.strip() for line in EPILOG.splitlines() if "kaleyra-gateway call" in line])
async def test_the_examples_of_the_help_work_as_they_stand(terminal, line):
    """Whoever copies an example from --help gets a good answer."""
    (terminal.folder / "request.json").write_text(
        json.dumps({"call": {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}}})
    )
    outcome = await terminal.process(*shlex.split(line)[2:])

    assert 0 == outcome.status, outcome.output + outcome.errors
