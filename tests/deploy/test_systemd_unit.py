"""The systemd example: a unit that systemd takes, settings that the gateway takes, and both together place a call."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import KEY
from confined import values
from gateway_under_test import place_call_request
from go_programs import ROOT, needs
from serving import serving

from gateway.sandbox import Account, Sandbox
from gateway.settings import load

EXAMPLE = ROOT / "deploy" / "systemd"
UNIT = EXAMPLE / "kaleyra-gateway.service"
PROGRAM = Path(sys.executable).with_name("kaleyra-gateway")
CREDENTIAL = "/run/credentials/kaleyra-gateway.service/kaleyra.key"


def only(name):
    [value] = values(UNIT, name)
    return value


@pytest.fixture
async def installed(tmp_path):
    """The example's files in a folder that stands for the machine, with an account at a sandbox."""
    sandbox = Sandbox(accounts=[Account("HXXXXXXX071US", frozenset({KEY}))])
    async with sandbox.serve() as url:
        text = (EXAMPLE / "gateway.toml").read_text()
        for path in ("/run/", "/var/lib/"):
            text = text.replace(path, f"{tmp_path}{path}")
        text = text.replace("https://api.kaleyra.io", url).replace("0.0.0.0:50051", "127.0.0.1:0")
        for file, content in {
            only("ExecStart").rpartition(" ")[2]: text,
            CREDENTIAL: KEY,
            f"{only('WorkingDirectory')}/nothing": "",
        }.items():
            place = tmp_path / file.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        yield tmp_path


def systemd_analyze(*words, **options):
    needs("systemd-analyze")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False, **options)


def test_systemd_finds_no_mistake_in_the_unit(tmp_path):
    """The own check of systemd knows every name and every value; a misspelt one is seen."""
    good, bad = tmp_path / "kaleyra-gateway.service", tmp_path / "bad.service"
    good.write_text(UNIT.read_text().replace(only("ExecStart").partition(" ")[0], str(PROGRAM)))
    bad.write_text(good.read_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    verified, seen = systemd_analyze("verify", str(good)), systemd_analyze("verify", str(bad))

    assert (0, "") == (verified.returncode, verified.stderr)
    assert "NoNewPrivilege" in seen.stderr


def test_systemd_calls_the_unit_safe():
    """Its exposure, from 0 to 10, is not above 1.5."""
    judged = systemd_analyze("security", "--offline=true", "--threshold=15", str(UNIT))

    assert 0 == judged.returncode, judged.stdout[-200:]


def test_the_units_time_out_is_above_the_drain():
    """SIGKILL comes only after the drain and five seconds to write down what was cut off."""
    settings_file = (EXAMPLE / "gateway.toml").read_text()
    [drain] = re.findall(r"^drain_grace = ([0-9.]+)", settings_file, re.MULTILINE)

    assert float(only("TimeoutStopSec").removesuffix("s")) >= float(drain) + 5
    assert ("SIGTERM", "mixed") == (only("KillSignal"), only("KillMode"))


def test_a_wrong_setting_is_not_started_again_and_a_missing_ledger_is():
    """Exit status 2 stays; 3 may be a database that comes back."""
    assert ("on-failure", "2") == (only("Restart"), only("RestartPreventExitStatus"))
    assert "0" == only("StartLimitIntervalSec")


async def test_the_examples_settings_are_good(installed):
    """The gateway reads them: the credential is where systemd puts it, the ledger where the service may write."""
    settings = load(installed / "etc/kaleyra-gateway/gateway.toml", {})
    source, _, file = only("LoadCredential").partition(":")

    assert CREDENTIAL.endswith(f"/{source}")
    assert file.startswith("/etc/kaleyra-gateway/")
    assert KEY == settings.accounts["default"].api_key_file.read_text()
    assert settings.ledger.file.parent == installed / only("WorkingDirectory").lstrip("/")
    assert f"/var/lib/{only('StateDirectory')}" == only("WorkingDirectory")
    assert not settings.ledger.create


def test_the_user_of_the_unit_is_the_one_that_is_made():
    """The line for sysusers makes the unit's user."""
    assert re.search(rf"^u {only('User')} ", (EXAMPLE / "kaleyra-gateway.sysusers.conf").read_text(), re.MULTILINE)


async def test_under_the_units_rules_a_call_is_placed(installed):
    """With its system calls alone, and no memory that is written and run: from the first ledger to the drain."""
    needs("systemd-analyze")
    confined = [sys.executable, str(Path(__file__).with_name("confined.py")), str(UNIT), str(PROGRAM)]
    config = ["--config", str(installed / "etc/kaleyra-gateway/gateway.toml")]
    where = installed / only("WorkingDirectory").lstrip("/")
    made = await asyncio.create_subprocess_exec(*confined, "ledger", "create", *config, cwd=where)
    assert 0 == await made.wait()
    serve = [*confined, *only("ExecStart").split()[1:2], *config]
    async with serving(serve, cwd=where) as served:
        placed = await served.stub.PlaceCall(place_call_request(), timeout=30)
        served.process.terminate()
        status = await served.exit_status()

    assert placed.call.call_id
    assert 0 == status
