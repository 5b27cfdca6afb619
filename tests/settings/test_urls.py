"""The two URLs that paths are added to: nothing may stand behind their path, and their host must be one."""

import pytest
from settings_file import ENOUGH

from gateway.settings import InvalidSettingsError, load

RECEIVER = {"GATEWAY_RECEIVER_LISTEN": "127.0.0.1:8081", "GATEWAY_RECEIVER_PUBLIC_URL": "https://calls.example.com"}

BOTH = [
    pytest.param("KALEYRA_BASE_URL", "accounts.default.base_url", id="the provider's"),
    pytest.param("GATEWAY_RECEIVER_PUBLIC_URL", "receiver.public_url", id="the receiver's"),
]


@pytest.mark.parametrize(("variable", "setting"), BOTH)
@pytest.mark.parametrize(
    "url",
    [
        "https://h?",
        "https://h/?",
        "https://h#",
        "https://h/#",
        "https://h/a?#",
        "https://h/?a=b",
        "https://h/a#b",
        "https://@h",
        "https://u@h",
        "https://h/a@b",
    ],
)
def test_nothing_stands_behind_the_path_even_if_it_is_empty(variable, setting, url):
    """The gateway's own path would be part of a query or a fragment: the POST and the reports would go astray."""
    with pytest.raises(InvalidSettingsError) as caught:
        load(None, ENOUGH | RECEIVER | {variable: url})

    assert [f"{setting}: must hold no user, query or fragment"] == caught.value.mistakes


@pytest.mark.parametrize(("variable", "setting"), BOTH)
@pytest.mark.parametrize(
    "host",
    [
        pytest.param("a..b", id="an empty label"),
        pytest.param(".a", id="an empty label at first"),
        pytest.param("a..", id="two dots at the end"),
        pytest.param(".", id="a dot"),
        pytest.param("*", id="a star"),
        pytest.param("a,b", id="a list"),
        pytest.param("a%20b", id="white space"),
        pytest.param("a\\b", id="a backslash"),
        pytest.param("x" * 64, id="a label that is too long"),
        pytest.param("256.1.1.1", id="an address that is none"),
        pytest.param("1.2.3", id="a part of an address"),
        pytest.param("[::1]x", id="something behind the brackets"),
        pytest.param("[::g]", id="no address in brackets"),
        pytest.param("[127.0.0.1]", id="an address that wants no brackets"),
        pytest.param("[::1", id="brackets that are not closed"),
        pytest.param("::1", id="an address that wants brackets"),
    ],
)
def test_a_host_that_can_be_none_is_a_mistake(variable, setting, host):
    """Nothing would ever be reached there, and only the first call would tell."""
    with pytest.raises(InvalidSettingsError) as caught:
        load(None, ENOUGH | RECEIVER | {variable: f"https://{host}"})

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"{setting}: must ")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.kaleyra.io",
        "https://API.kaleyra.io.",
        "https://provider",
        "https://a_b.voice-1.svc:8443",
        "https://xn--mnchen-3ya.de",
        "https://3com.example",
        "https://voice.1",
        "https://192.0.2.7:8443/a",
        "https://[2001:db8::7]:8443/a/b",
        "https://[::ffff:192.0.2.7]",
    ],
)
def test_names_and_addresses_are_hosts(url):
    """A name may have one label, an underscore, a dot at its end, or be an international one in ASCII."""
    settings = load(None, ENOUGH | RECEIVER | {"KALEYRA_BASE_URL": url, "GATEWAY_RECEIVER_PUBLIC_URL": url})

    assert settings.receiver is not None
    assert (url, url) == (settings.accounts["default"].base_url, settings.receiver.public_url)
