"""Which gateway a command asks: an address that is empty names none."""

import subprocess
import sys

import pytest

ID = "01M886X7Z2BZS71WBSBQMZMWQ6"


@pytest.mark.parametrize("address", [pytest.param("", id="nothing"), pytest.param(" ", id="white space")])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["call", "--to", "+13236550107", "--flow", "SG_1"], id="call"),
        pytest.param(["call", "--to", "+13236550107", "--flow", "SG_1", "--json"], id="call, for a program"),
        pytest.param(["watch", ID], id="watch"),
        pytest.param(["watch", "--after", "0", "--json"], id="watch, for a program"),
    ],
)
def test_an_address_of_an_unset_variable_is_a_wrong_command_line(command, address):
    """One line says so, and gRPC's own words are no part of it."""
    outcome = subprocess.run(
        [sys.executable, "-m", "gateway", *command, "--server", address],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (2, "") == (outcome.returncode, outcome.stdout)
    assert outcome.stderr == (
        f"kaleyra-gateway {command[0]}: --server is empty, as of a variable that is not set:"
        " give HOST:PORT, or leave it out for 127.0.0.1:50051\n"
    )


def test_an_empty_address_to_ask_the_health_of_is_a_wrong_command_line():
    """It is not the address that the settings say."""
    outcome = subprocess.run(
        [sys.executable, "-m", "gateway", "health", "--address", ""],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (2, "") == (outcome.returncode, outcome.stdout)
    assert "--address: must be HOST:PORT" in outcome.stderr
