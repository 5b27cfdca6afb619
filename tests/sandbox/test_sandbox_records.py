"""What the sandbox remembers, and how it is asked."""

import json

import pytest
from httpx2 import AsyncClient
from sandbox_forms import FORM, KEY, NOW, PATH, TO, body, fields

from gateway.sandbox import Account, Sandbox


async def test_a_record_has_everything_about_a_request(client):
    """A record is the request, what was made of it, and who would have rung."""
    sent = fields(to=f"{TO},3236550108", prefix="1", custom="T 1é", delay="5000", interval="14")
    expected = {
        "arrived": NOW.isoformat(),
        "sid": "HXXXXXXX071US",
        "key_valid": True,
        "fields": sent,
        "wrapped": [{"field": "delay", "given": 5000, "used": 900}, {"field": "interval", "given": 14, "used": 15}],
        "verdict": "RBC3007",
        "errors": {},
        "rang": [TO, "+13236550108"],
        "body": body(**sent).decode(),
    }

    reply = await client.post(PATH, content=body(**sent), headers=KEY | {"content-type": FORM})
    records = (await client.get("/requests")).json()

    assert "wrapped" not in reply.text
    assert [expected] == records


async def test_a_refused_request_is_recorded_with_its_errors(post, client):
    """A refused request rings nobody; its record says what was wrong."""
    errors, sent = {"retry_count": "retry_count field is unknown"}, fields(retry_count="2")

    reply = await post(**sent)
    (record,) = (await client.get("/requests")).json()

    assert errors == record["errors"] == reply.json()["error"]
    assert reply.json()["code"] == record["verdict"]
    assert sent == record["fields"]
    assert not record["rang"]


async def test_the_body_is_recorded_as_received(client):
    """Bytes that are no text are shown escaped."""
    expected = r"to=%2B1&\xff"

    await client.post(PATH, content=b"to=%2B1&\xff", headers=KEY | {"content-type": FORM})
    (record,) = (await client.get("/requests")).json()

    assert expected == record["body"]
    assert not record["fields"]


@pytest.mark.parametrize(
    ("path", "key", "sent"),
    [
        pytest.param("/v1/HANOTHER/voice/outbound", "sandbox-key", {}, id="an unknown SID"),
        pytest.param(PATH, "another-key", {}, id="a wrong key"),
        pytest.param(PATH, "sandbox-key", {"time": NOW.isoformat(), "delay": "5000"}, id="a refused time"),
        pytest.param(PATH, "sandbox-key", {"to": "+13236550120"}, id="a magic number"),
    ],
)
async def test_a_request_refused_for_another_reason_keeps_its_fields(client, sandbox, path, key, sent):
    """Whatever refuses a request, its record can be found by its fields."""
    expected = fields(**sent)

    await client.post(path, data=expected, headers={"api-key": key})

    (record,) = sandbox.records
    assert expected == record.fields
    assert ("delay" in sent) == bool(record.wrapped)


@pytest.mark.parametrize(
    ("to", "prefix", "rang"),
    [
        pytest.param(TO, None, TO, id="a number with a plus sign"),
        pytest.param("3236550107", "+1", TO, id="a number without its country code"),
        pytest.param("13236550107", "1", TO, id="a number with its country code, but no plus sign"),
        pytest.param("+442071838750", "1", "+442071838750", id="a number of another country"),
    ],
)
async def test_phones_ring_under_their_whole_number(post, sandbox, to, prefix, rang):
    """The prefix is applied where the country code is not given already."""
    await post(to=to, prefix=prefix)

    (record,) = sandbox.records
    assert (rang,) == record.rang


@pytest.mark.parametrize("key", ["sandbox-key", "another-key"])
async def test_the_key_is_in_no_record(client, sandbox, seen, key):
    """Of a key, right or wrong, only whether it was valid is kept."""
    await client.post(PATH, data=fields(), headers={"api-key": key})
    records = await client.get("/requests")

    assert [key == "sandbox-key"] == [record["key_valid"] for record in records.json()]
    assert key not in records.text
    assert key not in repr(sandbox.records)
    assert key not in repr(seen)


async def test_a_key_does_not_show_in_its_account():
    """Printing an account does not print its keys."""
    assert "sandbox-key" not in repr(Account())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({}, ["a", "b", "c"], id="everything"),
        pytest.param({"custom": "b"}, ["b"], id="by custom"),
        pytest.param({"custom": "z"}, [], id="by a custom that nobody sent"),
        pytest.param({"number": "+13236550107"}, ["a", "b"], id="by number"),
        pytest.param({"number": "13236550107"}, ["a", "b"], id="by number without a plus sign"),
        pytest.param({"number": "3236550108"}, ["b"], id="by number as sent"),
        pytest.param({"number": "+13236550108"}, ["b"], id="by number with its prefix"),
        pytest.param({"number": "3236550107"}, [], id="by half a number"),
        pytest.param({"number": "nonsense"}, ["c"], id="by a number that was refused"),
        pytest.param({"number": "+13236550107", "custom": "a"}, ["a"], id="by both"),
        pytest.param({"number": "+13236550108", "custom": "a"}, [], id="by both, in vain"),
    ],
)
async def test_records_are_found(post, client, query, found):
    """Records come in the order of arrival, filtered by custom, number or both."""
    await post(custom="a")
    await post(custom="b", to=f"{TO},3236550108", prefix="1")
    await post(custom="c", to="nonsense")

    reply = await client.get("/requests", params=query)

    assert found == [record["fields"]["custom"] for record in reply.json()]


async def test_an_unescaped_plus_sign_finds_a_number_too(post, client):
    """A query typed by hand works."""
    number = TO

    await post()
    reply = await client.get(f"/requests?number={number}")

    assert [number] == [record["fields"]["to"] for record in reply.json()]


async def test_an_unknown_filter_is_refused(client):
    """A mistyped filter is no filter for everything."""
    expected = (400, "unknown filter: nubmer\n")

    reply = await client.get("/requests?nubmer=1")

    assert expected == (reply.status_code, reply.text)


async def test_records_can_be_cleared(post, client):
    """DELETE forgets everything so far."""
    before, after = "before", "after"

    await post(custom=before)
    reply = await client.delete("/requests")
    await post(custom=after)
    records = (await client.get("/requests")).json()

    assert reply.is_success
    assert [after] == [record["fields"]["custom"] for record in records]


async def test_each_record_is_told_as_it_arrives(post, sandbox, seen):
    """The callback has each record by the time its request is answered."""
    sent = [fields(custom="a"), fields(custom="b", to="nonsense")]

    for each in sent:
        await post(**each)

    assert sent == [record.fields for record in seen]
    assert list(sandbox.records) == seen


async def test_the_oldest_records_make_room():
    """No more records are kept than the limit."""
    sent = ["a", "b", "c"]
    sandbox = Sandbox(record_limit=2)

    async with sandbox.serve() as base_url, AsyncClient(base_url=base_url, timeout=60) as client:
        for custom in sent:
            await client.post(PATH, data=fields(custom=custom), headers=KEY)

    assert sent[1:] == [record.fields["custom"] for record in sandbox.records]


async def test_records_are_json_of_one_list(post, client):
    """The reply is a JSON array, whatever characters were sent."""
    text = "नमस्ते \u2028 \x00"

    await post(custom=text)
    reply = await client.get("/requests")

    assert reply.headers["content-type"] == "application/json"
    assert [text] == [record["fields"]["custom"] for record in json.loads(reply.content)]


async def test_rings_are_counted_by_call(post, client):
    """How often a phone would have rung for one call id is one request away."""
    await post(custom="C1", to=f"{TO},+13236550108")
    await post(custom="C1", to=TO)
    await post(custom="C2", to=TO)
    await post(custom="C1", target='[{"ivr":["SG_missing"]}]')

    assert {"requests": 3, "rings": {TO: 2, "+13236550108": 1}} == (await client.get("/rings?custom=C1")).json()
    assert {"requests": 4, "rings": {TO: 3, "+13236550108": 1}} == (await client.get("/rings")).json()
    assert 400 == (await client.get("/rings?call=C1")).status_code
