"""The sandbox's replies over a real socket, held against the samples of the provider's page."""

from datetime import timedelta

import pytest
from sandbox_forms import BRIDGE, FLOW, FORM, KEY, NOW, PATH, TO, body, fields

ECHO = {"to": TO, "target": FLOW, "bridge": BRIDGE}
RETRY = '[{"count":2,"status":["congestion", "chanunavail"]},\n{"count":1, "status": []}]'
MESSAGES = [{"message": {"text": "your message here"}}, {"message": {"text": "your second message here"}}]
CALLBACK = {"call_start": {"callback_profile": ["SG_c"], "url": ["https://a.example?caller={{caller}}"]}}


def at(**ahead):
    return (NOW + timedelta(**ahead)).isoformat()


@pytest.mark.parametrize(
    ("sent", "data"),
    [
        pytest.param({}, ECHO, id="a flow"),
        pytest.param({"target": [{"sound": [13, 34, 38]}]}, ECHO | {"target": [{"sound": [13, 34, 38]}]}, id="sounds"),
        pytest.param({"target": MESSAGES}, ECHO | {"target": MESSAGES}, id="messages"),
        pytest.param({"bridge": None}, {"to": TO, "target": FLOW}, id="no bridge"),
        pytest.param({"to": f"{TO},+13236550108"}, ECHO | {"to": f"{TO},+13236550108"}, id="two numbers"),
        pytest.param({"time": at(hours=1)}, ECHO | {"time": at(hours=1)}, id="a time"),
        pytest.param({"prefix": "+1"}, ECHO | {"prefix": "+1"}, id="a prefix"),
        pytest.param(
            {
                "campaign_name": "TestCampaign",
                "dlrurl": "https://webhook.site/5?rev=id&rev1=ivruuid",
                "retry": RETRY,
                "callback": CALLBACK,
            },
            ECHO
            | {
                "campaign_name": "TestCampaign",
                "dlrurl": "https://webhook.site/5?rev=id&rev1=ivruuid",
                "source": "API",
                "retry": RETRY,
            },
            id="a campaign with retry and callback",
        ),
        pytest.param({"retry": "2"}, ECHO | {"source": "API", "retry": "2"}, id="a retry count, echoed as a string"),
        pytest.param(
            {"delay": "60", "interval": "20", "timeout": "[60]", "custom": "T1"}, ECHO, id="fields without an echo"
        ),
    ],
)
async def test_a_good_request_is_submitted(post, sandbox, sent, data):
    """A valid request is answered RBC3007, with the echo that the page shows and no call id."""
    expected = {"code": "RBC3007", "message": "Submitted Successfully", "data": data, "error": {}}

    reply = await post(**sent)

    assert reply.is_success
    assert expected == reply.json()
    assert [reply.json()["code"]] == [record.verdict for record in sandbox.records]


async def test_missing_fields_are_answered_as_in_the_page(client):
    """An empty form is the page's sample of RBC3004, with the time the API started."""
    expected = {
        "code": "RBC3004",
        "message": "Invalid Inputs, Validation Error.",
        "data": [{"apiStartTime": NOW.timestamp()}],
        "error": {"to": "to field has to be filled", "target": "target field has to be filled"},
    }

    reply = await client.post(PATH, headers=KEY | {"content-type": FORM})

    assert reply.is_success
    assert expected == reply.json()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="no key"),
        pytest.param([("api-key", "another")], id="another key"),
        pytest.param([("api-key", "sandbox-keys")], id="a key that goes on"),
        pytest.param([("api-key", "")], id="an empty key"),
        pytest.param([("api-key", "sandbox-key"), ("api-key", "sandbox-key")], id="two keys"),
        pytest.param([("api-key", b"\xe9")], id="a key that is not ASCII"),
        pytest.param([("authorization", "sandbox-key")], id="the key under another name"),
    ],
)
async def test_a_wrong_key_does_not_exist(client, sandbox, headers):
    """Whatever is not exactly one right api-key is answered RBC201."""
    expected = {
        "code": "RBC201",
        "message": "API key does not exist",
        "data": [],
        "error": {"error": "API key does not exist"},
    }

    reply = await client.post(PATH, data=fields(), headers=headers)

    assert reply.is_success
    assert expected == reply.json()
    (record,) = sandbox.records
    assert not record.key_valid
    assert not record.rang


@pytest.mark.parametrize(
    ("time", "code"),
    [
        pytest.param(at(minutes=15), "RBC3007", id="fifteen minutes ahead"),
        pytest.param(at(days=90), "RBC3007", id="ninety days ahead"),
        pytest.param(at(minutes=15, seconds=-1), "RBC3108", id="a second short of fifteen minutes"),
        pytest.param(at(days=90, seconds=1), "RBC3108", id="a second over ninety days"),
        pytest.param(at(days=-1), "RBC3108", id="yesterday"),
        pytest.param("2026-11-04T17:45:00+05:30", "RBC3007", id="fifteen minutes ahead in India"),
        pytest.param("2026-11-04T17:44:59+05:30", "RBC3108", id="a second short of them in India"),
        pytest.param("9999-12-31T23:59:59-12:00", "RBC3108", id="the end of time"),
    ],
)
async def test_a_time_is_15_minutes_to_90_days_ahead(post, time, code):
    """A time outside the window is answered RBC3108."""
    reply = await post(time=time)

    assert code == reply.json()["code"]


async def test_a_refused_time_is_answered_as_in_the_page(post, sandbox):
    """RBC3108 echoes the request in a list, and nobody rings."""
    expected = {
        "code": "RBC3108",
        "message": "Schedule time has to be 15 min greater from now",
        "data": [ECHO | {"campaign_name": "test", "time": at(minutes=5), "source": "API"}],
        "error": {"scalar": "Schedule time has to be 15 min greater from now"},
    }

    reply = await post(time=at(minutes=5), campaign_name="test")

    assert expected == reply.json()
    (record,) = sandbox.records
    assert not record.rang


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("POST", "/v1/HANOTHER/voice/outbound", 404, id="another SID"),
        pytest.param("POST", "/v1/voice/outbound", 404, id="no SID"),
        pytest.param("POST", "/v2/HXXXXXXX071US/voice/outbound", 404, id="another version"),
        pytest.param("POST", "/v1/HXXXXXXX071US/voice/outbound/", 404, id="a slash at the end"),
        pytest.param("POST", "/v1/HXXXXXXX071US/voice/inbound", 404, id="another endpoint"),
        pytest.param("POST", "/v1/hxxxxxxx071us/voice/outbound", 404, id="the SID in small letters"),
        pytest.param("GET", "/v1/HXXXXXXX071US/voice/outbound", 405, id="another method"),
    ],
)
async def test_a_wrong_url_has_no_envelope(client, method, path, status):
    """Whatever is not the endpoint of a known account is refused by its HTTP status."""
    reply = await client.request(method, path, data=fields() if method == "POST" else None, headers=KEY)

    assert status == reply.status_code
    assert b"code" not in reply.content


async def test_an_unknown_sid_is_recorded(client, sandbox):
    """A request to an account that does not exist is recorded under that SID, and rings nobody."""
    sid = "HANOTHER"

    await client.post(f"/v1/{sid}/voice/outbound", data=fields(), headers=KEY)

    (record,) = sandbox.records
    assert (sid, False, "HTTP 404", ()) == (record.sid, record.key_valid, record.verdict, record.rang)


@pytest.mark.parametrize(
    ("content_type", "code", "errors"),
    [
        pytest.param(FORM, "RBC3007", [], id="a form"),
        pytest.param("Application/X-WWW-Form-URLEncoded; charset=UTF-8", "RBC3007", [], id="a form with its charset"),
        pytest.param("application/json", "RBC3004", ["Content-Type"], id="JSON"),
        pytest.param("multipart/form-data", "RBC3004", ["Content-Type"], id="a multipart form"),
        pytest.param("", "RBC3004", ["Content-Type"], id="nothing"),
    ],
)
async def test_the_content_type_is_a_form(client, content_type, code, errors):
    """A body of another type is not looked into."""
    reply = await client.post(PATH, content=body(), headers=KEY | {"content-type": content_type})

    assert code == reply.json()["code"]
    assert errors == list(reply.json()["error"])


async def in_pieces(body):
    """Sends a body without telling its length."""
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


@pytest.mark.parametrize("wrapping", [pytest.param(bytes, id="by its length"), pytest.param(in_pieces, id="in pieces")])
@pytest.mark.parametrize(
    ("size", "status"),
    [pytest.param(1024 * 1024, 200, id="a mebibyte"), pytest.param(1024 * 1024 + 1, 413, id="a byte more")],
)
async def test_a_body_is_at_most_a_mebibyte(client, sandbox, wrapping, size, status):
    """A larger body is refused with 413 and is not kept."""
    start = b"target=%5B%5D&to="
    sent = start + b"1" * (size - len(start))

    reply = await client.post(PATH, content=wrapping(sent), headers=KEY | {"content-type": FORM})

    assert status == reply.status_code
    assert [0 if status == 413 else size] == [len(record.body) for record in sandbox.records]
