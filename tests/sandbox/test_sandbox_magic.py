"""The magic values, one by one, as a client on a real socket meets them."""

import asyncio
import re
from pathlib import Path
from time import monotonic

import httpx2
import pytest
from sandbox_forms import BRIDGE, KEY, PATH, TO, fields

from gateway.sandbox.magic import MAGIC, Rings

DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"
OTHER = "+13236550108"


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        pytest.param({"bridge": "+13236550199"}, "RBC3119", "Bridge number not found", id="the bridge +13236550199"),
        pytest.param({"bridge": "3236550199", "prefix": "1"}, "RBC3119", "Bridge number not found", id="by its prefix"),
        pytest.param({"target": [{"ivr": ["SG_missing"]}]}, "RBC3115", "IVR not found", id="the flow SG_missing"),
        pytest.param({"target": [{"sound": [13, 404]}]}, "RBC3114", "Sound file(s) not found", id="the sound 404"),
        pytest.param(
            {"to": "+13236550122"}, "RBC3108", "Schedule time has to be 15 min greater from now", id="+13236550122"
        ),
        pytest.param({"to": "+13236550125"}, "RBC3114", "Sound file(s) not found", id="+13236550125"),
        pytest.param({"to": "+13236550126"}, "RBC3115", "IVR not found", id="+13236550126"),
        pytest.param({"to": "+13236550127"}, "RBC3119", "Bridge number not found", id="+13236550127"),
        pytest.param({"to": f"{TO},+13236550127"}, "RBC3119", "Bridge number not found", id="+13236550127 in a list"),
        pytest.param(
            {"to": "3236550127", "prefix": "+1"}, "RBC3119", "Bridge number not found", id="+13236550127 by its prefix"
        ),
    ],
)
async def test_a_refusal_echoes_the_request(post, sandbox, sent, code, message):
    """A refusal has the page's shape, and nobody rings."""
    echo = fields(**sent) | {"target": sent.get("target", [{"ivr": ["SG_1"]}])}
    expected = {"code": code, "message": message, "data": [echo], "error": {"scalar": message}}

    reply = await post(**sent)

    assert reply.is_success
    assert expected == reply.json()
    assert [(code, ())] == [(record.verdict, record.rang) for record in sandbox.records]


async def test_the_key_can_be_refused(post, sandbox):
    """+13236550120 is answered as if the key were wrong, though it is right."""
    expected = {
        "code": "RBC201",
        "message": "API key does not exist",
        "data": [],
        "error": {"error": "API key does not exist"},
    }

    reply = await post(to="+13236550120")

    assert expected == reply.json()
    (record,) = sandbox.records
    assert record.key_valid
    assert not record.rang


async def test_the_inputs_can_be_refused(post, sandbox):
    """+13236550121 is answered with a map of fields."""
    expected = ("RBC3004", {"to": "to field has a magic number"})

    reply = await post(to="+13236550121")

    assert expected == (reply.json()["code"], reply.json()["error"])
    (record,) = sandbox.records
    assert not record.rang


@pytest.mark.parametrize(
    ("to", "prefix", "named", "rang"),
    [
        pytest.param("+13236550123", None, ["+13236550123"], (), id="alone"),
        pytest.param(f"{OTHER},+13236550123", None, ["+13236550123"], (), id="in a list that is refused"),
        pytest.param(f"+13236550124,{OTHER}", None, ["+13236550124"], (OTHER,), id="in a list whose rest is dialed"),
        pytest.param("+13236550124", None, ["+13236550124"], (), id="alone, with no rest to dial"),
        pytest.param(
            f"+13236550124,{OTHER},+13236550123", None, ["+13236550124", "+13236550123"], (), id="both in one list"
        ),
        pytest.param("3236550123,3236550108", "1", ["3236550123"], (), id="as sent, without the prefix"),
    ],
)
async def test_invalid_numbers_are_named(post, sandbox, to, prefix, named, rang):
    """RBC3109 lists the bad numbers; whether the good ones ring is unknown, so both can be had."""
    expected = {"code": "RBC3109", "message": "Invalid number", "data": named, "error": {"scalar": "Invalid number"}}

    reply = await post(to=to, prefix=prefix)

    assert expected == reply.json()
    assert [rang] == [record.rang for record in sandbox.records]


@pytest.mark.parametrize(
    ("number", "status", "retry_after", "rang"),
    [
        pytest.param("+13236550130", 401, None, (), id="401"),
        pytest.param("+13236550131", 403, None, (), id="403"),
        pytest.param("+13236550132", 404, None, (), id="404"),
        pytest.param("+13236550133", 429, "2", (), id="429 with Retry-After"),
        pytest.param("+13236550134", 500, None, ("+13236550134",), id="500, after dialing"),
        pytest.param("+13236550135", 503, None, (), id="503"),
    ],
)
async def test_an_http_status_comes_without_an_envelope(post, sandbox, number, status, retry_after, rang):
    """An HTTP error is plain text."""
    reply = await post(to=number)

    assert (status, retry_after) == (reply.status_code, reply.headers.get("retry-after"))
    assert reply.headers["content-type"].startswith("text/plain")
    assert [(f"HTTP {status}", rang)] == [(record.verdict, record.rang) for record in sandbox.records]


@pytest.mark.parametrize(
    ("number", "start", "verdict", "rang"),
    [
        pytest.param("+13236550140", "<!DOCTYPE html>", "HTML page", (), id="an HTML page"),
        pytest.param("+13236550141", '{"code": "RBC3007"', "truncated JSON", ("+13236550141",), id="truncated JSON"),
        pytest.param("+13236550142", "", "empty body", ("+13236550142",), id="an empty body"),
    ],
)
async def test_a_success_status_can_hide_rubbish(post, sandbox, number, start, verdict, rang):
    """HTTP 200 with a body that is no envelope."""
    reply = await post(to=number)

    assert reply.is_success
    assert reply.text.startswith(start)
    assert [(verdict, rang)] == [(record.verdict, record.rang) for record in sandbox.records]
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        reply.json()


async def test_a_code_can_be_unheard_of(post, sandbox):
    """RBC9999 is on no page, in an envelope like any other."""
    code, keys = "RBC9999", {"code", "message", "data", "error"}

    reply = await post(to="+13236550128")

    assert keys == reply.json().keys()
    assert [code] == [record.verdict for record in sandbox.records]


async def test_an_answer_can_be_late(post):
    """+13236550151 is answered RBC3007, after a while."""
    began = monotonic()

    reply = await post(to="+13236550151")

    assert monotonic() - began >= 0.3
    assert reply.json()["code"] == "RBC3007"


@pytest.mark.parametrize(
    ("number", "error", "verdict"),
    [
        pytest.param("+13236550150", httpx2.ReadTimeout, "no answer", id="no answer"),
        pytest.param("+13236550152", httpx2.RemoteProtocolError, "half an answer", id="half an answer"),
        pytest.param("+13236550153", httpx2.ReadError, "connection reset", id="a reset connection"),
    ],
)
async def test_a_connection_can_fail(client, sandbox, number, error, verdict):
    """The client sees the connection fail, though the request was read and the phone rings."""
    patience = httpx2.Timeout(60, read=2 if error is httpx2.ReadTimeout else 60)
    with pytest.raises(error):
        await client.post(PATH, data=fields(to=number), headers=KEY, timeout=patience)

    assert [(verdict, (number,))] == [(record.verdict, record.rang) for record in sandbox.records]


async def test_half_an_answer_starts_like_a_whole_one(served, sandbox):  # noqa: ARG001
    """The headers promise the whole RBC3007, and half of it comes."""
    async with served.client.stream("POST", PATH, data=fields(to="+13236550152"), headers=KEY) as reply:
        chunks = reply.aiter_raw()
        read = await anext(chunks)

        with pytest.raises(httpx2.RemoteProtocolError):
            await anext(chunks)

    assert reply.is_success
    assert int(reply.headers["content-length"]) // 2 == len(read)
    assert read.startswith(b'{"code": "RBC3007"')


async def test_silence_lasts_until_the_client_leaves(served, sandbox):  # noqa: ARG001
    """A held request does not hold up others, and ends with its client."""
    held = asyncio.create_task(served.client.post(PATH, data=fields(to="+13236550150"), headers=KEY))

    reply = await served.client.post(PATH, data=fields(), headers=KEY)
    held.cancel()

    assert reply.is_success
    with pytest.raises(asyncio.CancelledError):
        await held


@pytest.mark.parametrize(
    ("sent", "verdict"),
    [
        pytest.param({"to": "+13236550127,+13236550120"}, "RBC201", id="the key before the bridge"),
        pytest.param({"to": "+13236550130,+13236550123"}, "RBC3109", id="a refusal before an HTTP status"),
        pytest.param({"to": "+13236550153", "bridge": "+13236550199"}, "RBC3119", id="a bridge before a recipient"),
        pytest.param({"to": "+13236550120", "custom": "a" * 101}, "RBC3004", id="a bad field before all magic"),
        pytest.param({"to": "+13236550120", "time": "2026-11-04T12:00:00Z"}, "RBC3004", id="a bad time too"),
        pytest.param({"to": "+13236550120", "time": "2026-11-04T12:00:00+00:00"}, "RBC3108", id="a past time too"),
    ],
)
async def test_the_highest_in_the_table_decides(post, sandbox, sent, verdict):
    """Of several magic values one decides, whatever their order; a mistake comes before them all."""
    await post(**sent)

    assert [verdict] == [record.verdict for record in sandbox.records]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"to": BRIDGE}, id="the default bridge as a recipient"),
        pytest.param({"to": "+13236550199"}, id="the magic bridge as a recipient"),
        pytest.param({"bridge": "+13236550120"}, id="a magic recipient as the bridge"),
        pytest.param({"target": [{"message": {"text": "SG_missing 404"}}]}, id="a magic word in a text"),
        pytest.param({"to": "+3236550120"}, id="a magic number without its country code"),
        pytest.param({"bridge": "+4915112345678"}, id="any other bridge"),
    ],
)
async def test_nothing_else_is_magic(post, sandbox, sent):
    """A magic value works in its own place only."""
    code = "RBC3007"

    await post(**sent)

    assert [code] == [record.verdict for record in sandbox.records]


def test_each_value_is_in_the_table_once():
    """No row can hide another."""
    values = [(magic.place, magic.value) for magic in MAGIC]

    assert len(values) == len(set(values))


def test_the_documented_table_is_the_code_s():
    """docs/sandbox.md has the table of the code, row by row and in its order."""
    rings_by_name = {rings.value: rings for rings in Rings}
    rows = re.findall(
        r"^\| (\w+) \| `([^`]+)` \| (.+?) \| ([\w ]+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE
    )

    documented = [(place, value, about, rings_by_name.get(rings)) for place, value, about, rings in rows]

    assert [(magic.place, magic.value, magic.about, magic.rings) for magic in MAGIC] == documented
