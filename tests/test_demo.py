"""`kaleyra-gateway demo`, as a person runs it."""

import re
import socket
import subprocess
import sys
from itertools import chain, repeat
from pathlib import Path

import pytest
from free_ports import free_port

from gateway.demo import stage
from gateway.settings import InvalidSettingsError


@pytest.fixture(scope="module")
def story() -> list[str]:
    """What the demo prints into a pipe, a scene an item after the introduction."""
    run = subprocess.run(
        [sys.executable, "-m", "gateway", "demo"], capture_output=True, text=True, timeout=300, check=False
    )
    assert (0, "") == (run.returncode, run.stderr)
    return run.stdout.split("─\n")


@pytest.mark.parametrize(
    ("scene", "facts"),
    [
        pytest.param(
            1,
            [
                "call.dispatch        DISPATCH_ACCEPTED",
                "to=%2B13236550166&retry=2",
                "RBC3007",
                "dlrurl    http://127.0.0.1:",
                "Warning: call.playlist.items[0].message.language",
                "pressed 1\n",
                "The end: answered.",
            ],
            id="answered, and a key is pressed",
        ),
        pytest.param(
            2, ["ended: busy", "redialed: ringing again, attempt 2", "The end: answered."], id="busy and redialed"
        ),
        pytest.param(
            3,
            [
                "ERROR_REASON_OUTCOME_UNKNOWN",
                "In words: phones may ring, or not",
                "send nothing",
                "The caller repeats the request: UNKNOWN, ERROR_REASON_OUTCOME_UNKNOWN, a replay",
                "The provider received nothing: nobody is called twice.",
                "FAILED_PRECONDITION, ERROR_REASON_REQUEST_ID_REUSED",
                "not unknown any more: the provider accepted it",
                "became known by a report of the provider.",
                "The end: answered.",
                "The caller repeats it once more: OK, DISPATCH_ACCEPTED, a replay",
            ],
            id="lost, repeated, and resolved by a report",
        ),
        pytest.param(4, ["NOT_FOUND, ERROR_REASON_BRIDGE_NOT_FOUND", "DISPATCH_REJECTED", "RBC3119"], id="refused"),
        pytest.param(
            5,
            [
                "received: nothing",
                "INVALID_REQUEST",
                "call.recipients[1].number",
                "call.retry_interval",
                "call.dlr_url",
            ],
            id="breaks rules",
        ),
        pytest.param(6, ["received: nothing", "custom    CALL_ID", '[{"ivr":["SG_night-duty"]}]'], id="dry run"),
        pytest.param(
            7, ["kaleyra-gateway sandbox", "kaleyra-gateway serve", "kaleyra-gateway call"], id="what to try next"
        ),
    ],
)
def test_each_scene_shows_what_it_promises(story, scene, facts):
    """From the first ring to the key that was pressed; redialed, lost and found; and three ways to be refused."""
    assert [] == [fact for fact in facts if fact not in story[scene]]


def test_the_provider_receives_each_call_once(story):
    """Of all that is asked for, four requests reach the provider."""
    assert [1, 2, 3, 4] == [number for number, scene in enumerate(story) if "received: POST" in scene]
    assert [1] * 4 == [scene.count("received: POST") for scene in story[1:5]]
    assert 3 == story[3].count("The provider received nothing")


def test_phones_that_ring_are_told_in_their_order(story):
    """As it happens to people."""
    told = [re.findall(r"^    [0-9:]{8}  \S+ patient-8812  (\w+)", scene, re.MULTILINE) for scene in story[1:4]]

    assert ["ringing", "answered", "ended"] == told[0]
    assert ["ringing", "ended", "redialed", "answered", "ended"] == told[1]
    assert ["ringing", "answered", "ended"] == told[2]


def test_a_pipe_gets_no_colours(story):
    """Into a log file the demo writes plain text."""
    assert "\x1b" not in "".join(story)


def test_what_it_says_to_try_is_on_the_page_that_is_run(story):
    """The three commands at its end lead to a call that is answered: a page's test types them."""
    page = (Path(__file__).parents[1] / "docs" / "terminal.md").read_text()
    variables = re.findall(r"[A-Z_]{6,}=\S+", story[7])

    assert 5 == len(variables)
    assert [] == [each for each in variables if each not in page]


@pytest.mark.parametrize(
    "free_again", [pytest.param(True, id="then another is free"), pytest.param(False, id="always")]
)
async def test_a_port_that_somebody_took_in_between_is_no_end(tmp_path, monkeypatch, free_again):
    """The receiver's port is chosen before it listens; another one is tried, and not for ever."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = chain([taken.getsockname()[1]], repeat(free_port() if free_again else taken.getsockname()[1]))
        monkeypatch.setattr(stage, "free_port", lambda: next(ports))
        if not free_again:
            with pytest.raises(InvalidSettingsError, match=re.escape("receiver.listen")):
                await stage.started("http://127.0.0.1:1", str(tmp_path))
            return
        gateway, _ = await stage.started("http://127.0.0.1:1", str(tmp_path))
        await gateway.stop()

    assert gateway.receiver_address == f"127.0.0.1:{next(ports)}"
