"""Files that the settings name, and the settings file itself, are looked into before anything starts."""

import pytest
import trustme
from settings_file import ACCOUNT, KEY, mistakes_in

from gateway.settings import InvalidSettingsError, load


def test_every_file_is_looked_into(tmp_path):
    """Files that are missing, are no certificate, no key, or no pair are found before anything starts."""
    authority, other = trustme.CA(), trustme.CA()
    authority.issue_cert("localhost").cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    other.issue_cert("localhost").private_key_pem.write_to_path(tmp_path / "other.key")
    (tmp_path / "empty").write_text("")
    text = f"""
        [tls]
        certificate_file = "tls.crt"
        key_file = "other.key"
        client_ca_file = "empty"
        [provider]
        ca_file = "missing.pem"
        [accounts.default]
        base_url = "https://api.kaleyra.io"
        sid = "S"
        api_key_file = "empty"
        [accounts.folder]
        base_url = "https://api.kaleyra.io"
        sid = "S"
        api_key_file = "{tmp_path}"
    """

    assert [
        "tls.key_file: must be the PEM key of the PEM certificate in certificate_file, with no password",
        "tls.client_ca_file: must hold certificates as PEM",
        "provider.ca_file: cannot be read: No such file or directory",
        "accounts.default.api_key_file: must hold one key: printable ASCII without white space",
        "accounts.folder.api_key_file: cannot be read: Is a directory",
    ] == mistakes_in(tmp_path, text)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two words", b"two\nlines", b"\xff\xfe", b"k\x00ey", "Schlüssel".encode()]
)
def test_a_key_file_holds_one_key(tmp_path, content):
    """What could not be sent as a header is no key."""
    (tmp_path / "key").write_bytes(content)
    [mistake] = mistakes_in(tmp_path, ACCOUNT, {"KALEYRA_API_KEY_FILE": str(tmp_path / "key")})

    assert "accounts.default.api_key_file: must hold one key: printable ASCII without white space" == mistake


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b'listen = "a:1"\n[provider\n', "(at line 2, column 10)", id="a table without end"),
        pytest.param(b"a = 1\na = 2\n", "(at line 2, column", id="a setting twice"),
        pytest.param(f'[accounts.default]\napi_key = "{KEY}'.encode(), "(at end of document)", id="a text without end"),
        pytest.param(b"\xff\xfe", "is not UTF-8", id="no text"),
    ],
)
def test_a_file_that_is_no_toml_names_the_line(tmp_path, content, expected):
    """Whoever mistyped is told where, and no value is shown."""
    file = tmp_path / "gateway.toml"
    file.write_bytes(content)
    with pytest.raises(InvalidSettingsError) as caught:
        load(file, {})

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"{file}: is not ")
    assert expected in mistake
    assert KEY not in mistake
