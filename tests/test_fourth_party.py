"""Clients that know nothing of ours, neither stubs nor protos: they ask the server what it serves."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from gateway_under_test import GatewayUnderTest, running_gateway
from go_programs import grpcurl

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

SERVICE = "voicegateway.v1.OutboundCallService"
CALL = {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}}
Ask = Callable[..., Any]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    async with sandbox.serve() as sandbox.url:
        yield sandbox


@pytest.fixture
async def gateway(sandbox: Sandbox) -> AsyncIterator[GatewayUnderTest]:
    async with running_gateway(sandbox.url, {"account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}}) as running:
        yield running


async def run(*command: str) -> tuple[int, str]:
    """Runs a program; returns its exit status and what it printed, on either stream."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def asked_by_buf(address: str, method: str, request: Mapping[str, Any]) -> list[str]:
    buf = str(Path(sys.executable).with_name("buf"))
    reflection = ["--protocol", "grpc", "--http2-prior-knowledge", "--reflect"]
    return [buf, "curl", *reflection, "-d", json.dumps(request), f"http://{address}/{SERVICE}/{method}"]


def asked_by_grpcurl(address: str, method: str, request: Mapping[str, Any]) -> list[str]:
    return [str(grpcurl()), "-plaintext", "-d", json.dumps(request), address, f"{SERVICE}/{method}"]


@pytest.fixture(params=[pytest.param(asked_by_buf, id="buf curl"), pytest.param(asked_by_grpcurl, id="grpcurl")])
def ask(request: pytest.FixtureRequest, gateway: GatewayUnderTest) -> Ask:
    """Asks the gateway with a client that learns everything by reflection."""

    def ask(method: str, **fields: Any) -> Any:
        return run(*request.param(gateway.address, method, fields))

    return ask


async def test_a_stranger_places_a_call_and_repeats_it(ask, sandbox):
    """Reflection is enough to place a call, to be told of it again, and to look it up; the phone rings once."""
    _, first = await ask("PlaceCall", request_id="reminder-0001", call=CALL)
    _, again = await ask("PlaceCall", request_id="reminder-0001", call=CALL)
    _, found = await ask("GetCall", request_id="reminder-0001")
    placed, repeated, looked_up = json.loads(first), json.loads(again), json.loads(found)

    assert "DISPATCH_ACCEPTED" == placed["call"]["dispatch"]
    assert repeated["replayed"]
    assert placed["call"]["callId"] == repeated["call"]["callId"] == looked_up["call"]["callId"]
    assert [("+13236550107",)] == [record.rang for record in sandbox.records]


async def test_a_stranger_reads_the_whole_error(gateway, sandbox):
    """Grpcurl knows no type of ours, and prints reason, dispatch, advice and the broken rule."""
    status, printed = await run(
        *asked_by_grpcurl(
            gateway.address, "PlaceCall", {"request_id": "reminder-0001", "call": CALL | {"recipients": []}}
        )
    )

    assert 0 != status
    for told in (
        "InvalidArgument", '"reason": "ERROR_REASON_INVALID_REQUEST"', '"dispatch": "DISPATCH_NOT_SENT"',
        '"retry": "RETRY_ADVICE_CORRECT"', '"field": "call.recipients"', '"reason": "REPEATED_MIN_ITEMS"',
    ):  # fmt: skip
        assert told in printed
    assert [] == list(sandbox.records)


async def test_a_stranger_finds_out_what_is_served(gateway):
    """Listing and describing need no file of ours either."""
    _, services = await run(str(grpcurl()), "-plaintext", gateway.address, "list")
    _, described = await run(str(grpcurl()), "-plaintext", gateway.address, "describe", f"{SERVICE}.PlaceCall")

    _, nonsense = await run(str(grpcurl()), "-plaintext", gateway.address, "describe", f"{SERVICE}.Nonsense")

    assert {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"} == set(services.split())
    assert (
        "rpc PlaceCall ( .voicegateway.v1.PlaceCallRequest ) returns ( .voicegateway.v1.PlaceCallResponse )"
        in described
    )
    assert "Symbol not found" in nonsense
