"""What the gateway says comes through Envoy unchanged; what Envoy says itself is nobody's word about the phones."""

import faults
import pytest
from gateway_under_test import place_call_request
from meshes import may_repeat
from raw_provider import answering, http
from replicas import PATIENT, answer_of, told

MANY = {"recipients": [{"number": f"x{number}"} for number in range(90)], "ivr": {"flowId": "SG_1"}}
"""More violations than a status may hold."""

ENVOYS = {"date", "server", "x-envoy-upstream-service-time"}


@pytest.mark.parametrize(
    ("fault", "call", "code", "pushback"),
    [
        pytest.param(None, MANY, "INVALID_ARGUMENT", "-1", id="as large as a status may be"),
        pytest.param(faults.closes_after_reading, None, "UNKNOWN", "-1", id="unknown outcome"),
        pytest.param(
            answering(http(b"", 429, "retry-after: 7\r\n")),
            None,
            "RESOURCE_EXHAUSTED",
            None,
            id="throttled, with a delay",
        ),
    ],
)
async def test_a_status_comes_through_whole(mesh, provider, fault, call, code, pushback):
    """The same code, message, details and trailers as without Envoy."""
    [direct, _] = await mesh.both(provider=PATIENT)
    if fault is not None:
        provider.behave(fault)
    request = place_call_request(*[call] if call else [], requestId="reminder-8812")
    through = await answer_of(mesh.stub.PlaceCall(request, timeout=60))
    replayed = await answer_of(mesh.stub.PlaceCall(request, timeout=60))
    straight = await answer_of(direct.stub.PlaceCall(request, timeout=60))

    assert (code, pushback) == (through.code, through.pushback)
    assert through.info is not None
    latest = through if code == "RESOURCE_EXHAUSTED" else replayed  # this one is made anew each time
    assert (straight.code, straight.message) == (latest.code, latest.message)
    assert straight.status.details[1:] == latest.status.details[1:]
    assert straight.info.metadata == latest.info.metadata
    assert set(straight.trailers) == set(latest.trailers) - ENVOYS
    if call:
        assert 3_500 < len(through.status.SerializeToString()) <= 4_096
        assert straight.trailers["grpc-status-details-bin"] == through.trailers["grpc-status-details-bin"]


async def test_without_a_gateway_envoy_speaks_for_itself(mesh):
    """UNAVAILABLE without ErrorInfo: nothing is known, and the same request may be sent again."""
    await mesh.front()

    error = await mesh.answer(1)

    assert ("UNAVAILABLE", "no healthy upstream") == (error.code, error.message)
    assert ("no word of the gateway's", False) == told(error)
    assert may_repeat(error)
