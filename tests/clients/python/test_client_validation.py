"""Validation before anything is sent: the gateway's rules, without its clock, its JSON parser and its settings."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from gateway_under_test import TO_A_FLOW, GatewayUnderTest, place_call_request
from raw_caller import UNKNOWN_FIELD, good_requests, refused, to_many, with_unknown

from gateway.app import SERVICE
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import ListCallsRequest
from voicegateway_client import Violation, validate
from voicegateway_client.validation import REQUESTS

GUARD = 3.0
"""Seconds of work; without its guard the engine would take minutes."""


def told(violations: list[Violation]) -> list[tuple[str, str]]:
    return [(each.field, each.reason) for each in violations]


@pytest.mark.parametrize("request_", [pytest.param(each, id=name) for name, each in good_requests().items()])
def test_a_good_request_has_no_violations(request_):
    """Every kind of request is judged, and stays as it is."""
    before = request_.SerializeToString()

    assert [] == validate(request_)
    assert before == request_.SerializeToString()


def test_every_request_of_the_service_is_judged():
    """A new RPC has its rules here, too."""
    assert {method.input_type.full_name for method in SERVICE.methods} == {
        each.DESCRIPTOR.full_name for each in REQUESTS
    }


@pytest.mark.parametrize("other", [None, {"call": {}}, OutboundCallRequest()], ids=["nothing", "a dict", "a part"])
def test_what_is_no_request_is_a_mistake_of_the_program(other):
    """No violation could name it."""
    with pytest.raises(TypeError, match="no request of voicegateway"):
        validate(other)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        pytest.param({"scheduleTime": "2020-01-01T00:00:00Z"}, "TIMESTAMP_WINDOW", id="its clock"),
        pytest.param({"timeoutJson": "[NaN]"}, "STRING_JSON", id="its JSON parser"),
    ],
)
async def test_what_only_the_gateway_can_judge_is_left_to_it(gateway: GatewayUnderTest, call, reason):
    """The docstring names exactly these."""
    request = place_call_request(TO_A_FLOW | call)
    error = await refused(gateway.channel, request)

    assert [] == validate(request)
    assert [reason] == [each for _, each in error.violations]
    assert reason in (validate.__doc__ or "")


def many_dispatches() -> ListCallsRequest:
    return ListCallsRequest(dispatches=[3] * 200_000)


def unknown_within() -> Any:
    request = place_call_request()
    return with_unknown(request, request, request.call, request.call.recipients[0])


@pytest.mark.parametrize(
    ("build", "method"),
    [
        pytest.param(lambda: to_many(20_000), "PlaceCall", id="20,000 recipients"),
        pytest.param(many_dispatches, "ListCalls", id="a list that no rule limits"),
        pytest.param(unknown_within, "PlaceCall", id="unknown fields at three depths"),
    ],
)
async def test_beyond_the_protos_rules_client_and_gateway_agree_too(gateway: GatewayUnderTest, build, method):
    """What is no rule of the protos, and what would keep an engine busy, is told alike, and in a moment."""
    request = build()
    error, before = await refused(gateway.channel, request, method), request.SerializeToString()
    validate(place_call_request())  # the first use compiles the rules
    began = time.thread_time()
    found = validate(request)

    assert sorted(error.violations) == sorted(told(found))
    assert found
    assert time.thread_time() - began < GUARD
    assert before == request.SerializeToString()


def test_an_unknown_field_is_told_by_its_number():
    """A stored request of a newer program is refused here, and not at the gateway."""
    request = place_call_request()
    request.call.MergeFromString(UNKNOWN_FIELD)

    [violation] = validate(request)

    assert ("call", "MESSAGE_UNKNOWN_FIELD") == (violation.field, violation.reason)
    assert "127" in violation.description


IN_THREADS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway_client import validate

barrier = Barrier(8)

def judge(_):
    barrier.wait()
    return [[each.field, each.reason] for each in validate(PlaceCallRequest(request_id="reminder-0001"))]

print(json.dumps(list(ThreadPoolExecutor(8).map(judge, range(8)))))
"""


def test_eight_threads_may_begin_at_once():
    """The first use compiles the rules, whoever makes it."""
    told = subprocess.run([sys.executable, "-c", IN_THREADS], capture_output=True, text=True, check=True)

    assert [[["call", "REQUIRED"]]] * 8 == json.loads(told.stdout)


def test_threads_do_not_disturb_each_other():
    """The compiled rules are shared."""
    bad, good = place_call_request({"recipients": [{"number": "+1"}], "ivr": {"flowId": "SG_1"}}), place_call_request()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(validate, [bad, good] * 200))

    assert [[("call.recipients[0].number", "STRING_PATTERN")], []] * 200 == [told(each) for each in found]


def test_whoever_does_not_validate_loads_no_rule_engine():
    """The engine costs as much to load as gRPC."""
    code = "import sys, voicegateway_client; print('protovalidate' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False" == told.stdout.strip()
