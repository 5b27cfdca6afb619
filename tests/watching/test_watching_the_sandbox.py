"""Whole stories: the sandbox plays the phones and fetches the gateway's URLs, and streams tell what became of them."""

import pytest
from event_stream import EventStream, outcome_in_words, story
from free_ports import free_port
from gateway_under_test import TO_A_FLOW, place_call_request, running_gateway
from watched_gateway import ON_SQLITE

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, WatchCallsRequest

MINUTES = 240.0
"""How many times as fast as real ones these phones are."""


@pytest.fixture
async def placed_and_watched(ledger):
    """Places a call to these numbers, and watches it to its end; returns its events, its record and the sandbox's."""

    async def play(*numbers: str, syntax: str = "double", **fields):
        port = free_port()
        sandbox = Sandbox(speed=MINUTES, placeholders=[syntax], seed=7)
        async with sandbox.serve() as url:
            settings = {
                "ledger": ledger,
                "account": {"base_url": url, "sid": DEFAULT_SID, "api_key": DEFAULT_KEY},
                "receiver": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"},
                "watch": {"settle": 60.0},
            }
            async with running_gateway("", settings) as gateway:
                call = dict(TO_A_FLOW) | {"recipients": [{"number": number} for number in numbers]} | fields
                placed = (await gateway.stub.PlaceCall(place_call_request(call), timeout=30)).call
                stream = EventStream(gateway.stub.WatchCalls(WatchCallsRequest(call_id=placed.call_id)))
                events = await stream.rest()
                await sandbox.played()
                recorded = (await gateway.stub.GetCall(GetCallRequest(call_id=placed.call_id))).call
        return events, recorded, sandbox.phones

    return play


@ON_SQLITE
@pytest.mark.parametrize(
    ("number", "end"),
    [
        pytest.param("+13236550107", "ENDED ANSWERED", id="answered"),
        pytest.param("+13236550160", "ENDED BUSY", id="busy"),
        pytest.param("+13236550162", "ENDED NOT_ANSWERED", id="not answered"),
        pytest.param("+13236550163", "ENDED REJECTED", id="rejected"),
        pytest.param("+13236550164", "ENDED UNREACHABLE", id="unreachable"),
        pytest.param("+13236550165", "ENDED NOT_DIALED", id="the flow is paused"),
        pytest.param("+13236550167", "ENDED OTHER", id="a status on no page"),
        pytest.param("+13236550170", "ENDED ANSWERED", id="each report twice"),
        pytest.param("+13236550171", "ENDED ANSWERED", id="the last report first"),
        pytest.param("+13236550174", "ENDED ANSWERED", id="no call id"),
        pytest.param("+13236550176", "ENDED ANSWERED", id="a report to dlrurl only"),
        pytest.param("+13236550177", "ENDED ANSWERED", id="reports to callback only"),
    ],
)
async def test_how_a_call_ends(placed_and_watched, number, end):
    """The stream ends with the phone, and its last event is what the record says."""
    events, recorded, phones = await placed_and_watched(number)
    outcome = recorded.recipients[0]

    assert f"...{number[-4:]} {end}" == outcome_in_words(outcome)
    assert outcome_in_words(events[-1].recipient) == outcome_in_words(outcome)
    assert phones[0].status == outcome.provider_status
    assert len(phones) == 1


async def test_a_redial_that_is_answered_with_a_key(placed_and_watched):
    """Busy at first; both attempts are told, and the last one's call id and keys are kept."""
    events, recorded, phones = await placed_and_watched("+13236550161", "+13236550166", retryCount=1)
    redialed, pressed = recorded.recipients
    of_the_redialed = [words for words in story(events) if "...0161" in words]

    assert ["...0161 ENDED ANSWERED", "...0166 ENDED ANSWERED"] == [
        outcome_in_words(each) for each in recorded.recipients
    ]
    assert (2, 1, "1") == (redialed.attempts, pressed.attempts, pressed.keypress)
    assert "RECIPIENT_CHANGED ...0161 ENDED BUSY" in of_the_redialed
    assert any(
        "RINGING" in words for words in of_the_redialed[of_the_redialed.index("RECIPIENT_CHANGED ...0161 ENDED BUSY") :]
    )
    assert redialed.provider_call_id == [each.id for each in phones if each.number == "+13236550161"][-1]


@pytest.mark.parametrize("syntax", ["double", "bare"])
async def test_whichever_syntax_is_substituted(placed_and_watched, syntax):
    """By default `dlrurl` asks in two: one of them is enough to know it all."""
    _, recorded, phones = await placed_and_watched("+13236550166", syntax=syntax)
    outcome = recorded.recipients[0]

    assert "...0166 ENDED ANSWERED" == outcome_in_words(outcome)
    assert (phones[0].id, "1") == (outcome.provider_call_id, outcome.keypress)
