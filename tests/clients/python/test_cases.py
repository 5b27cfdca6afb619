"""The calls of `tests/cases`, spoken through the Python client package."""

import base64
import copy
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx2
import pytest
from conversation import Conversation, UnknownKeyError
from google.protobuf.json_format import ParseDict

from voicegateway.v1 import outbound_call_service_pb2 as messages
from voicegateway.v1.error_reason_pb2 import ERROR_REASON_INVALID_REQUEST
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import CallError, Violation, error_from, open_aio_channel, validate

CASES = Path(__file__).parents[2] / "cases"
FILES = sorted((CASES / "calls").glob("*.json"))
INVALID = json.loads((CASES / "invalid_requests.json").read_text())


@pytest.fixture(scope="module")
async def channel(stand) -> AsyncIterator[grpc.aio.Channel]:
    async with open_aio_channel(stand.gateway) as channel:
        yield channel


@pytest.fixture(scope="module")
async def sandbox(stand) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=stand.sandbox) as client:
        yield client


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem.replace("_", " ")) for file in FILES])
async def test_a_case_is_answered_as_it_says(file, channel, sandbox):
    """Every call of the folder is answered, and reaches the provider, exactly as its file says."""
    assert [] == await Conversation(json.loads(file.read_text()), channel, sandbox).differences()


def request_of(case: Mapping[str, Any]) -> Any:
    assert (
        {"about", "message", "violations"}
        < case.keys()
        < {"about", "message", "violations", "request", "request_base64"}
    )
    request = getattr(messages, case["message"])()
    if "request" in case:
        return ParseDict(case["request"], request)
    request.ParseFromString(base64.b64decode(case["request_base64"]))
    return request


def told(violations: tuple[Violation, ...] | list[Violation]) -> list[list[str]]:
    return sorted([each.field, each.reason] for each in violations)


async def refusal(channel: grpc.aio.Channel, case: Mapping[str, Any]) -> CallError:
    """What the gateway says to a request that nobody has validated."""
    rpc = getattr(OutboundCallServiceStub(channel), case["message"].removesuffix("Request"))
    with pytest.raises(grpc.RpcError) as caught:
        await (rpc(request_of(case)).read() if case["message"] == "WatchCallsRequest" else rpc(request_of(case)))
    return error_from(caught.value)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["about"]) for case in INVALID])
async def test_client_and_gateway_find_the_same_violations(case, channel):
    """The client's own validation finds what the gateway refuses, by the same names, and in the same words."""
    found, error = validate(request_of(case)), await refusal(channel, case)

    assert sorted(case["violations"]) == told(found)
    assert sorted(case["violations"]) == told(error.violations)
    assert {each.description for each in found} == {each.description for each in error.violations}
    assert (ERROR_REASON_INVALID_REQUEST, 0) == (error.reason, error.omitted_violations)


# The runner itself


def planted(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to all values of an expectation that a bug could change."""
    if isinstance(value, dict) and value:
        return [found for name, each in value.items() for found in planted(each, (*path, name))]
    if isinstance(value, list) and value:
        return [found for index, each in enumerate(value) for found in planted(each, (*path, index))]
    return [] if value == "$ANY" else [path]


def changed(case: Any, path: tuple[Any, ...]) -> Any:
    """The case with another value there."""
    *above, last = path
    case = copy.deepcopy(case)
    holder = case
    for step in above:
        holder = holder[step]
    value = holder[last]
    holder[last] = (
        value + 1 if isinstance(value, int) else "$ANY" if value is None else {"x": 1} if value == {} else "x"
    )
    return case


@pytest.mark.parametrize(
    "name", ["a_dry_run", "to_a_flow", "a_flow_not_found", "http_429", "a_number_beyond_the_policy"]
)
async def test_a_case_with_any_other_expectation_fails(name, channel, sandbox):
    """The runner compares everything that a case says."""
    case = json.loads((CASES / "calls" / f"{name}.json").read_text())
    steps = [("steps", i, "expect", *path) for i, step in enumerate(case["steps"]) for path in planted(step["expect"])]
    unnoticed = [
        path
        for path in [*steps, *(("sandbox", *path) for path in planted(case["sandbox"]))]
        if not await Conversation(changed(case, path), channel, sandbox).differences()
    ]

    assert [] == unnoticed


@pytest.mark.parametrize(
    "path",
    [
        pytest.param((), id="in the case"),
        pytest.param(("steps", 0), id="in a step"),
        pytest.param(("steps", 0, "expect"), id="in an expectation"),
        pytest.param(("sandbox",), id="of the sandbox"),
    ],
)
async def test_a_key_that_nobody_knows_fails(path, channel, sandbox):
    """What a runner does not understand it does not pass over."""
    case = json.loads((CASES / "calls" / "to_a_flow.json").read_text())
    holder = case
    for step in path:
        holder = holder[step]
    holder["surprise"] = 1

    with pytest.raises(UnknownKeyError, match="surprise"):
        await Conversation(case, channel, sandbox).differences()
