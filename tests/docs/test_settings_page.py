"""The pages about settings name what there is, with its defaults."""

import re
import tomllib

from pages import table
from snippets import ROOT, shown

from gateway.settings import PATH_BY_VARIABLE, AccountSettings, Ledger, Log, Provider, Receiver, Settings, Tls, Watch

PAGE = (ROOT / "docs" / "settings.md").read_text()
SECTIONS = {
    "tls": Tls,
    "log": Log,
    "ledger": Ledger,
    "provider": Provider,
    "receiver": Receiver,
    "receiver.tls": Tls,
    "watch": Watch,
}


def test_its_settings_are_all_there_are():
    """The table names every setting, with its default and its variable."""
    rows = table(PAGE, "| setting")
    named = {name for row in rows for name in re.findall(r"`([a-z_A-Z.]+)`", row[0]) if "." in name or name.islower()}
    accounts = {f"accounts.NAME.{name}" for name in AccountSettings.model_fields}
    sections = {f"{section}.{name}" for section, kind in SECTIONS.items() for name in kind.model_fields} - set(SECTIONS)
    plain = set(Settings.model_fields) - set(SECTIONS) - {"accounts"}

    assert plain | sections | accounts == named
    assert set(PATH_BY_VARIABLE) == set(re.findall(r"`([A-Z_]{6,})`", "\n".join(row[0] for row in rows)))


def test_its_defaults_are_the_gateways():
    """A default in the table is the one in force."""
    for name, default, _ in table(PAGE, "| setting"):
        value = default.strip("`")
        if value in {"-", "required", "required with it", "this or the file", "this or the key"}:
            continue
        section, _, field = re.findall(r"`([a-z_.]+)`", name)[0].rpartition(".")
        kind = SECTIONS[section] if section else Settings
        in_force = kind.model_fields[field].default

        assert _plain(in_force) == _plain(
            tomllib.loads(f"x = {value}")["x"] if value[0] in "0123456789tf{[" and ":" not in value else value
        )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def test_the_operators_settings_file_is_good():
    """The settings file of the page for operators has no mistake."""
    [example] = shown("docs/operators.md", "toml")

    assert {"default", "staging"} == set(Settings.model_validate(tomllib.loads(example.code)).accounts)
