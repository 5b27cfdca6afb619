"""Every mistake is named by its place, with the way out."""

import pytest
from settings_file import ACCOUNT, ENOUGH, mistakes_in, written

from gateway.settings import load


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "accounts: configure an account, as [accounts.default] in the file or by", id="nothing"),
        pytest.param("[accounts]", "accounts: configure an account", id="no account"),
        pytest.param('[account.default]\nsid = "S"', "account: is no setting; did you mean accounts?", id="account"),
        pytest.param('listne = "x"' + ACCOUNT, "listne: is no setting; did you mean listen?", id="at the top"),
        pytest.param(ACCOUNT + "brige = 1", "accounts.default.brige: is no setting; did you mean bridge?", id="nested"),
        pytest.param(ACCOUNT + "[provider]\nx = 1", "provider.x: is no setting", id="like nothing else"),
        pytest.param("provider = 1" + ACCOUNT, "provider: must be a table", id="no table"),
        pytest.param('listen = "50051"' + ACCOUNT, "listen: must be HOST:PORT", id="an address without host"),
        pytest.param('listen = "h:65536"' + ACCOUNT, "listen: must be HOST:PORT", id="a port too high"),
        pytest.param("listen = 50051" + ACCOUNT, "listen: must be a text", id="an address that is a number"),
        pytest.param("drain_grace = nan" + ACCOUNT, "drain_grace: must be a finite number", id="not a number"),
        pytest.param("drain_grace = true" + ACCOUNT, "drain_grace: must be a valid number", id="a flag for a time"),
        pytest.param(
            'max_calls_in_flight = "5"' + ACCOUNT, "max_calls_in_flight: must be a valid integer", id="a quoted number"
        ),
        pytest.param(
            ACCOUNT + "[provider]\nmax_connections = true", "provider.max_connections: must be a", id="a flag, no count"
        ),
        pytest.param(
            ACCOUNT + '[provider]\nconnect_timeout = "3"', "provider.connect_timeout: must be a", id="a quoted time"
        ),
        pytest.param("drain_grace = -1" + ACCOUNT, "drain_grace: must be greater than or equal to 0", id="negative"),
        pytest.param(
            "max_calls_in_flight = 0" + ACCOUNT, "max_calls_in_flight: must be greater than or equal", id="no call"
        ),
        pytest.param(ACCOUNT + '[log]\nlevel = "LOUD"', "log.level: must be 'DEBUG', 'INFO'", id="no level"),
        pytest.param(ACCOUNT + '[ledger]\nurl = "mysql://h/d"', "ledger.url: must be sqlite:///FILE or", id="MySQL"),
        pytest.param(
            ACCOUNT + '[ledger]\nurl = "sqlite:///a?b"', "ledger.url: must be sqlite:///FILE", id="parameters"
        ),
        pytest.param(ACCOUNT + "[ledger]\nkeep_days = 0", "ledger.keep_days: must be greater than or", id="kept not"),
        pytest.param(
            ACCOUNT + "[ledger]\nkeep_days = 1.5", "ledger.keep_days: must be a valid integer", id="half days"
        ),
        pytest.param(
            ACCOUNT + "[ledger]\nerase_days = 0", "ledger.erase_days: must be greater than", id="erased at once"
        ),
        pytest.param(
            ACCOUNT + "[ledger]\nerase_days = 31",
            "ledger.erase_days: must not be more than keep_days",
            id="texts without a record",
        ),
        pytest.param(
            ACCOUNT + "[ledger]\ntombstone_days = 29",
            "ledger.tombstone_days: must not be less than keep_days",
            id="a tombstone that goes first",
        ),
        pytest.param(
            ACCOUNT + "[ledger]\nkeep_days = 401",
            "ledger.tombstone_days: must not be less than keep_days",
            id="a record that outlives its tombstone",
        ),
        pytest.param(ACCOUNT + '[ledger]\ncreate = "no"', "ledger.create: must be true or false", id="no flag"),
        pytest.param(
            ACCOUNT + "[provider]\nreply_timeout = 0", "provider.reply_timeout: must be greater than 0", id="no time"
        ),
        pytest.param(ACCOUNT + '[receiver]\nlisten = "x"', "receiver.listen: must be HOST:PORT", id="no receiver"),
        pytest.param(
            ACCOUNT + '[receiver]\nlisten = "h:1"\npublic_url = "x"', "receiver.public_url: must be", id="no URL"
        ),
    ],
)
def test_a_mistake_is_named_with_the_way_out(tmp_path, text, expected):
    """A line names the setting by its place in the file, and what it must be."""
    assert [] != [line for line in mistakes_in(tmp_path, text) if line.startswith(expected)]


RECEIVER = '[receiver]\nlisten = "127.0.0.1:8081"\npublic_url = "https://calls.example.com"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[receiver]", "receiver.listen: is required", id="no address"),
        pytest.param("[receiver]", "receiver.public_url: is required", id="nowhere to be reached"),
        pytest.param("[receiver]\nlisten = '127.0.0.1:50051'", "receiver.public_url: is required", id="beside others"),
        pytest.param(
            RECEIVER.replace("8081", "50051"), "receiver: listen must be another address than the gateway's", id="taken"
        ),
        pytest.param(
            RECEIVER.replace("https", "ftp"), "receiver.public_url: must be an http or https URL", id="a URL of FTP"
        ),
        pytest.param(RECEIVER.replace(".com", ".com/?a=b"), "receiver.public_url: must hold no user", id="a query"),
        pytest.param(RECEIVER.replace(".com", ".com/{id}"), "receiver.public_url: must hold no { or }", id="a brace"),
        pytest.param(
            RECEIVER.replace(".com", ".com/" + "x" * 1000), "receiver.public_url: must be at most 1000", id="too long"
        ),
        pytest.param(RECEIVER + 'tls = "on"', "receiver.tls: must be a table", id="TLS without its files"),
        pytest.param(
            RECEIVER + 'tls = {certificate_fil = "a"}',
            "receiver.tls.certificate_fil: is no setting; did you mean certificate_file?",
            id="a slip in its TLS",
        ),
        pytest.param(
            RECEIVER + 'tls = {certificate_file = "nothing.pem", key_file = "k"}',
            "receiver.tls.certificate_file: cannot be read",
            id="a certificate that is not there",
        ),
        pytest.param(
            RECEIVER + 'dlr_placeholders = ["triple"]',
            "receiver.dlr_placeholders.0: must be 'double', 'bare' or 'single'",
            id="no syntax of a placeholder",
        ),
        pytest.param(
            RECEIVER + 'dlr_placeholders = "double"', "receiver.dlr_placeholders: must be a list", id="no list of them"
        ),
        pytest.param(
            RECEIVER + "callback_placeholders = []",
            "receiver.callback_placeholders: must name at least one, and none twice",
            id="no placeholder at all",
        ),
        pytest.param(
            RECEIVER + 'callback_placeholders = ["bare", "bare"]',
            "receiver.callback_placeholders: must name at least one, and none twice",
            id="a placeholder twice",
        ),
        pytest.param(
            RECEIVER + 'urls_counted = "per_call"',
            "receiver.urls_counted: must be 'per_event' or 'in_all'",
            id="counted otherwise",
        ),
        pytest.param(RECEIVER + "stale_after = 0", "receiver.stale_after: must be greater than 0", id="stale at once"),
        pytest.param(
            RECEIVER + "stale_after = 7776001.0",
            "receiver.stale_after: must be less than or equal to 7776000",
            id="stale after more than 90 days",
        ),
        pytest.param(RECEIVER + "stale_after = inf", "receiver.stale_after: must be a finite number", id="never stale"),
        pytest.param(
            RECEIVER + 'trusted_proxies = ["10.0.0.0/8", "10.0.0.1/8"]',
            "receiver.trusted_proxies.1: must be an address or a network",
            id="an address with a network's length",
        ),
        pytest.param(
            RECEIVER + 'trusted_proxies = ["proxy.example.com"]',
            "receiver.trusted_proxies.0: must be an address or a network",
            id="a proxy by its name",
        ),
        pytest.param(
            RECEIVER + "refusals_per_minute = 0", "receiver.refusals_per_minute: must be greater than", id="no refusal"
        ),
        pytest.param("[watch]\nheartbeat = 0", "watch.heartbeat: must be greater than 0", id="no time to beat"),
        pytest.param("[watch]\nheartbeat = true", "watch.heartbeat: must be a valid number", id="a beat that is none"),
        pytest.param("[watch]\nheartbeats = 5", "watch.heartbeats: is no setting; did you mean heartbeat?", id="beats"),
        pytest.param("[watch]\nsettle = -1", "watch.settle: must be greater than 0", id="settled before"),
        pytest.param("[watch]\nsettle = 86400.5", "watch.settle: must be less than or equal to 86400", id="a day on"),
    ],
)
def test_what_is_asked_of_reports_and_watchers_is_checked(tmp_path, text, expected):
    """Each setting of [receiver] and [watch] has a shape, told by its place as any other's."""
    assert [] != [line for line in mistakes_in(tmp_path, ACCOUNT + text) if line.startswith(expected)]


def test_all_mistakes_about_reports_are_told_at_once(tmp_path):
    """An operator corrects a table in one go."""
    text = RECEIVER + "stale_after = -1\ntrusted_proxies = ['x']\n[watch]\nheartbeat = 0\nsettle = 'x'"

    assert [
        "receiver.stale_after",
        "receiver.trusted_proxies.0",
        "watch.heartbeat",
        "watch.settle",
    ] == [line.partition(":")[0] for line in mistakes_in(tmp_path, ACCOUNT + text)]


def test_each_choice_about_reports_is_read(tmp_path):
    """Every setting of both tables takes what the page says it takes; a path before the reports is kept."""
    text = RECEIVER.replace(".com", ".com:8443/voice/") + (
        'dlr_placeholders = ["single", "bare", "double"]\ncallback_placeholders = ["single"]\n'
        'urls_counted = "in_all"\nstale_after = 7776000\ntrusted_proxies = ["10.0.0.0/8", "2001:db8::7", "192.0.2.1"]\n'
        "refusals_per_minute = 1\n[watch]\nheartbeat = 0.5\nsettle = 1\n"
    )
    settings = load(written(tmp_path, ACCOUNT + text), {})
    receiver = settings.receiver

    assert receiver is not None
    assert "https://calls.example.com:8443/voice" == receiver.public_url
    assert (("single", "bare", "double"), ("single",)) == (receiver.dlr_placeholders, receiver.callback_placeholders)
    assert ("in_all", 7_776_000, 1) == (receiver.urls_counted, receiver.stale_after, receiver.refusals_per_minute)
    assert ("10.0.0.0/8", "2001:db8::7", "192.0.2.1") == receiver.trusted_proxies
    assert (0.5, 1) == (settings.watch.heartbeat, settings.watch.settle)


def test_reports_may_arrive_in_the_clear(tmp_path):
    """TLS may end at a proxy, and a sandbox has none: http is the operator's to choose."""
    receiver = load(written(tmp_path, ACCOUNT + RECEIVER.replace("https", "http")), {}).receiver

    assert receiver is not None
    assert "http://calls.example.com" == receiver.public_url


def test_two_ports_that_the_system_chooses_are_two(tmp_path):
    """Port 0 is never the same port twice."""
    text = 'listen = "127.0.0.1:0"\n' + ACCOUNT + RECEIVER.replace("8081", "0")

    assert load(written(tmp_path, text), {}).receiver is not None


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        pytest.param('base_url = "api.kaleyra.io"', "base_url: must be an https URL", id="no scheme"),
        pytest.param('base_url = "ftp://api.kaleyra.io"', "base_url: must be an https URL", id="another scheme"),
        pytest.param('base_url = "https://h:port"', "base_url: must be an https URL", id="a port that is none"),
        pytest.param('base_url = "https://h/a b"', "base_url: must be an https URL", id="white space"),
        pytest.param('base_url = "https://h/v1/S"', "base_url: must end before /v1", id="with the path to the API"),
        pytest.param('base_url = "https://h?a=b"', "base_url: must hold no user, query", id="a query"),
        pytest.param('base_url = "https://u:Zq7@h"', "base_url: must hold no user, query", id="a user"),
        pytest.param('base_url = "http://10.1.2.3"', "base_url: plain http is for loopback only", id="plain http"),
        pytest.param('base_url = "http://localhost.evil"', "base_url: plain http is for", id="almost loopback"),
        pytest.param('sid = "a b"', "sid: must be 1 to 64 characters", id="no SID"),
        pytest.param('sid = "S\\n"', "sid: must be 1 to 64 characters", id="a SID with a newline"),
        pytest.param('api_key = "Zq7 key"', "api_key: must be printable ASCII", id="white space in the key"),
        pytest.param('api_key_file = "kaleyra.key"', "api_key_file: set exactly one of", id="two keys"),
        pytest.param('bridge = "13236550100"', "bridge: must be + and 4 to 15 digits", id="a bridge without +"),
        pytest.param('only_numbers = ["555*"]', "only_numbers.0: must be + and 4 to 15 digits", id="no pattern"),
        pytest.param('only_numbers = "+1*"', "only_numbers: must be a list", id="a pattern that is no list"),
    ],
)
def test_an_account_is_checked(tmp_path, setting, expected):
    """Each setting of an account has a shape; one that would send a number or a key astray is refused."""
    lines = [line for line in ACCOUNT.splitlines() if line.split(" ")[0] != setting.split(" ")[0]]

    [mistake] = mistakes_in(tmp_path, "\n".join([*lines, setting]))

    assert mistake.startswith(f"accounts.default.{expected}")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8090", "http://localhost:8090", "http://[::1]:8090", "http://127.9.9.9"]
)
def test_plain_http_is_for_loopback(url):
    """A provider on this machine may be spoken to in the clear: no one else hears the number and the key."""
    assert url == load(None, ENOUGH | {"KALEYRA_BASE_URL": url}).accounts["default"].base_url


def test_plain_http_can_be_allowed(tmp_path):
    """An operator may decide otherwise."""
    text = "[provider]\nallow_http = true\n" + ACCOUNT.replace("https://api.kaleyra.io", "http://10.1.2.3/")

    assert "http://10.1.2.3" == load(written(tmp_path, text), {}).accounts["default"].base_url


@pytest.mark.parametrize(
    "code", ["RBC3007", "RBC201", "RBC3004", "RBC3108", "RBC3109", "RBC3114", "RBC3115", "RBC3119"]
)
def test_a_known_code_cannot_be_changed(tmp_path, code):
    """What the provider documents is not the operator's to say."""
    text = f'[provider]\ncodes = {{{code} = "PROVIDER_REFUSED"}}' + ACCOUNT

    assert [f"provider.codes.{code}: is a code that the provider documents; it cannot be changed"] == mistakes_in(
        tmp_path, text
    )


ROWS_6_TO_15 = [
    "PROVIDER_INVALID_INPUT",
    "INVALID_NUMBER",
    "SCHEDULE_TIME_REFUSED",
    "BRIDGE_NOT_FOUND",
    "FLOW_NOT_FOUND",
    "SOUND_NOT_FOUND",
    "PROVIDER_CREDENTIALS_REJECTED",
    "PROVIDER_MISCONFIGURED",
    "PROVIDER_REFUSED",
    "PROVIDER_THROTTLED",
]


@pytest.mark.parametrize("reason", ROWS_6_TO_15)
def test_a_found_code_is_a_refusal(tmp_path, reason):
    """An operator may say which of the provider's refusals a code is: rows 6 to 15 of the contract."""
    settings = load(written(tmp_path, f'[provider]\ncodes = {{RBC9 = "{reason}"}}' + ACCOUNT), {})

    assert {"RBC9": reason} == settings.provider.codes


@pytest.mark.parametrize(
    "reason", ["OUTCOME_UNKNOWN", "PROVIDER_UNREACHABLE", "INTERNAL", "OK", "", "ERROR_REASON_PROVIDER_REFUSED"]
)
def test_a_found_code_is_nothing_else(tmp_path, reason):
    """No code can be made a success, or proof that nothing was sent."""
    [mistake] = mistakes_in(tmp_path, f'[provider]\ncodes = {{RBC9 = "{reason}"}}' + ACCOUNT)

    assert f"provider.codes.RBC9: must be one of {', '.join(ROWS_6_TO_15)}" == mistake


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(403, None, id="403"),
        pytest.param(499, None, id="499"),
        pytest.param(399, "is no 4xx status: it proves no refusal", id="399"),
        pytest.param(500, "is no 4xx status: it proves no refusal", id="500"),
        pytest.param(200, "is no 4xx status: it proves no refusal", id="200"),
        pytest.param(404, "has a meaning already; leave it out", id="404"),
        pytest.param(429, "has a meaning already; leave it out", id="429"),
    ],
)
def test_a_refusing_status_is_a_free_4xx(tmp_path, status, expected):
    """Only a client's error without a meaning may be said to prove that nothing was placed."""
    text = f"[provider]\nrefusing_statuses = [{status}]" + ACCOUNT
    if expected is None:
        assert (status,) == load(written(tmp_path, text), {}).provider.refusing_statuses
    else:
        assert [f"provider.refusing_statuses.0: {expected}"] == mistakes_in(tmp_path, text)
