"""What only the environment says: the settings file itself, and words that TOML has values for."""

import pytest
from settings_file import ACCOUNT, ENOUGH, written
from typer.testing import CliRunner

from gateway.cli import app
from gateway.settings import PATH_BY_VARIABLE, InvalidSettingsError, load


def run(*arguments: str, **environment: str) -> tuple[int, list[str]]:
    """Runs a command in this process, with no variables but the given ones."""
    outcome = CliRunner().invoke(app, arguments, env=dict.fromkeys(PATH_BY_VARIABLE) | environment)
    return outcome.exit_code, outcome.output.splitlines()


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("false", False), ("", True)])
def test_whether_a_ledger_may_be_made_is_said_in_a_word(text, expected):
    """An image says it for every gateway that is started from it; an empty variable says nothing."""
    assert expected is load(None, ENOUGH | {"GATEWAY_LEDGER_CREATE": text}).ledger.create


def test_the_environment_forbids_what_the_file_allows(tmp_path):
    """A file that somebody mounts does not undo what the image is careful about."""
    file = written(tmp_path, "[ledger]\ncreate = true\n" + ACCOUNT)

    assert not load(file, {"GATEWAY_LEDGER_CREATE": "false"}).ledger.create


@pytest.mark.parametrize("text", ["no", "0", "False"])
def test_another_word_is_a_mistake(text):
    """Nobody has to guess which words count as yes."""
    with pytest.raises(InvalidSettingsError) as caught:
        load(None, ENOUGH | {"GATEWAY_LEDGER_CREATE": text})

    assert ["ledger.create: must be true or false"] == caught.value.mistakes


def test_the_environment_names_the_settings_file(tmp_path):
    """Every command of a container finds the same file, its health check too; the command line goes first."""
    named = written(tmp_path, "drain_grace = 7.0" + ACCOUNT)
    (tmp_path / "other").mkdir()
    other = written(tmp_path / "other", "drain_grace = 8.0" + ACCOUNT)
    _, by_name = run("check", GATEWAY_CONFIG=str(named))
    _, by_option = run("check", "--config", str(other), GATEWAY_CONFIG=str(named))

    assert f"drain_grace = 7.0    # {named}" in by_name
    assert f"drain_grace = 8.0    # {other}" in by_option


def test_the_environments_settings_file_names_an_operators_ledger(tmp_path):
    """A relative path in it begins at the file, and --ledger goes first."""
    file = written(tmp_path, '[ledger]\nurl = "sqlite:///of-the-file.db"' + ACCOUNT)
    by_name, _ = run("ledger", "create", GATEWAY_CONFIG=str(file))
    by_option, _ = run("ledger", "create", "--ledger", f"sqlite:///{tmp_path}/other.db", GATEWAY_CONFIG=str(file))

    assert (0, 0) == (by_name, by_option)
    assert {"of-the-file.db", "other.db"} == {each.name for each in tmp_path.glob("*.db")}


LISTEN, PUBLIC_URL = "127.0.0.1:8081", "http://127.0.0.1:8081"


def test_the_environment_alone_turns_the_receiver_on():
    """A container needs no file to learn how calls went; without the variables nothing listens for reports."""
    told = {"GATEWAY_RECEIVER_LISTEN": LISTEN, "GATEWAY_RECEIVER_PUBLIC_URL": PUBLIC_URL}
    receiver = load(None, ENOUGH | told).receiver

    assert receiver is not None
    assert (LISTEN, PUBLIC_URL) == (receiver.listen, receiver.public_url)
    assert load(None, ENOUGH | dict.fromkeys(told, "")).receiver is None


def test_the_environment_says_where_the_files_receiver_is_reached(tmp_path):
    """What else the file says of the receiver stays."""
    table = f'[receiver]\nlisten = "{LISTEN}"\npublic_url = "https://elsewhere.example.com"\nstale_after = 60.0\n'
    receiver = load(written(tmp_path, table + ACCOUNT), {"GATEWAY_RECEIVER_PUBLIC_URL": PUBLIC_URL}).receiver

    assert receiver is not None
    assert (LISTEN, PUBLIC_URL, 60.0) == (receiver.listen, receiver.public_url, receiver.stale_after)


@pytest.mark.parametrize(
    ("variable", "value", "missing"),
    [
        ("GATEWAY_RECEIVER_LISTEN", LISTEN, "receiver.public_url: is required (or set GATEWAY_RECEIVER_PUBLIC_URL)"),
        ("GATEWAY_RECEIVER_PUBLIC_URL", PUBLIC_URL, "receiver.listen: is required (or set GATEWAY_RECEIVER_LISTEN)"),
    ],
)
def test_half_a_receiver_is_a_mistake_that_names_the_other_half(variable, value, missing):
    """Whoever sets one of the two is told the other."""
    with pytest.raises(InvalidSettingsError) as caught:
        load(None, ENOUGH | {variable: value})

    assert [missing] == caught.value.mistakes
