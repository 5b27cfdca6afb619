"""The URL of a PostgreSQL ledger: it can be understood in one way, and nobody sees its password."""

import pytest
from settings_file import ACCOUNT, ENOUGH, mistakes_in, written
from typer.testing import CliRunner

from gateway.cli import app
from gateway.settings import PATH_BY_VARIABLE, load
from gateway.settings.shown import without_password

MISTAKE = "ledger.url: cannot be understood as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE: percent-encode"

NOT_UNDERSTOOD = [
    pytest.param("postgresql://u:Zq7?Zq7@h/x", id="a question mark in the password"),
    pytest.param("postgresql://u:77?a=Zq7@h/x", id="a question mark after what could be a port"),
    pytest.param("postgresql://u:Zq7/Zq7@h/x", id="a slash in the password"),
    pytest.param("postgresql://u:77/Zq7@h/x", id="a slash after what could be a port"),
    pytest.param("postgresql://u:Zq7#Zq7@h/x", id="a hash in the password"),
    pytest.param("postgresql://u:77#Zq7@h/x", id="a hash after what could be a port"),
    pytest.param("postgresql://u:p@Zq7@h/x", id="an at sign in the password"),
    pytest.param("postgresql://u:p@Zq7/Zq7?a=Zq7@h/x", id="all of them in the password"),
    pytest.param("postgresql://u:Zq7[@h/x", id="a bracket in the password"),
    pytest.param("postgresql://h/x?password=Zq7@Zq7", id="an at sign among the parameters"),
    pytest.param("postgresql://h/x?password=Zq7#Zq7", id="a hash among the parameters"),
    pytest.param("postgresql://h/x?password=Zq7&Zq7", id="an ampersand in a parameter"),
    pytest.param("postgresql://u:Zq7@[bad/x", id="a bracket that is not closed"),
    pytest.param("postgresql://u:Zq7@[bad]/x", id="no address in brackets"),
    pytest.param("postgresql://u:Zq7@[::1]5432/x", id="a port without a colon"),
    pytest.param("postgresql://u:Zq7@h:port/x", id="a port that is none"),
    pytest.param("postgresql://u:Zq7@h:65536/x", id="a port too high"),
    pytest.param("postgresql://u:Zq7@:5432/x", id="a port of no host"),
    pytest.param("postgresql://u:Zq7@a,,b/x", id="a list with nothing in it"),
    pytest.param("postgresql://u:Zq7@a..b/x", id="a name with an empty label"),
    pytest.param("postgresql://u:Zq7@256.1.1.1/x", id="an address that is none"),
    pytest.param("postgresql:///x?password=Zq7&port=high", id="a parameter's port that is none"),
    pytest.param("postgresql:///x?password=Zq7&host=a&port=1,2", id="more ports than hosts"),
    pytest.param("postgresql:///x?password=Zq7&host=a..b", id="a parameter's host that is none"),
]


@pytest.mark.parametrize("url", NOT_UNDERSTOOD)
def test_a_url_that_cannot_be_opened_or_is_a_guess_is_a_mistake(tmp_path, url):
    """The line says what to do, and shows nothing of the URL."""
    [mistake] = mistakes_in(tmp_path, f'[ledger]\nurl = "{url}"{ACCOUNT}')

    assert mistake.startswith(MISTAKE)
    assert "Zq7" not in mistake


@pytest.mark.parametrize("command", ["serve", "check", "ledger info", "ledger create"])
def test_every_command_tells_it_with_2_and_without_the_password(tmp_path, command):
    """What `check` calls good, `serve` can open as far as its syntax goes."""
    file = written(tmp_path, f'[ledger]\nurl = "postgresql://u:Zq7?Zq7@h/x"{ACCOUNT}')
    arguments = [*command.split(), "--config", str(file)]
    outcome = CliRunner().invoke(app, arguments, env=dict.fromkeys(PATH_BY_VARIABLE))

    assert 2 == outcome.exit_code
    assert MISTAKE in outcome.output
    assert "Zq7" not in outcome.output


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h",
        "postgresql:///d",
        "postgresql://u@h:5432/d?sslmode=verify-full",
        "postgres://u:p%40%2F%3F%23%5B@h/d",
        "postgresql://u:a:b+c!$&'()*;=~@h/d",
        "postgresql://u:p@127.0.0.1,[::1]:5433,db_b.example.com./d?target_session_attrs=primary",
        "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/d",
        "postgresql://u:p@/d?host=/var/run/postgresql&port=5433",
        "postgresql:///d?host=a,b&port=1,2&password=p%40s/s?w",
        "postgresql://u@db.1/d",
        "postgresql://u@datenbänke.example/d",
    ],
)
def test_what_the_driver_understands_is_left_as_it_is(url):
    """Whatever a password holds can be percent-encoded."""
    assert url == load(None, ENOUGH | {"GATEWAY_LEDGER_URL": url}).ledger.url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("postgresql://h/d", "postgresql://h/d", id="no password"),
        pytest.param("postgresql://u@h:1/d", "postgresql://u@h:1/d", id="a user alone"),
        pytest.param("postgresql://u:Zq7@h/d", "postgresql://u:[hidden]@h/d", id="a password"),
        pytest.param("postgresql://:Zq7@h/d", "postgresql://:[hidden]@h/d", id="a password of no user"),
        pytest.param("postgresql://u:Zq7:@Zq7@h/d", "postgresql://u:[hidden]@h/d", id="a password with an at sign"),
        pytest.param("postgresql://u@h/d?password=Zq7", "postgresql://u@h/d?[hidden]", id="a parameter"),
        pytest.param("postgresql://u:Zq7?Zq7@h/d", "postgresql://[hidden]", id="a question mark in it"),
        pytest.param("postgresql://u:Zq7#Zq7@h/d", "postgresql://[hidden]", id="a hash in it"),
        pytest.param("postgresql://u:Zq7/Zq7@h/d?a=b", "postgresql://[hidden]", id="a slash in it"),
        pytest.param("postgresql://h/d?password=Zq7@Zq7", "postgresql://[hidden]", id="an at sign in a parameter"),
        pytest.param("postgresql://u:Zq7\nZq7@h/d", "postgresql://u:[hidden]@h/d", id="a newline in it"),
        pytest.param("sqlite:////a:b@c/d.db", "sqlite:////a:b@c/d.db", id="a file"),
    ],
)
def test_a_password_is_hidden_whatever_it_holds(url, shown):
    """All that stands before the last at sign may be one, and all parameters."""
    assert shown == without_password(url)
