"""Callers without gRPC, through Envoy's JSON transcoder: what docs/http.md says, and one call for one request_id."""

import asyncio
import os
import re
from asyncio import subprocess
from typing import Any

import faults
import grpc
import httpx2
import pytest
from envoys import ROOT, described
from go_programs import needs
from meshes import Mesh
from pages import table
from replicas import PATIENT
from stand_in import standing_in

HTTP = (ROOT / "docs" / "http.md").read_text()
PLACE_CALL = "/voicegateway.v1.OutboundCallService/PlaceCall"
GET_CALL = "/voicegateway.v1.OutboundCallService/GetCall"
CALL = {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}}


@pytest.fixture
async def web(mesh: Mesh):
    """A gateway behind the shipped Envoy for callers without gRPC, and an HTTP client to it."""
    await mesh.gateway(0, provider=PATIENT)
    await mesh.front(described, "web.yaml")
    await mesh.envoy.finds(mesh.ports[0])
    async with httpx2.AsyncClient(base_url=mesh.url, trust_env=False, timeout=60) as client:
        yield client


async def placed(web: httpx2.AsyncClient, path: str = PLACE_CALL, **fields: Any) -> httpx2.Response:
    return await web.post(path, json={"request_id": "reminder-8812", "call": CALL} | fields)


def details(answer: httpx2.Response) -> dict[str, Any]:
    """The details of an error, by kind."""
    return {detail["@type"].rpartition(".")[2]: detail for detail in answer.json()["details"]}


async def test_a_call_is_placed_and_its_repeat_is_a_replay(web, provider):
    """Field names are those of the protos, in both directions."""
    first, second = await placed(web), await placed(web)
    read = await web.post(GET_CALL, json={"request_id": "reminder-8812"})

    assert [200, 200, 200] == [first.status_code, second.status_code, read.status_code]
    assert "DISPATCH_ACCEPTED" == first.json()["call"]["dispatch"]
    assert ("replayed" not in first.json(), True) == (True, second.json()["replayed"])
    assert first.json()["call"] == read.json()["call"]
    assert 1 == len(provider.posts)


async def test_an_error_says_as_json_what_happened(web, provider):
    """ErrorInfo and BadRequest come out by their names."""
    answer = await placed(web, call=CALL | {"recipients": [{"number": "x"}]})

    info = details(answer)["ErrorInfo"]
    assert (400, "ERROR_REASON_INVALID_REQUEST", "voicegateway.v1") == (
        answer.status_code,
        info["reason"],
        info["domain"],
    )
    assert ("DISPATCH_NOT_SENT", "RETRY_ADVICE_CORRECT") == (info["metadata"]["dispatch"], info["metadata"]["retry"])
    assert {("call.recipients[0].number", "STRING_PATTERN"), ("call", "RECIPIENTS_COUNTRY_CODE")} == {
        (each["field"], each["reason"]) for each in details(answer)["BadRequest"]["field_violations"]
    }
    assert [] == provider.posts


async def test_an_unknown_outcome_is_told_as_such(web, provider):
    """500, and the dispatch in the details: the status alone would say less."""
    provider.behave(faults.closes_after_reading)

    answer = await placed(web)

    assert (500, "DISPATCH_OUTCOME_UNKNOWN") == (
        answer.status_code,
        details(answer)["ErrorInfo"]["metadata"]["dispatch"],
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b'{"validate_only": "maybe"}', id="a value of another type"),
        pytest.param(b'{"call": {"retry_count": 1, "retry_rules": {}}}', id="two of one choice"),
        pytest.param(b'{"call": {"schedule_time": "tomorrow"}}', id="no time"),
    ],
)
async def test_what_envoy_cannot_read_it_refuses_itself(web, provider, content):
    """As text, without ErrorInfo: it did not reach the gateway."""
    answer = await web.post(PLACE_CALL, content=content, headers={"content-type": "application/json"})

    assert (400, "text/plain") == (answer.status_code, answer.headers["content-type"])
    assert [] == provider.posts


async def test_a_body_of_more_than_four_megabytes_reaches_nobody(web, provider):
    """The gateway's gRPC library refuses it, without ErrorInfo: this would happen again."""
    answer = await placed(web, call=CALL | {"custom": "x" * 5_000_000})

    assert (429, False) == (answer.status_code, "ErrorInfo" in answer.text)
    assert [] == provider.posts


async def test_envoy_drops_an_unknown_key_of_the_body_and_refuses_one_of_the_url(web, provider):
    """A misspelt key would be a wish that nobody heard; what must not be lost goes into the URL."""
    lost = await placed(web, valdiate_only=True)
    refused = await placed(web, path=f"{PLACE_CALL}?valdiate_only=true", request_id="reminder-8813")
    heard = await placed(web, path=f"{PLACE_CALL}?validate_only=true", request_id="reminder-8813")

    assert "DISPATCH_ACCEPTED" == lost.json()["call"]["dispatch"]
    assert (400, "valdiate_only" in refused.text) == (refused.status_code, True)
    assert "preview" in heard.json()
    assert 1 == len(provider.posts)


async def test_a_time_limit_in_a_header_is_kept(web, provider):
    """`grpc-timeout` gives a caller's deadline; the call is seen through all the same."""
    provider.behave(faults.answers_when_released)
    answer = await web.post(
        PLACE_CALL, json={"request_id": "reminder-8812", "call": CALL}, headers={"grpc-timeout": "5S"}
    )
    provider.release.set()
    repeat = await placed(web)

    assert 504 == answer.status_code
    assert (200, True) == (repeat.status_code, repeat.json()["replayed"])
    assert 1 == len(provider.posts)


async def test_the_pages_statuses_are_envoys(mesh):
    """The table has each gRPC code with the HTTP status that Envoy makes of it."""
    rows = {code: int(status) for code, status, *_ in table(HTTP, "| gRPC code")}
    async with standing_in(mesh.ports[0]):
        await mesh.front(described, "web.yaml")
        await mesh.envoy.finds(mesh.ports[0])
        async with httpx2.AsyncClient(base_url=mesh.url, trust_env=False, timeout=60) as client:
            told = {
                code.name: (await client.post(GET_CALL, json={"request_id": code.name})).status_code
                for code in grpc.StatusCode
            }

    assert told == rows


async def test_no_gateway_is_a_503_without_json(mesh):
    """Envoy's own words: nothing is known, and the same request may be sent again."""
    await mesh.front(described, "web.yaml")
    async with httpx2.AsyncClient(base_url=mesh.url, trust_env=False, timeout=60) as client:
        answer = await placed(client)

    assert (503, "text/plain") == (answer.status_code, answer.headers["content-type"])


# With curl


async def run(mesh: Mesh, number: str, **environment: str) -> tuple[int, str]:
    """Runs the example."""
    needs("curl", "sh")
    process = await subprocess.create_subprocess_exec(
        str(ROOT / "examples" / "http" / "place_call.sh"), mesh.url, number, "reminder-8814",
        stdout=subprocess.PIPE, env={"PATH": os.environ["PATH"]} | environment,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.usefixtures("web")
async def test_the_curl_example_places_a_call(mesh, provider):
    """One command, and the answer as JSON."""
    status, output = await run(mesh, "+13236550107")

    assert (0, "DISPATCH_ACCEPTED" in output) == (status, True)
    assert 1 == len(provider.posts)


@pytest.mark.usefixtures("web")
async def test_the_curl_example_prints_an_error(mesh):
    """Reason and dispatch are in what it prints."""
    status, output = await run(mesh, "0107")

    assert 1 == status
    assert {"ERROR_REASON_INVALID_REQUEST", "DISPATCH_NOT_SENT"} <= set(re.findall(r'"([A-Z_]+)"', output))


@pytest.mark.usefixtures("web")
async def test_the_curl_example_repeats_and_the_phone_rings_once(mesh, provider):
    """It gives up on an answer and asks again: the repeat is told what became of the one call."""
    provider.behave(faults.answers_when_released)
    running = asyncio.ensure_future(run(mesh, "+13236550107", TIMEOUT="5"))
    await mesh.envoy.reaches("http.web.downstream_rq_total", 2)
    provider.release.set()
    status, output = await running

    assert (0, '"replayed":true' in output) == (status, True)
    assert 1 == len(provider.posts)
