"""`kaleyra-gateway watch` as a person or a program runs it."""

import asyncio
import json
import re
from contextlib import AsyncExitStack
from typing import Any

import grpc
import httpx2
import pytest
import trustme
from caller_terminal import Terminal
from gateway_under_test import running_gateway

from gateway.caller.following import Follower
from gateway.caller.options import Subject
from gateway.sandbox import Sandbox

CALL = {"recipients": [{"number": "+13236550166", "reference": "patient-8812"}], "ivr": {"flowId": "SG_1"}}
SILENT = CALL | {"recipients": [{"number": "+13236550173"}], "delay": "300s"}
"""Reports nothing by itself, and is waited for."""

UNKNOWN_ID = "01M886X7Z2BZS71WBSBQMZMWQ6"


async def placed(terminal: Terminal, call: dict[str, Any], **fields: Any) -> Any:
    return (await terminal.gateway.place_call(call, **fields)).call


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("by", ["call_id", "request_id"])
async def test_a_call_is_told_from_its_beginning_to_its_end(listening_terminal, by):
    """By either id, at any time, with the caller's own reference."""
    call = await placed(listening_terminal, CALL)
    which = [call.call_id] if by == "call_id" else ["--request-id", call.request_id]
    live = await listening_terminal.watch(*which)
    late = await listening_terminal.watch(*which)

    assert (0, 0) == (live.status, late.status)
    assert live.output == late.output
    for words in (
        "the call                   recorded\n",
        "+13236550166 patient-8812  ringing\n",
        "The end: answered.\n",
        "patient-8812\n",
    ):
        assert words in late.output
    assert call.call_id not in late.output  # who asked for it knows it


async def test_a_program_reads_an_object_a_line_and_then_the_record(listening_terminal):
    """Events as the contract has them, in order; the last line is what GetCall answers."""
    call = await placed(listening_terminal, CALL)
    outcome = await listening_terminal.watch(call.call_id, "--json")
    *events, last = objects(outcome.output)

    assert (0, "") == (outcome.status, outcome.errors)
    assert ["1", "2", "3", "4", "5"] == [event["sequence"] for event in events]
    assert {call.call_id} == {event["call_id"] for event in events}
    assert ["call"] == list(last)
    assert "DISPOSITION_ANSWERED" == last["call"]["recipients"][0]["disposition"]


async def test_a_program_goes_on_where_it_stopped(listening_terminal):
    """Nothing is told twice, and the end is the same."""
    call = await placed(listening_terminal, CALL)
    whole = objects((await listening_terminal.watch(call.call_id, "--json")).output)
    rest = objects((await listening_terminal.watch(call.call_id, "--json", "--after", "3")).output)

    assert whole[3:] == rest


# All calls


async def test_an_account_is_followed_until_ctrl_c_and_from_there_on(listening_terminal):
    """Each call is named once in full, then by its last characters; whoever goes on misses and repeats nothing."""
    terminal = listening_terminal
    watch = await terminal.live("watch")
    await terminal.is_watched()
    calls = [await placed(terminal, CALL), await placed(terminal, CALL)]
    await watch.shows("ended: answered", times=2)
    outcome = await watch.interrupted()
    command = terminal.offered(outcome)

    assert 130 == outcome.status, outcome.errors
    assert "All calls of account default, from now on" in outcome.output
    for call in calls:
        assert f"{call.call_id[-6:]} is call {call.call_id}, request_id {call.request_id}\n" in outcome.output
        assert 1 == outcome.output.count(call.call_id)
        assert 5 == len(re.findall(rf"^    [0-9:]{{8}}  {call.call_id[-6:]}  ", outcome.output, re.MULTILINE))
    assert ["--after", "10"] == command[1:3]

    again = await terminal.live(*command[:-2], "--json")
    third = await placed(terminal, CALL)
    await again.shows("DISPOSITION_ANSWERED")
    rest = await again.interrupted()

    assert {third.call_id} == {event["call_id"] for event in objects(rest.output)}
    assert "11" == objects(rest.output)[0]["sequence"]
    assert re.search(r"^kaleyra-gateway: interrupted\. Go on from here: .* --json$", rest.errors, re.MULTILINE)


async def test_an_event_that_was_cut_off_comes_again(listening_terminal):
    """Ctrl-C while a line is written: the command that goes on begins with it."""
    call = await placed(listening_terminal, CALL)
    commands: list[str] = []

    class View:
        def event(self, event: Any) -> None:
            if event.sequence == 3:
                raise KeyboardInterrupt

        def interrupted(self, command: str) -> None:
            commands.append(command)

    def follow() -> int:
        with grpc.insecure_channel(listening_terminal.server) as channel:
            return Follower(Subject(call_id=call.call_id), View(), []).run(channel)

    assert 130 == await asyncio.to_thread(follow)
    assert [f"kaleyra-gateway watch {call.call_id} --after 2"] == commands


# Broken streams


@pytest.mark.parametrize("form", [pytest.param([], id="a page"), pytest.param(["--json"], id="JSON")])
async def test_a_gateway_that_is_replaced_is_a_quiet_line(reported, tmp_path, form):
    """It drains, and another takes its place: the watch says so, and tells each event once."""
    sandbox, url, settings = reported
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running_gateway(url, settings))
        terminal = Terminal(first, sandbox, tmp_path)
        call = await placed(terminal, SILENT)
        watch = await terminal.live("watch", call.call_id, *form)
        await watch.shows("ACCEPTED" if form else "accepted by the provider")
        await first.gateway.drain()
        await stack.enter_async_context(running_gateway(url, settings))
        for kind, status in (("call_start", ""), ("call_answer", ""), ("call_end", "ANSWER")):
            await report(kind, sandbox, status=status)
        outcome = await watch.end()

    told = outcome.errors if form else outcome.output
    assert 0 == outcome.status, outcome.errors
    assert 1 == told.count("reconnecting\n") == told.count("connected again, and no event was missed\n")
    if form:
        assert ["1", "2", "3", "4", "5"] == [event["sequence"] for event in objects(outcome.output)[:-1]]
    else:
        assert 5 == len(re.findall(r"^    [0-9:]{8}  ", outcome.output, re.MULTILINE))


async def report(kind: str, sandbox: Sandbox, **variables: str) -> None:
    """Tells the gateway of the only call, as the provider would."""
    [record] = sandbox.records
    [url] = json.loads(record.fields["callback"])[kind]["url"]
    known = {"id": "attempt-1", "callee": record.fields["to"].removeprefix("+")} | variables
    filled = re.sub(r"\{\{(\w+)\}\}", lambda found: known.get(found[1], ""), url)
    async with httpx2.AsyncClient(timeout=60) as provider:
        assert 200 == (await provider.get(filled)).status_code


# What cannot be followed


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param([UNKNOWN_ID], 5, "account default has no such call. That proves nothing", id="no such call"),
        pytest.param(["--request-id", "never-placed"], 5, "account default has no such call", id="no such request"),
        pytest.param(["--account", "other"], 5, "the gateway has no such account", id="no such account"),
        pytest.param(["0123"], 5, "call_id: must be 26 characters of a ULID", id="no id"),
        pytest.param(["--after", "7"], 5, "there are none yet", id="events that are not there"),
    ],
)
@pytest.mark.parametrize("form", [pytest.param([], id="a page"), pytest.param(["--json"], id="JSON")])
async def test_what_cannot_be_followed_says_why(terminal, arguments, status, words, form):
    """A script reads the status; a program also the error, as `call --json` prints it."""
    outcome = await terminal.watch(*arguments, *form)

    assert (status, True) == (outcome.status, words in outcome.output + outcome.errors), outcome
    if form:
        assert objects(outcome.output)[-1]["error"]["reason"].startswith("ERROR_REASON_")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([UNKNOWN_ID, "--request-id", "reminder-1"], "not both", id="two ids"),
        pytest.param([""], "the call's id is empty", id="an id of an unset variable"),
        pytest.param(["--request-id", ""], "the call's id is empty", id="a request's id of an unset variable"),
        pytest.param(["\udcff"], "is not UTF-8", id="an id that is not UTF-8"),
        pytest.param(["--after", "-1"], "--after", id="before the beginning"),
        pytest.param(["--ca", "absent.pem"], "absent.pem: cannot be read", id="no such authority"),
    ],
)
async def test_a_wrong_command_line_says_what_is_wrong(terminal, arguments, words):
    """Exit status 2, and the way out."""
    outcome = await terminal.watch(*arguments)

    assert (2, True) == (outcome.status, words in outcome.errors), outcome


async def test_no_gateway_is_no_news(terminal):
    """Nobody could be asked."""
    outcome = await terminal.run(["watch", UNKNOWN_ID, "--server", "127.0.0.1:1"])

    assert 8 == outcome.status
    assert "no gateway answers on 127.0.0.1:1 without TLS" in outcome.errors


async def test_a_watch_is_encrypted_as_a_call_is(reported, tmp_path):
    """The same options name the authority."""
    sandbox, url, settings = reported
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "server.key")
    tls = {"certificate_file": f"{tmp_path}/server.pem", "key_file": f"{tmp_path}/server.key"}
    async with running_gateway(url, settings | {"tls": tls}) as gateway:
        terminal = Terminal(gateway, sandbox, tmp_path)
        options = ["--to", "+13236550166", "--flow", "SG_1", "--request-id", "reminder-1"]
        waited = await terminal.call(*options, "--wait", "--ca", str(tmp_path / "ca.pem"))
        watched = await terminal.watch("--request-id", "reminder-1", "--ca", str(tmp_path / "ca.pem"))

    assert (0, 0) == (waited.status, watched.status), waited
