"""The settings come from a file, and from the environment over it."""

from pathlib import Path

import pytest
from settings_file import ACCOUNT, ENOUGH, KEY, SAMPLE, written

from gateway.settings import load


def test_the_contracts_sample_is_good(tmp_path):
    """Every line of the contract's example is understood."""
    settings = load(written(tmp_path, SAMPLE), {})

    assert {
        "listen": "127.0.0.1:50051",
        "tls": None,
        "max_calls_in_flight": 1000,
        "drain_grace": 30.0,
        "log": {"format": "auto", "level": "INFO"},
        "ledger": {
            "url": f"sqlite:///{tmp_path}/ledger.db",
            "create": True,
            "keep_days": 30,
            "erase_days": None,
            "tombstone_days": 400,
        },
        "provider": {
            "connect_timeout": 3.0,
            "reply_timeout": 20.0,
            "max_connections": 100,
            "keepalive_expiry": 5.0,
            "ca_file": None,
            "invalid_number_refuses_all": False,
            "codes": {"RBC9999": "PROVIDER_REFUSED"},
            "refusing_statuses": (403,),
            "allow_http": False,
        },
        "receiver": {
            "listen": "127.0.0.1:8081",
            "public_url": "https://calls.example.com",
            "tls": None,
            "dlr_placeholders": ("double", "bare"),
            "callback_placeholders": ("double",),
            "urls_counted": "per_event",
            "stale_after": 86_400.0,
            "trusted_proxies": (),
            "refusals_per_minute": 60,
        },
        "watch": {"heartbeat": 15.0, "settle": 600.0},
        "accounts": {
            "default": {
                "base_url": "https://api.kaleyra.io",
                "sid": "HXXXXXXX071US",
                "api_key": None,
                "api_key_file": tmp_path / "kaleyra.key",
                "bridge": "+13236550100",
                "only_numbers": ("+1323655*",),
            }
        },
    } == settings.model_dump()


def test_the_environment_is_enough():
    """Without a file, three variables make a gateway; the rest has defaults."""
    settings = load(None, ENOUGH)
    account = settings.accounts["default"]

    assert ("https://api.kaleyra.io", "S") == (account.base_url, account.sid)
    assert account.api_key is not None
    assert KEY == account.api_key.get_secret_value()
    assert ("127.0.0.1:50051", Path.cwd() / "ledger.db") == (settings.listen, settings.ledger.file)


def test_every_variable_is_read(tmp_path, monkeypatch):
    """A key file in the environment is found from where the process was started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text(KEY)
    settings = load(
        None,
        ENOUGH
        | {
            "KALEYRA_API_KEY": "",
            "KALEYRA_API_KEY_FILE": "key",
            "GATEWAY_LISTEN": "[::]:1",
            "GATEWAY_LEDGER_URL": "postgresql://u@h/d",
            "GATEWAY_LEDGER_CREATE": "false",
        },
    )

    assert tmp_path / "key" == settings.accounts["default"].api_key_file
    assert ("[::]:1", "postgresql://u@h/d") == (settings.listen, settings.ledger.url)
    assert not settings.ledger.create


def test_the_environment_wins_over_the_file(tmp_path):
    """Each variable replaces its setting, a key also one of the other kind; everything else stays the file's."""
    (tmp_path / "elsewhere").mkdir()
    settings = load(written(tmp_path, SAMPLE), ENOUGH | {"GATEWAY_LISTEN": "0.0.0.0:1", "KALEYRA_SID": "OTHER"})
    account = settings.accounts["default"]

    assert ("0.0.0.0:1", "OTHER", None) == (settings.listen, account.sid, account.api_key_file)
    assert account.api_key is not None
    assert KEY == account.api_key.get_secret_value()
    assert "+13236550100" == account.bridge


def test_paths_in_the_file_begin_at_the_file(tmp_path, monkeypatch):
    """Wherever the gateway is started, a relative path means the same file; one in the environment does not."""
    file = written(tmp_path, SAMPLE)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "other.key").write_text(KEY)

    beside = load(Path("../gateway.toml"), {}).accounts["default"].api_key_file
    here = load(file, {"KALEYRA_API_KEY_FILE": "other.key"}).accounts["default"].api_key_file

    assert beside is not None
    assert (True, tmp_path / "kaleyra.key") == (beside.is_absolute(), beside.resolve())
    assert tmp_path / "elsewhere" / "other.key" == here


@pytest.mark.parametrize(
    ("in_the_file", "in_the_environment", "expected"),
    [
        pytest.param("", "", "file/ledger.db", id="none"),
        pytest.param("[ledger]\ncreate = true", "", "file/ledger.db", id="no URL"),
        pytest.param('[ledger]\nurl = "sqlite:///data/a.db"', "", "file/data/a.db", id="in the file"),
        pytest.param('[ledger]\nurl = "sqlite:////var/a.db"', "", "/var/a.db", id="a whole path in the file"),
        pytest.param("", "sqlite:///data/b.db", "here/data/b.db", id="in the environment"),
        pytest.param("", "sqlite:////var/b.db", "/var/b.db", id="a whole path in the environment"),
        pytest.param('[ledger]\nurl = "sqlite:///a.db"', "sqlite:///b.db", "here/b.db", id="in both"),
    ],
)
def test_a_ledger_is_the_same_file_wherever_the_gateway_is_started(
    tmp_path, monkeypatch, in_the_file, in_the_environment, expected
):
    """A relative path in the file begins at the file, one in the environment where the process was started."""
    for folder in ("file", "here"):
        (tmp_path / folder).mkdir()
    file = written(tmp_path / "file", in_the_file + ACCOUNT)
    monkeypatch.chdir(tmp_path / "here")
    ledger = load(file, {"GATEWAY_LEDGER_URL": in_the_environment}).ledger

    assert tmp_path / expected == ledger.file
    assert f"sqlite:///{tmp_path / expected}" == ledger.url


def test_a_database_server_has_no_file():
    """Its URL is left as it is."""
    ledger = load(None, ENOUGH | {"GATEWAY_LEDGER_URL": "postgresql:///ledger"}).ledger

    assert (None, "postgresql:///ledger") == (ledger.file, ledger.url)


def test_days_are_read(tmp_path):
    """How long what is kept."""
    text = "[ledger]\nkeep_days = 10\nerase_days = 10\ntombstone_days = 10\n" + ACCOUNT
    ledger = load(written(tmp_path, text), {}).ledger

    assert (10, 10, 10) == (ledger.keep_days, ledger.erase_days, ledger.tombstone_days)


def test_a_repr_shows_no_secret(tmp_path):
    """Settings in a traceback or a debugger show neither keys nor passwords nor numbers."""
    text = SAMPLE.replace("sqlite:///ledger.db", f"postgresql://u:{KEY}@h/d")
    settings = load(written(tmp_path, text), ENOUGH)

    assert [] == [hidden for hidden in (KEY, "3236550100", "1323655") if hidden in repr(settings)]
