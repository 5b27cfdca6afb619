"""The settings file that the chart writes is one that the gateway reads without a mistake."""

import tomllib
from pathlib import Path

import pytest
from chart import AUTOSCALING, EVERYTHING, MINIMAL, POSTGRESQL, STAGING, TLS, VALUES
from cluster import secrets
from kubelet import Node

from gateway.settings import AccountSettings, Ledger, Log, Provider, Receiver, Settings, Tls, Watch, load


@pytest.fixture
def loaded(helm, folder, authority):
    """Loads the settings of a rendered release as its container does."""

    def load_settings(*files, **values):
        rendered = helm.template(*files, **values)
        node = Node(rendered, folder, secrets(authority))
        node.lay_out(rendered.pod)
        environment = node.environment(rendered.gateway)
        return load(Path(environment["GATEWAY_CONFIG"]), environment)

    return load_settings


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in VALUES])
def test_the_gateway_finds_no_mistake(loaded, file):
    """Every file of values gives good settings, with all the files that they name in place."""
    assert "the-checks" in loaded(file).accounts["default"].api_key_file.read_text()


def test_without_values_the_settings_are_the_gateways_defaults(loaded):
    """What values.yaml says of the gateway's settings is what the gateway says of itself."""
    settings = loaded(MINIMAL)
    defaults = Settings(accounts=settings.accounts)

    assert defaults.provider == settings.provider
    assert defaults.drain_grace == settings.drain_grace
    assert defaults.max_calls_in_flight == settings.max_calls_in_flight
    assert defaults.log.level == settings.log.level
    assert defaults.watch == settings.watch
    assert defaults.receiver is settings.receiver is None
    assert _days(defaults.ledger) == _days(settings.ledger)


def _days(ledger):
    return ledger.keep_days, ledger.erase_days, ledger.tombstone_days


def test_every_setting_can_be_given(helm):
    """No setting of the gateway is out of the chart's reach; a key is given by file alone."""
    file = tomllib.loads(helm.template(EVERYTHING).settings_file)
    file["tls"] |= tomllib.loads(helm.template(TLS).settings_file)["tls"]
    sections = {
        "tls": Tls,
        "log": Log,
        "ledger": Ledger,
        "provider": Provider,
        "receiver": Receiver,
        "watch": Watch,
    }
    accounts = set().union(*file["accounts"].values())

    assert set(Settings.model_fields) == file.keys()
    for name, section in sections.items():
        assert set(section.model_fields) == file[name].keys()
    assert set(Tls.model_fields) == file["receiver"]["tls"].keys()
    assert set(AccountSettings.model_fields) == accounts | {"api_key"}


def test_what_is_given_arrives(loaded):
    """Numbers, texts, lists and tables are the same in the gateway as in the values."""
    settings = loaded(EVERYTHING)
    provider, emergency = settings.provider, settings.accounts["emergency-line"]

    assert (50.5, 250) == (settings.drain_grace, settings.max_calls_in_flight)
    assert (2.5, 40, 0) == (provider.connect_timeout, provider.reply_timeout, provider.keepalive_expiry)
    assert {"RBC9999": "PROVIDER_REFUSED", "RBC 12.5": "PROVIDER_THROTTLED"} == provider.codes
    assert (403, 451) == provider.refusing_statuses
    assert ("https://api.in.kaleyra.io:8443", ()) == (emergency.base_url, emergency.only_numbers)
    assert 'emergency-"key"-\\for-the-checks-only' == emergency.api_key_file.read_text()
    assert (60, 30, 800) == _days(settings.ledger)
    receiver = settings.receiver
    assert ("https://calls.example.com/voice", "in_all") == (receiver.public_url, receiver.urls_counted)
    assert (("single", "double", "bare"), ("single",)) == (receiver.dlr_placeholders, receiver.callback_placeholders)
    assert (7_776_000, 600) == (receiver.stale_after, receiver.refusals_per_minute)
    assert ("10.0.0.0/8", "2001:db8::7") == receiver.trusted_proxies
    assert "BEGIN CERTIFICATE" in receiver.tls.certificate_file.read_text()
    assert (7.5, 60) == (settings.watch.heartbeat, settings.watch.settle)
    assert settings.ledger.url.startswith("postgresql://gateway@db.example.com:6432/ledger?sslmode=verify-full&")


def test_a_test_system_rings_its_own_lines_alone(loaded):
    """The staging example refuses every other number."""
    assert ("+1323655*", "+13236550107") == loaded(STAGING).accounts["default"].only_numbers


def test_the_databases_url_comes_from_its_secret(loaded):
    """The whole URL by the environment wins over the file, which has none."""
    assert "postgresql://gateway:of-the-checks@db.example.com/ledger" == loaded(POSTGRESQL).ledger.url


def test_the_databases_password_comes_from_its_secret(helm, folder, authority):
    """A URL without a password stands in the file, and the password in the environment."""
    rendered = helm.template(AUTOSCALING)
    environment = Node(rendered, folder, secrets(authority)).environment(rendered.gateway)

    assert "password-of-the-checks" == environment["PGPASSWORD"]
    assert "GATEWAY_LEDGER_URL" not in environment


def test_the_gateway_itself_never_makes_a_ledger(helm, loaded):
    """Also while `ledger.create` is on, the one that serves stops without one: by its file, and by the image."""
    values = "ledger: {create: true}"

    assert tomllib.loads(helm.template(MINIMAL, values=values).settings_file)["ledger"]["create"] is False
    assert not loaded(MINIMAL, values=values).ledger.create
