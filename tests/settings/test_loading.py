"""The settings come from a file, and from the environment over it."""

from pathlib import Path

from settings_file import ENOUGH, KEY, SAMPLE, written

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
        "ledger": {"url": "sqlite:///ledger.db", "create": True},
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
        "receiver": {"listen": "127.0.0.1:8081", "public_url": "https://calls.example.com"},
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
    assert ("127.0.0.1:50051", "sqlite:///ledger.db") == (settings.listen, settings.ledger.url)


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
        },
    )

    assert tmp_path / "key" == settings.accounts["default"].api_key_file
    assert ("[::]:1", "postgresql://u@h/d") == (settings.listen, settings.ledger.url)


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


def test_a_repr_shows_no_secret(tmp_path):
    """Settings in a traceback or a debugger show neither keys nor passwords nor numbers."""
    text = SAMPLE.replace("sqlite:///ledger.db", f"postgresql://u:{KEY}@h/d")
    settings = load(written(tmp_path, text), ENOUGH)

    assert [] == [hidden for hidden in (KEY, "3236550100", "1323655") if hidden in repr(settings)]
