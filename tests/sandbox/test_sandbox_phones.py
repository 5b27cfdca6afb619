"""The phones, as whoever gets their reports meets them."""

import asyncio
import json
import logging
import re
import ssl
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import httpx2
import pytest
import trustme
from report_listener import ReportListener
from sandbox_forms import BRIDGE, KEY, NOW, PATH, TO, fields
from starlette.testclient import TestClient

from gateway.sandbox import Sandbox
from gateway.sandbox.behaviour import DIAL_SECONDS, LATE_REPORT_SECONDS, RING_SECONDS_BY_STATUS, TALK_SECONDS
from gateway.sandbox.magic import MAGIC, Rings

FAST = 5000
"""A minute passes in 12 ms."""

NEVER_ANSWERED = "+13236550150"


def client_to(url):
    """Without certificates, which take longer to read than most tests."""
    return httpx2.AsyncClient(base_url=url, headers=KEY, verify=False, timeout=60)


@pytest.fixture
async def listener():
    async with ReportListener.listening() as listening:
        yield listening


@pytest.fixture
async def serve():
    """Serves a sandbox with these settings; returns it, and a client to it."""
    async with AsyncExitStack() as stack:

        async def serve(**settings):
            sandbox = Sandbox(**({"speed": FAST} | settings))
            url = await stack.enter_async_context(sandbox.serve())
            return sandbox, await stack.enter_async_context(client_to(url))

        yield serve


@pytest.fixture
def play(serve, listener):
    """Posts a request with everything told to the listener; returns its phones when they are silent for good."""

    async def play(settings=None, **changes):
        sandbox, client = await serve(**(settings or {}))
        await client.post(PATH, data=fields(**(listener.asking() | changes)))
        await sandbox.played()
        return sandbox.phones

    return play


def ends(phones):
    return [(phone.number, phone.attempt, phone.state, phone.status) for phone in phones]


async def test_an_ordinary_phone_rings_is_answered_and_ends(play, listener):
    """Each step is told once, with what is known by then."""
    [phone] = await play()
    common = {"id": phone.id, "callee": TO, "caller": BRIDGE, "bridge": BRIDGE, "flow_id": "SG_1"} | {
        "call_type": "outbound",
        "keypress": "",
    }
    ring, talk = str(phone.ring_seconds), str(phone.talk_seconds)
    unknown = {"status": "", "billsec": "", "credits": ""}
    known = {"status": "ANSWER", "ringtime": ring, "billsec": talk, "credits": "1"}

    assert [
        ("/call_start", common | unknown | {"ringtime": ""}),
        ("/call_answer", common | unknown | {"ringtime": ring}),
        ("/call_end", common | known),
        ("/dlrurl", common | known),
    ] == listener.reports
    assert [(TO, 1, "ended", "ANSWER")] == ends([phone])


async def test_reports_are_fetched_by_get_with_a_plus_sign_encoded(play, listener):
    """As the provider's page has it."""
    await play()

    assert all(head.startswith("GET /") for head in listener.heads)
    assert all("callee=%2B13236550107" in path for path in listener.paths)


@pytest.mark.parametrize(
    ("number", "events", "status"),
    [
        pytest.param("+13236550160", "call_start call_end dlrurl", "BUSY", id="busy"),
        pytest.param("+13236550161", "call_start call_end dlrurl", "BUSY", id="busy first, and not redialed"),
        pytest.param("+13236550162", "call_start call_end dlrurl", "NOANSWER", id="no answer"),
        pytest.param("+13236550163", "call_start call_end dlrurl", "REJECTED", id="rejected"),
        pytest.param("+13236550164", "call_start call_end dlrurl", "CHANUNAVAIL", id="unreachable"),
        pytest.param("+13236550165", "call_end dlrurl", "FLOW_PAUSED", id="flow paused"),
        pytest.param("+13236550166", "call_start call_answer call_end dlrurl", "ANSWER", id="keypress"),
        pytest.param("+13236550167", "call_start call_end dlrurl", "UNHEARD_OF", id="unheard of"),
        pytest.param("+13236550168", "call_start call_end dlrurl", "FAILED", id="failed"),
        pytest.param(
            "+13236550170",
            "call_start call_start call_answer call_answer call_end call_end dlrurl dlrurl",
            "ANSWER",
            id="each twice",
        ),
        pytest.param("+13236550171", "dlrurl call_end call_answer call_start", "ANSWER", id="out of order"),
        pytest.param("+13236550172", "call_start call_answer call_end dlrurl", "ANSWER", id="late"),
        pytest.param("+13236550173", "", "ANSWER", id="none"),
        pytest.param("+13236550174", "call_start call_answer call_end dlrurl", "ANSWER", id="empty id"),
        pytest.param("+13236550175", "call_start call_end dlrurl", "CONGESTION", id="congestion"),
        pytest.param("+13236550176", "dlrurl", "ANSWER", id="dlrurl only"),
        pytest.param("+13236550177", "call_start call_answer call_end", "ANSWER", id="callback only"),
    ],
)
async def test_a_magic_phone_does_what_its_number_says(play, listener, number, events, status):
    """One phone, and everything that was told of it."""
    phones = await play(to=number)

    assert events.split() == listener.events
    assert {status} >= {report["status"] for path, report in listener.reports if path in {"/call_end", "/dlrurl"}}
    assert [(number, 1, "ended", status)] == ends(phones)


async def test_a_key_can_be_pressed(play, listener):
    """It is known at the end."""
    [phone] = await play(to="+13236550166")

    assert ["", "", "1", "1"] == [report["keypress"] for _, report in listener.reports]
    assert "1" == phone.keypress


async def test_an_id_can_be_empty(play, listener):
    """The phone has one all the same."""
    [phone] = await play(to="+13236550174")

    assert {""} == {report["id"] for _, report in listener.reports}
    assert phone.id


async def test_reports_can_be_late(play, listener):
    """They are told minutes after they happened."""
    began = asyncio.get_running_loop().time()
    await play(to=f"+13236550172,{TO}")

    assert LATE_REPORT_SECONDS / FAST <= listener.first(callee="+13236550172") - began
    assert ["+13236550107"] * 4 + ["+13236550172"] * 4 == sorted(report["callee"] for _, report in listener.reports)


async def test_each_phone_does_what_its_own_number_says(play):
    """In one request some are busy and some answer."""
    phones = await play(to="+13236550160,+13236550107,+13236550162")

    assert {"+13236550160": "BUSY", TO: "ANSWER", "+13236550162": "NOANSWER"} == {
        phone.number: phone.status for phone in phones
    }


async def test_busy_at_first_is_answered_at_the_redial(play, listener):
    """A redial has an id of its own."""
    phones = await play(to="+13236550161", retry="3", interval="15")

    assert ["BUSY", "ANSWER"] == [phone.status for phone in phones]
    assert [1, 2] == [phone.attempt for phone in phones]
    assert 2 == len({phone.id for phone in phones})
    assert ["call_start", "call_end", "dlrurl", "call_start", "call_answer", "call_end", "dlrurl"] == listener.events


@pytest.mark.parametrize(
    ("number", "retry", "statuses"),
    [
        pytest.param("+13236550160", "2", ["BUSY"] * 3, id="a count"),
        pytest.param("+13236550162", '[{"count": 1, "status": ["busy"]}]', ["NOANSWER"], id="a rule for another end"),
        pytest.param("+13236550164", '[{"count": 1, "status": ["chanunavail"]}]', ["CHANUNAVAIL"] * 2, id="a rule"),
        pytest.param("+13236550107", '[{"count": 1, "status": ["answer"]}]', ["ANSWER"] * 2, id="who answered"),
        pytest.param("+13236550165", "2", ["FLOW_PAUSED"], id="what was never dialed is not redialed"),
    ],
)
async def test_phones_are_redialed_as_the_request_says(play, number, retry, statuses):
    """By its own `retry`."""
    phones = await play(to=number, retry=retry)

    assert statuses == [phone.status for phone in phones]


@pytest.mark.parametrize(
    ("interval", "seconds"), [pytest.param("15", 15, id="asked for"), pytest.param(None, 30, id="not asked for")]
)
async def test_a_redial_waits_for_the_interval(play, interval, seconds):
    """It counts from the end of the attempt before, and passes as fast as everything else."""
    phones = await play({"now": lambda: NOW, "speed": 100}, to="+13236550160", retry="1", interval=interval)
    waits = [(phone.due - NOW).total_seconds() * 100 for phone in phones]

    assert DIAL_SECONDS[0] <= waits[0] <= DIAL_SECONDS[1]
    assert DIAL_SECONDS[0] <= waits[1] - seconds <= DIAL_SECONDS[1]


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        pytest.param({}, 0, id="at once"),
        pytest.param({"delay": "600"}, 600, id="a delay"),
        pytest.param({"delay": "5000"}, 900, id="a delay that was wrapped"),
        pytest.param({"time": (NOW + timedelta(hours=1)).isoformat()}, 3600, id="a time"),
        pytest.param({"time": (NOW + timedelta(hours=1)).isoformat(), "delay": "60"}, 3600, id="the later of the two"),
    ],
)
@pytest.mark.parametrize("speed", [1, 60])
async def test_a_phone_waits_until_the_request_asked_for_it(serve, sent, seconds, speed):
    """Until then it is there, and waits; the wait is sped up as well."""
    sandbox, client = await serve(speed=speed, now=lambda: NOW)

    await client.post(PATH, data=fields(**sent))

    [phone] = sandbox.phones
    wait = (phone.due - NOW).total_seconds() * speed
    assert "waiting" == phone.state
    assert DIAL_SECONDS[0] <= round(wait - seconds, 3) <= DIAL_SECONDS[1]


async def test_a_delayed_phone_rings_later(serve, listener):
    """Its wait is not only written down."""
    sandbox, client = await serve()

    posted = asyncio.get_running_loop().time()
    await client.post(PATH, data=fields(**listener.asking("c=late"), delay="900"))
    await client.post(PATH, data=fields(**listener.asking("c=early")))
    await sandbox.played()

    assert 900 / FAST <= listener.first(c="late") - posted
    assert ["early"] * 4 + ["late"] * 4 == sorted(report["c"] for _, report in listener.reports)


async def test_phones_ring_and_people_talk_as_long_as_real_ones(play):
    """What is told is seconds of a real call, whatever the speed."""
    phones = await play(to=",".join(f"+1323655{number:04}" for number in range(200, 300)))

    assert all(RING_SECONDS_BY_STATUS["ANSWER"][0] <= phone.ring_seconds <= 12 for phone in phones)
    assert all(TALK_SECONDS[0] <= phone.talk_seconds <= TALK_SECONDS[1] for phone in phones)
    assert 20 < len({(phone.ring_seconds, phone.talk_seconds) for phone in phones})


@pytest.mark.parametrize(
    "magic", [magic for magic in MAGIC if magic.place == "recipient"], ids=lambda magic: magic.value
)
async def test_the_table_says_whose_phones_ring(serve, magic):
    """The number itself, an ordinary one beside it, or none; the same phones are in the record and are played."""
    other = "+13236550108"
    rings = {
        Rings.NOBODY: (set(), set()),
        Rings.OTHERS: ({other}, {other}),
        Rings.EVERYONE: ({magic.value, other}, {magic.value, other}),
    }[magic.rings]
    if not magic.behaviour.dialed:
        rings = ({other}, {magic.value, other})
    sandbox, client = await serve(speed=1, late_seconds=0.01)

    try:
        patience = httpx2.Timeout(60, read=3 if magic.value == NEVER_ANSWERED else 60)
        await client.post(PATH, data=fields(to=f"{magic.value},{other}"), timeout=patience)
    except httpx2.TransportError:
        assert magic.rings is Rings.EVERYONE

    [record] = sandbox.records
    assert rings == (set(record.rang), {phone.number for phone in sandbox.phones})


async def test_the_same_seed_plays_the_same(serve):
    """Ids and times come again; another seed has others."""
    played = {}
    for run, seed in (("first", 7), ("again", 7), ("other", 8)):
        sandbox, client = await serve(seed=seed)
        await client.post(PATH, data=fields(to=f"{TO},+13236550160", retry="1"))
        await sandbox.played()
        played[run] = {(phone.id, phone.number, phone.ring_seconds, phone.talk_seconds) for phone in sandbox.phones}

    assert played["first"] == played["again"]
    assert not played["first"] & played["other"]
    assert all(4 == UUID(call_id).version for call_id, *_ in played["first"])


async def test_ids_differ_without_a_seed(play):
    """Nobody is rung under another's id."""
    phones = await play(to=",".join(f"+1323655{number:04}" for number in range(200, 300)))

    assert 100 == len({phone.id for phone in phones})


async def test_a_syntax_can_be_switched_off(play, listener):
    """What no longer works arrives as it was written."""
    await play({"placeholders": ["bare"]}, callback=None, dlrurl=f"{listener.url}/dlrurl?a={{{{status}}}}&b=status")

    assert [("/dlrurl", {"a": "{{status}}", "b": "ANSWER"})] == listener.reports


@pytest.mark.parametrize(
    ("number", "events"),
    [
        pytest.param(TO, "call_start call_answer call_end dlrurl", id="answered"),
        pytest.param("+13236550160", "call_start call_end", id="busy"),
    ],
)
async def test_dlrurl_can_be_for_answered_calls_only(play, listener, number, events):
    """The page says so in one place."""
    await play({"dlr_answered_only": True}, to=number)

    assert events.split() == listener.events


async def test_every_url_of_an_event_is_told(play, listener):
    """In the order of the request; an event that was not asked for is not told."""
    urls = [f"{listener.url}/first", f"{listener.url}/second"]
    await play(callback={"call_end": {"callback_profile": ["SG_c"], "url": urls}}, dlrurl=None)

    assert ["first", "second"] == listener.events


async def test_an_unanswered_request_rings_all_the_same(serve, listener):
    """+13236550153 resets the connection, and is told of like any other."""
    sandbox, client = await serve()

    with pytest.raises(httpx2.ReadError):
        await client.post(PATH, data=fields(**listener.asking(), to="+13236550153"))
    await sandbox.played()

    assert ["call_start", "call_answer", "call_end", "dlrurl"] == listener.events


async def test_a_refused_request_rings_nobody(play, listener):
    """Nothing is told of it."""
    assert () == await play(target='[{"ivr":["SG_missing"]}]')
    assert [] == listener.events


async def test_without_urls_nothing_is_fetched(serve):
    """The phones are played for whoever looks at them."""
    sandbox, client = await serve()

    await client.post(PATH, data=fields())
    await sandbox.played()

    assert [(TO, 1, "ended", "ANSWER")] == ends(sandbox.phones)
    assert [] == sandbox.phones[0].reports


async def test_phones_are_listed_with_the_request_and_the_reports(serve, listener):
    """`GET /phones` has everything about each attempt."""
    sandbox, client = await serve(now=lambda: NOW)
    listener.status = "503 Service Unavailable"
    url = f"{listener.url}/dlrurl"
    await client.post(PATH, data=fields(custom="C1", dlrurl=f"{url}?s=status"))
    await sandbox.played()
    [phone] = sandbox.phones

    [shown] = (await client.get("/phones")).json()

    now = NOW.isoformat()
    assert {
        "id": phone.id,
        "number": TO,
        "attempt": 1,
        "state": "ended",
        "status": "ANSWER",
        "keypress": "",
        "due": phone.due.isoformat(),
        "started": now,
        "answered": now,
        "ended": now,
        "ring_seconds": phone.ring_seconds,
        "talk_seconds": phone.talk_seconds,
        "request": {"number": 1, "arrived": now, "custom": "C1", "verdict": "RBC3007"},
        "reports": [
            {"event": "dlrurl", "url": f"{url}?s=ANSWER", "sent": now, "http_status": 503, "problem": ""},
        ],
    } == shown
    assert json.loads(json.dumps(sandbox.records[0].to_json())) == (await client.get("/requests/1")).json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["a", "a", "b"], id="everything"),
        pytest.param("?custom=b", ["b"], id="by custom"),
        pytest.param("?number=%2B13236550108", ["a"], id="by number"),
        pytest.param("?number=3236550108", ["a"], id="by number as sent"),
        pytest.param("?number=%2B13236550107&custom=a", ["a"], id="by both"),
        pytest.param("?number=%2B13236550109", [], id="by a number that nobody called"),
    ],
)
async def test_phones_are_found(serve, query, found):
    """By the same filters as requests."""
    _, client = await serve(speed=1)
    await client.post(PATH, data=fields(custom="a", to=f"{TO},3236550108", prefix="1"))
    await client.post(PATH, data=fields(custom="b"))

    phones = (await client.get(f"/phones{query}")).json()

    assert found == [phone["request"]["custom"] for phone in phones]


async def test_a_mistyped_filter_of_phones_is_refused(serve):
    """It is no filter for everything."""
    _, client = await serve()

    assert 400 == (await client.get("/phones?nubmer=1")).status_code


async def test_the_latest_phones_are_kept(serve):
    """Older ones make room, and go on in silence."""
    sandbox, client = await serve(phone_limit=2)

    await client.post(PATH, data=fields(to=f"{TO},+13236550108,+13236550109"))
    await sandbox.played()

    assert ["+13236550108", "+13236550109"] == [phone.number for phone in sandbox.phones]


async def test_requests_have_numbers_that_are_never_given_again(serve):
    """A request that made room, or was forgotten, is not found."""
    sandbox, client = await serve(record_limit=2)
    for custom in ("a", "b", "c"):
        await client.post(PATH, data=fields(custom=custom))
    before = [(await client.get(f"/requests/{number}")).status_code for number in range(5)]
    sandbox.clear()
    await client.post(PATH, data=fields(custom="d"))

    assert [404, 404, 200, 200, 404] == before
    assert 404 == (await client.get("/requests/3")).status_code
    assert "d" == (await client.get("/requests/4")).json()["fields"]["custom"]


async def test_what_is_forgotten_does_not_ring(serve, listener):
    """DELETE breaks off what is being told, and what was still to come; what comes later is played."""
    sandbox, client = await serve()
    listener.hold()
    await client.post(PATH, data=fields(**listener.asking("c=forgotten")))
    await client.post(PATH, data=fields(**listener.asking("c=forgotten"), delay="900"))
    await listener.arrived(1)

    await client.delete("/requests")
    phones = sandbox.phones
    listener.release()
    await client.post(PATH, data=fields(**listener.asking("c=later"), delay="900"))
    await sandbox.played()

    assert () == phones
    assert ["forgotten"] + ["later"] * 4 == [report["c"] for _, report in listener.reports]


async def test_stopping_breaks_everything_off(listener):
    """Phones that ring, reports under way, and what was still to come: no task is left, and no timer."""
    listener.hold()
    sandbox = Sandbox(speed=FAST)
    async with sandbox.serve() as url, client_to(url) as client:
        await client.post(PATH, data=fields(**listener.asking()))
        await client.post(PATH, data=fields(**listener.asking(), delay="900"))
        await listener.arrived(1)
    listener.release()
    await sandbox.played()

    assert ["call_start"] == listener.events


async def test_it_plays_again_when_it_is_served_again(listener):
    """Being stopped is not for good."""
    sandbox = Sandbox(speed=FAST)
    for _ in range(2):
        async with sandbox.serve() as url, client_to(url) as client:
            await client.post(PATH, data=fields(dlrurl=f"{listener.url}/dlrurl"))
            await sandbox.played()

    assert ["dlrurl"] * 2 == listener.events


async def test_it_plays_until_the_last_server_stops(listener):
    """One sandbox at two addresses goes on at the other."""
    sandbox = Sandbox(speed=FAST)
    async with sandbox.serve() as url:
        async with sandbox.serve():
            pass
        async with client_to(url) as client:
            await client.post(PATH, data=fields(dlrurl=f"{listener.url}/dlrurl"))
            await sandbox.played()

    assert ["dlrurl"] == listener.events


async def test_nothing_is_played_where_it_is_not_served():
    """As a bare ASGI app it answers, and leaves no timer behind."""
    sandbox = Sandbox()
    transport = httpx2.ASGITransport(sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", headers=KEY, verify=False) as client:
        reply = await client.post(PATH, data=fields())

    assert "RBC3007" == reply.json()["code"]
    assert () == sandbox.phones


def test_it_plays_under_another_server():
    """The lifespan of the ASGI app is enough."""
    sandbox = Sandbox()

    with TestClient(sandbox.app) as client:
        client.post(PATH, data=fields(), headers=KEY)

    assert [TO] == [phone.number for phone in sandbox.phones]


async def test_many_phones_ring_without_a_task_each(serve):
    """Ten thousand phones wait in one heap."""
    sandbox, client = await serve(speed=0.01)
    for thousand in range(10):
        for hundred in range(10):
            numbers = ",".join(f"+1323{thousand}{hundred}{number:04}" for number in range(100))
            await client.post(PATH, data=fields(to=numbers))

    assert 10_000 == len(sandbox.phones)
    assert {"waiting", "ringing"} >= {phone.state for phone in sandbox.phones}


async def test_a_server_that_never_answers_holds_up_nobody(serve, listener):
    """Reports are fetched a few at a time; requests are answered, and other servers told, meanwhile."""
    sandbox, client = await serve()
    listener.hold()
    async with ReportListener.listening() as other:
        for _ in range(20):
            await client.post(PATH, data=fields(dlrurl=f"{listener.url}/held"))
        await listener.arrived(20)
        await client.post(PATH, data=fields(dlrurl=f"{other.url}/dlrurl"))
        await other.arrived(1)
        for _ in range(20):
            await client.post(PATH, data=fields(dlrurl=f"{listener.url}/held"))
        await listener.arrived(32)
        listener.release()
        await sandbox.played()

    assert 40 == len(listener.events)
    assert 32 == listener.at_once


async def test_a_dead_url_does_not_hold_up_the_others_of_its_call(serve, listener):
    """Reports of one attempt to another server go their own way."""
    sandbox, client = await serve(report_timeout=60)
    async with ReportListener.listening() as dead:
        dead.hold()
        urls = [f"{dead.url}/dead", f"{listener.url}/alive"]
        callback = {"call_start": {"callback_profile": [], "url": urls}}
        await client.post(PATH, data=fields(callback=callback, dlrurl=f"{listener.url}/dlrurl"))
        await listener.arrived(2)
        unsettled = [report.http_status for report in sandbox.phones[0].reports if report.url == urls[0]]

    assert ["alive", "dlrurl"] == listener.events
    assert [None] == unsettled


@pytest.mark.parametrize(
    ("status", "noted"),
    [
        pytest.param("204 No Content", 204, id="no content"),
        pytest.param("302 Found", 302, id="a redirect is not followed"),
        pytest.param("404 Not Found", 404, id="refused"),
        pytest.param("500 Internal Server Error", 500, id="an error is not asked again"),
    ],
)
async def test_what_a_server_answers_is_noted(play, listener, status, noted):
    """Whatever it is, it is fetched once."""
    listener.status = status

    [phone] = await play(callback=None)

    assert [("dlrurl", noted, "")] == [(each.event, each.http_status, each.problem) for each in phone.reports]
    assert ["dlrurl"] == listener.events


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("http://127.0.0.1:1/x", "ConnectError", id="nobody listens"),
        pytest.param("http://no-such-host.invalid/x", "ConnectError", id="no such host"),
        pytest.param("http://127.0.0.1:99999/x", "ConnectError", id="no such port"),
        pytest.param("http://{{status}}/x", "ConnectError", id="a host that is a variable"),
    ],
)
async def test_what_goes_wrong_is_noted(play, url, problem):
    """A URL is anybody's; the phones go on."""
    [phone] = await play(callback=None, dlrurl=url)

    assert [(None, problem)] == [(each.http_status, each.problem) for each in phone.reports]


async def test_a_fetch_takes_a_while_at_most(play, listener):
    """Then it is given up."""
    listener.hold()

    [phone] = await play({"report_timeout": 0.05}, callback=None)

    assert ["no answer within 0.05 seconds"] == [report.problem for report in phone.reports]


async def test_a_certificate_has_to_be_trusted(serve):
    """An authority of one's own is passed in."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    noted = []
    async with ReportListener.listening(ssl=server) as listener:
        for context in (None, trusting):
            sandbox, client = await serve(report_ssl=context)
            await client.post(PATH, data=fields(dlrurl=f"{listener.url}/dlrurl"))
            await sandbox.played()
            noted += [(each.http_status, each.problem) for each in sandbox.phones[0].reports]

    assert [(None, "ConnectError"), (200, "")] == noted


async def test_no_number_and_no_url_is_logged(play, caplog):
    """At any level."""
    caplog.set_level(logging.DEBUG)

    await play(dlrurl="http://127.0.0.1:1/token?to=callee")

    ours = [record.getMessage() for record in caplog.records if "httpx2" not in record.name]
    assert not [text for text in ours if "token" in text or re.search(r"3236550107", text)]


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_is_above_nought(speed):
    """Anything else would ring never, or before it was asked to."""
    with pytest.raises(ValueError, match="speed has to be above 0"):
        Sandbox(speed=speed)


def test_a_placeholder_is_known():
    """A mistyped one is not ignored."""
    with pytest.raises(ValueError, match="doubel"):
        Sandbox(placeholders=["doubel"])


async def test_the_times_of_an_attempt_are_in_order(serve, listener):
    """By the sandbox's own clock, which is that of its records."""
    sandbox, client = await serve()
    await client.post(PATH, data=fields(**listener.asking()))
    await sandbox.played()

    [shown] = (await client.get("/phones")).json()

    times = [shown["request"]["arrived"], shown["started"], shown["answered"], shown["ended"]]
    assert all(one <= other for one, other in pairwise(map(datetime.fromisoformat, times)))
    assert json.dumps(shown)
