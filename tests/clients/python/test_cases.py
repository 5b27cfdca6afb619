"""The calls of `tests/cases`, spoken through the Python client package."""

import base64
import copy
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
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
FILES = sorted(CASES.glob("*/*.json"))
INVALID = json.loads((CASES / "invalid_requests.json").read_text())


@pytest.fixture(scope="module")
async def channel(stand) -> AsyncIterator[grpc.aio.Channel]:
    async with open_aio_channel(stand.gateway) as channel:
        yield channel


Differences = Callable[[Any, str], Awaitable[list[str]]]


@pytest.fixture(scope="module")
async def differences(stand, channel) -> AsyncIterator[Differences]:
    """Runs a case of a folder where the cases of that folder are run."""
    async with AsyncExitStack() as stack:
        receiving = await stack.enter_async_context(open_aio_channel(stand.outcomes_gateway))
        urls = (stand.sandbox, stand.outcomes_sandbox)
        calls, outcomes = [
            await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=60)) for url in urls
        ]

        async def run(case: Any, folder: str) -> list[str]:
            if folder == "calls":
                return await Conversation(case, channel, calls).differences()
            return await Conversation(case, receiving, outcomes, stand.outcomes_reports).differences()

        yield run


def case_of(name: str) -> Any:
    return json.loads((CASES / f"{name}.json").read_text())


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem.replace("_", " ")) for file in FILES])
async def test_a_case_is_answered_as_it_says(file, differences):
    """Every call of the folders is answered, reaches the provider, and goes on exactly as its file says."""
    assert [] == await differences(json.loads(file.read_text()), file.parent.name)


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
    "name",
    [
        "calls/a_dry_run",
        "calls/to_a_flow",
        "calls/a_flow_not_found",
        "calls/http_429",
        "calls/a_number_beyond_the_policy",
        "outcomes/busy",
        "outcomes/a_stream_that_goes_on_after_an_event",
        "outcomes/a_sequence_that_was_never_told",
    ],
)
async def test_a_case_with_any_other_expectation_fails(name, differences):
    """The runner compares everything that a case says."""
    case = case_of(name)
    steps = [("steps", i, "expect", *path) for i, step in enumerate(case["steps"]) for path in planted(step["expect"])]
    unnoticed = [
        path
        for path in [*steps, *(("sandbox", *path) for path in planted(case["sandbox"]))]
        if not await differences(changed(case, path), name.partition("/")[0])
    ]

    assert [] == unnoticed


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("calls/to_a_flow", (), id="in the case"),
        pytest.param("calls/to_a_flow", ("steps", 0), id="in a step"),
        pytest.param("calls/to_a_flow", ("steps", 0, "expect"), id="in an expectation"),
        pytest.param("calls/to_a_flow", ("sandbox",), id="of the sandbox"),
        pytest.param("outcomes/busy", ("steps", 1, "expect"), id="in an expectation of events"),
    ],
)
async def test_a_key_that_nobody_knows_fails(name, path, differences):
    """What a runner does not understand it does not pass over."""
    case = case_of(name)
    holder = case
    for step in path:
        holder = holder[step]
    holder["surprise"] = 1

    with pytest.raises(UnknownKeyError, match="surprise"):
        await differences(case, name.partition("/")[0])


@pytest.mark.parametrize(
    ("index", "key"),
    [pytest.param(0, "events", id="events of a reply"), pytest.param(1, "reply", id="reply of events")],
)
async def test_a_key_of_another_rpc_fails(index, key, differences):
    """A reply has no events, and events are no reply."""
    case = case_of("outcomes/busy")
    case["steps"][index]["expect"][key] = []

    with pytest.raises(UnknownKeyError, match=key):
        await differences(case, "outcomes")


async def test_a_stream_that_does_not_end_fails(differences):
    """What a call becomes is told to its end, or the case is not met."""
    case = case_of("outcomes/no_report_at_all")
    case["steps"][1] |= {"deadline": 0.5, "expect": {"code": "OK", "events": case["steps"][1]["expect"]["events"][:2]}}

    assert "DEADLINE_EXCEEDED" in " ".join(await differences(case, "outcomes"))
