"""`kaleyra-gateway demo`, as a person runs it."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def story() -> list[str]:
    """What the demo prints into a pipe, a scene an item after the introduction."""
    run = subprocess.run(
        [sys.executable, "-m", "gateway", "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (0, "") == (run.returncode, run.stderr)
    return run.stdout.split("─\n")


@pytest.mark.parametrize(
    ("scene", "facts"),
    [
        pytest.param(
            1, ["call.dispatch        DISPATCH_ACCEPTED", "to=%2B13236550107&retry=2", "RBC3007"], id="accepted"
        ),
        pytest.param(2, ["received: nothing", "custom  CALL_ID", '[{"ivr":["SG_night-duty"]}]'], id="dry run"),
        pytest.param(
            3,
            [
                "received: nothing",
                "INVALID_REQUEST",
                "call.recipients[1].number",
                "call.retry_interval",
                "call.dlr_url",
            ],
            id="breaks rules",
        ),
        pytest.param(4, ["NOT_FOUND, ERROR_REASON_BRIDGE_NOT_FOUND", "DISPATCH_REJECTED", "RBC3119"], id="refused"),
        pytest.param(5, ["ERROR_REASON_OUTCOME_UNKNOWN", "phones may ring, or not", "send nothing"], id="unknown"),
        pytest.param(
            6,
            [
                "reminder-8816",
                "received: nothing",
                "OUTCOME_UNKNOWN",
                "A replay: this answer repeats an earlier outcome; nothing was sent now.",
                "REQUEST_ID_REUSED; the provider received nothing.",
            ],
            id="repeated",
        ),
        pytest.param(
            7, ["kaleyra-gateway sandbox", "kaleyra-gateway serve", "kaleyra-gateway call"], id="what to try next"
        ),
    ],
)
def test_each_scene_shows_what_it_promises(story, scene, facts):
    """A call is accepted, shown, refused by rules, refused by the provider, lost, and repeated without being sent."""
    assert [] == [fact for fact in facts if fact not in story[scene]]


def test_the_provider_receives_each_call_once(story):
    """Of all that is asked for, three requests reach the provider."""
    assert [1, 4, 5] == [number for number, scene in enumerate(story) if "received: POST" in scene]


def test_a_pipe_gets_no_colours(story):
    """Into a log file the demo writes plain text."""
    assert "\x1b" not in "".join(story)
