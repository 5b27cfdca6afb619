"""Whatever goes wrong is one line with the way out, and an exit status; never a traceback, never a password."""

import os
import re
import subprocess
import sys

import pytest
from operator_terminal import typed

PASSWORD = "Zq7-nobody-may-see"

EVERY = [
    pytest.param(command.split(), id=command.split(" -")[0])
    for command in (
        "calls list",
        "calls show reminder-1",
        "calls resolve 01M877RN3AC7AHC2K0R8B4D2RF --as accepted --note x",
        "pause --reason x",
        "resume",
        "ledger info",
        "ledger backup copy.db",
        "ledger vacuum",
    )
]


def name_of(command):
    return " ".join(command[: 2 if command[0] in {"calls", "ledger"} else 1])


def one_line(outcome, command):
    """The one line on standard error, without the program's and the command's names."""
    assert "" == outcome.output
    [line] = outcome.errors.splitlines()
    assert line.startswith(f"kaleyra-gateway {name_of(command)}: ")
    return line.partition(f"{name_of(command)}: ")[2]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", EVERY)
async def test_a_missing_ledger_is_3_and_none_is_made(tmp_path, command):
    """A mistyped path must not leave an empty ledger, which would forget every promise."""
    outcome = await typed(*command, "--ledger", "sqlite:///none.db")

    assert 3 == outcome.status
    assert f"the ledger cannot be opened: {tmp_path}/none.db is not there: see ledger.url" in one_line(outcome, command)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("command", EVERY)
async def test_an_unreachable_server_is_3_and_its_password_is_not_told(command):
    """The line says what failed."""
    outcome = await typed(*command, "--ledger", f"postgresql://u:{PASSWORD}@127.0.0.1:9/d?password={PASSWORD}")

    assert 3 == outcome.status
    assert "the ledger cannot be opened: the database of ledger.url" in one_line(outcome, command)
    assert PASSWORD not in outcome.errors


@pytest.mark.parametrize("command", EVERY)
@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"mysql://u:{PASSWORD}@h/d", id="another database"),
        pytest.param(PASSWORD, id="no URL"),
        pytest.param("", id="nothing"),
    ],
)
async def test_a_wrong_url_is_2(command, url):
    """The line says what it must be, and not what it was."""
    outcome = await typed(*command, "--ledger", url)

    assert 2 == outcome.status
    assert "--ledger must be sqlite:///FILE or postgresql://USER@HOST/DATABASE" == one_line(outcome, command)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "gateway.toml: cannot be read: No such file or directory", id="no file"),
        pytest.param("ledger = [", "gateway.toml: is not TOML", id="no TOML"),
        pytest.param("ledger = 3", "ledger: must be a table", id="no table"),
        pytest.param("[ledger]\nurl = 3", "ledger.url: must be a text", id="no text"),
        pytest.param(f'[ledger]\nurl = "{PASSWORD}"', "ledger.url: must be sqlite:///FILE", id="no URL"),
        pytest.param('[ledger]\nulr = "x"', "ledger.ulr: is no setting; did you mean url?", id="a typo"),
    ],
)
async def test_wrong_settings_are_2(tmp_path, content, words):
    """As `serve` would tell them."""
    if content is not None:
        (tmp_path / "gateway.toml").write_text(content)
    outcome = await typed("calls", "list", "--config", "gateway.toml")

    assert 2 == outcome.status
    assert words in one_line(outcome, ["calls", "list"])
    assert PASSWORD not in outcome.errors


async def test_a_file_that_is_no_ledger_is_3(tmp_path):
    """Another program's database, and what is no database."""
    (tmp_path / "text.db").write_text("a text that is long enough to be looked at")
    outcome = await typed("calls", "list", "--ledger", "sqlite:///text.db")

    assert 3 == outcome.status
    assert "text.db cannot be opened as a ledger: file is not a database" in one_line(outcome, ["calls", "list"])


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["calls"], id="no command of calls"),
        pytest.param(["ledger"], id="no command of the ledger"),
        pytest.param(["calls", "show"], id="no id"),
        pytest.param(["pause"], id="no reason"),
        pytest.param(["pause", "--reason", ""], id="an empty reason"),
        pytest.param(["pause", "--reason", "two\nlines"], id="two lines"),
        pytest.param(["ledger", "backup"], id="no file"),
        pytest.param(["resume", "now"], id="too much"),
    ],
)
async def test_a_wrong_command_line_is_2(command):
    """And nothing is done."""
    assert 2 == (await typed(*command)).status


@pytest.mark.parametrize("command", EVERY[3:5])
async def test_a_ledger_that_cannot_be_written_is_3(start_gateway, tmp_path, command, monkeypatch):
    """It says what failed, and whether something may have been written."""
    gateway = await start_gateway(ledger={"url": f"sqlite:///{tmp_path}/ledger.db"})
    await gateway.gateway.stop()
    monkeypatch.setattr("gateway.ledger.sqlite.writer.PATIENTLY", "PRAGMA busy_timeout = 0")
    holder = subprocess.Popen(  # noqa: ASYNC220 - it is only waited for at once
        [sys.executable, "-c", HOLD, str(tmp_path / "ledger.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert b"held\n" == holder.stdout.readline()
        outcome = await typed(*command, "--ledger", "sqlite:///ledger.db")
        holder.stdin.close()

    assert 3 == outcome.status
    assert "the ledger fails (SQLITE_BUSY): nothing was changed; try again" == one_line(outcome, command)


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


async def test_the_settings_file_names_the_ledger_and_nothing_else_is_needed(start_gateway, tmp_path):
    """An operator has no key, and a wrong setting elsewhere must not keep anybody from pausing."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "gateway.toml").write_text('listne = 1\n[ledger]\nurl = "sqlite:///ledger.db"\n')
    await start_gateway(ledger={"url": f"sqlite:///{tmp_path}/here/ledger.db"})
    by_file = await typed("pause", "--reason", "x", "--config", "here/gateway.toml")
    by_variable = await typed("ledger", "info", "--json", GATEWAY_LEDGER_URL="sqlite:///here/ledger.db")
    over_the_file = await typed(
        "ledger", "info", "--config", "here/gateway.toml", GATEWAY_LEDGER_URL="sqlite:///none.db"
    )

    assert (0, 0) == (by_file.status, by_variable.status)
    assert f"{tmp_path}/here/ledger.db" == by_variable.json["place"]
    assert 3 == over_the_file.status


async def test_no_ledger_named_is_told_with_the_ways_to_name_one():
    """Whoever types only the command learns where it looked."""
    outcome = await typed("calls", "list")

    assert 3 == outcome.status
    assert "Name another by --config, --ledger or GATEWAY_LEDGER_URL" in outcome.errors


async def test_a_password_stays_out_of_what_is_printed(start_gateway, database):
    """Neither the page nor a command to type holds it."""
    await start_gateway(ledger={"url": database})
    url = database.replace("postgres@", f"postgres:{PASSWORD}@")
    info = await typed("ledger", "info", "--ledger", url)
    as_json = await typed("ledger", "info", "--ledger", url, "--json")

    assert (0, 0) == (info.status, as_json.status)
    assert PASSWORD not in info.output + as_json.output


async def test_a_terminal_of_few_characters_is_no_reason_to_fail(start_gateway, tmp_path):
    """What it cannot show is escaped."""
    gateway = await start_gateway(ledger={"url": f"sqlite:///{tmp_path}/ledger.db"})
    placed = await gateway.place_call(
        {"recipients": [{"number": "+13236550107"}], "playlist": {"items": [{"message": {"text": "Grüße, 你好"}}]}}
    )
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "GATEWAY_LEDGER_URL": "sqlite:///ledger.db"}
    command = [sys.executable, "-m", "gateway", "calls", "show", placed.call.call_id, "--numbers"]
    outcome = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)  # noqa: ASYNC221

    assert (0, b"") == (outcome.returncode, outcome.stderr)
    assert rb"Gr\xfc\xdfe, \u4f60\u597d" in outcome.stdout


@pytest.mark.parametrize(
    "command", [*EVERY, pytest.param(["calls"], id="calls"), pytest.param(["ledger"], id="ledger")]
)
async def test_every_command_explains_itself(command):
    """With its exit statuses, within a narrow terminal."""
    words = command[: 2 if command[0] in {"calls", "ledger"} else 1]
    outcome = await typed(*words, "--help", COLUMNS="80")

    assert 0 == outcome.status
    assert max(map(len, outcome.output.splitlines())) <= 80
    assert len(command) == 1 or re.search(r"Exit status: 0 done, 1 refused or not found, 2 a wrong", outcome.output)
