"""`serve` and `check` as an operator runs them: what they print of the settings, and how they exit."""

import os
import subprocess
import sys

import pytest
from settings_file import ENOUGH, KEY, SAMPLE, written
from typer.testing import CliRunner

from gateway.cli import app
from gateway.settings import PATH_BY_VARIABLE


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """Runs a command in this process, with no variables but the given ones."""
    cleared = dict.fromkeys(PATH_BY_VARIABLE)
    outcome = CliRunner().invoke(app, arguments, env=cleared | environment)
    return outcome.exit_code, outcome.output


MISTAKEN = f"""
listne = "x"
[provider]
connect_timeout = "Zq7"
refusing_statuses = [500]
[accounts.default]
base_url = "http://user:{KEY}@10.0.0.1"
api_key = "{KEY} {KEY}"
api_key_file = "{KEY}"
"""


@pytest.mark.parametrize("command", ["serve", "check"])
def test_every_mistake_is_told_at_once_and_the_status_is_2(tmp_path, command):
    """A process that cannot start says all that is wrong on standard error, shows no key, and exits with 2."""
    outcome = subprocess.run(
        [
            sys.executable,
            "-m",
            "gateway",
            command,
            "--config",
            str(written(tmp_path, MISTAKEN.replace(f"[accounts.{KEY}]", ""))),
        ],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        timeout=60,
        check=False,
    )

    assert (2, "") == (outcome.returncode, outcome.stdout)
    assert [
        "kaleyra-gateway: 7 mistakes in the settings:",
        "  provider.connect_timeout: must be a valid number (gateway.toml, line 4)",
        "  provider.refusing_statuses.0: is no 4xx status: it proves no refusal (gateway.toml, line 5)",
        "  accounts.default.base_url: must hold no user, query or fragment (gateway.toml, line 7)",
        "  accounts.default.sid: is required (or set KALEYRA_SID) (gateway.toml, line 6)",
        "  accounts.default.api_key: must be printable ASCII without white space (gateway.toml, line 8)",
        "  accounts.default.api_key_file: cannot be read: No such file or directory (gateway.toml, line 9)",
        "  listne: is no setting; did you mean listen? (gateway.toml, line 2)",
    ] == outcome.stderr.splitlines()


def test_check_shows_what_is_in_force_and_where_it_comes_from(tmp_path):
    """Every setting is a line of TOML with its source; keys and passwords are hidden."""
    file = written(tmp_path, SAMPLE.replace("sqlite:///ledger.db", f"postgresql://u:{KEY}@h/d?password={KEY}"))
    status, output = run("check", "--config", str(file), KALEYRA_SID="OTHER", KALEYRA_API_KEY=KEY)
    lines = output.splitlines()

    assert 0 == status
    assert KEY not in output
    assert 'accounts.default.sid = "OTHER"    # KALEYRA_SID' in lines
    assert "accounts.default.api_key = [hidden]    # KALEYRA_API_KEY" in lines
    assert f'accounts.default.only_numbers = ["+1323655*"]    # {file}' in lines
    assert f'provider.codes.RBC9999 = "PROVIDER_REFUSED"    # {file}' in lines
    assert "drain_grace = 30.0    # default" in lines
    assert f'ledger.url = "postgresql://u:[hidden]@h/d?[hidden]"    # {file}' in lines
    assert [] == [line for line in lines if "api_key_file" in line]


def test_check_shows_every_setting():
    """What has a value is shown, with the environment alone, too."""
    status, output = run("check", **ENOUGH)
    shown = {line.split(" = ")[0] for line in output.splitlines() if " = " in line}

    plain = {"listen", "max_calls_in_flight", "drain_grace", "log.format", "log.level"}
    plain |= {f"ledger.{name}" for name in ("url", "create", "keep_days", "tombstone_days")}
    assert 0 == status
    assert plain | {f"accounts.default.{name}" for name in ("base_url", "sid", "api_key", "bridge")} <= shown
    assert {"provider.codes", "provider.refusing_statuses", "provider.allow_http"} <= shown


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_missing_file_is_a_mistake(command, tmp_path):
    """A path that leads nowhere is named."""
    status, output = run(command, "--config", str(tmp_path / "nope.toml"), **ENOUGH)

    assert 2 == status
    assert f"{tmp_path / 'nope.toml'}: cannot be read: No such file or directory" in output


def test_nothing_at_all_says_what_is_needed():
    """Who starts it without settings learns the three variables."""
    status, output = run("check")

    assert 2 == status
    for name in ENOUGH:
        assert name in output
