"""PlaceCall where reports are received: what is asked of the provider, and what a caller is warned of."""

import json

import pytest
from gateway_under_test import TO_A_FLOW, running_gateway
from watched_gateway import ON_SQLITE

from voicegateway.v1.outbound_call_service_pb2 import WarningReason

TEN = [f"https://example.com/{number}" for number in range(10)]


def warned(placed):
    return [(WarningReason.Name(each.reason).removeprefix("WARNING_REASON_"), each.field) for each in placed.warnings]


@ON_SQLITE
@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        pytest.param({}, [], id="nothing of the caller's own"),
        pytest.param({"callbacks": {"callEnd": {"urls": TEN[:9]}}}, [], id="nine URLs for an event"),
        pytest.param({"dlrUrl": TEN[0]}, [("REPORTS_BYPASS_GATEWAY", "call.dlr_url")], id="an own dlr_url"),
        pytest.param(
            {"callbacks": {"callStart": {"urls": TEN}, "callEnd": {"urls": TEN}}, "dlrUrl": TEN[0]},
            [
                ("REPORTS_BYPASS_GATEWAY", "call.dlr_url"),
                ("REPORTS_BYPASS_GATEWAY", "call.callbacks.call_start"),
                ("REPORTS_BYPASS_GATEWAY", "call.callbacks.call_end"),
            ],
            id="no room",
        ),
    ],
)
async def test_warnings(watched, fields, warnings):
    """None for silence; one for each place that leads past the gateway; the same in a replay."""
    call = dict(TO_A_FLOW) | fields
    placed = await watched.running.place_call(call, requestId="reminder-8812")
    again = await watched.running.place_call(call, requestId="reminder-8812")

    assert warnings == warned(placed)
    assert list(placed.warnings) == list(again.warnings)
    assert again.replayed


async def test_the_urls_arrive(watched):
    """The provider is given the gateway's URL for `dlrurl` and each event, behind the caller's own."""
    await watched.place(dict(TO_A_FLOW) | {"callbacks": {"callEnd": {"urls": TEN[:2], "profileIds": ["7"]}}})
    form = dict(watched.provider.posts[0].form)
    callback = json.loads(form["callback"])
    base = f"http://127.0.0.1:1/reports/{watched.token()}"

    assert form["dlrurl"].startswith(f"{base}?")
    assert ["7"] == callback["call_end"]["callback_profile"]
    assert TEN[:2] == callback["call_end"]["url"][:2]
    assert {event: f"{base}/{event}" for event in ("call_start", "call_answer", "call_end")} == {
        event: each["url"][-1].partition("?")[0] for event, each in callback.items()
    }


@ON_SQLITE
async def test_two_calls_never_share_a_token(watched):
    """Nor do two attempts."""
    calls = [await watched.place() for _ in range(20)]
    tokens = {watched.token(call.call_id) for call in calls}

    assert 20 == len(tokens)
    assert {32} == {len(token) for token in tokens}


async def test_without_a_receiver(provider, ledger):
    """Nobody is told how it went, and the caller is warned of that; what the provider accepted can still be watched."""
    async with running_gateway(provider.url, {"ledger": ledger}) as gateway:
        placed = await gateway.place_call()

    assert [("NO_REPORTS", "")] == warned(placed)
    assert "dlrurl" not in dict(provider.posts[0].form)
