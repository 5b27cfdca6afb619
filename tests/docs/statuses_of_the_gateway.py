"""The errors that a gateway before the sandbox answers, one for each reason that can be made there."""

import asyncio
from collections.abc import Mapping
from typing import Any

from gateway_under_test import GatewayUnderTest, Refusal, refusal_of, running_gateway
from google.rpc.status_pb2 import Status
from waiting import until

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, WatchCallsRequest

SETTINGS: Mapping[str, Any] = {
    "account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY, "only_numbers": ["+1323655*"]},
    "accounts": {"unreachable": {"base_url": "http://127.0.0.1:1", "sid": DEFAULT_SID, "api_key": DEFAULT_KEY}},
    "provider": {"reply_timeout": 120.0},
}
LONG_AGO = "2026-01-01T00:00:00Z"


def call(number: str = "+13236550107", **fields: Any) -> dict[str, Any]:
    target = {} if "playlist" in fields else {"ivr": {"flowId": "SG_1"}}
    return {"recipients": [{"number": number}]} | target | fields


ANSWER_BY_REASON: Mapping[str, Mapping[str, Any]] = {
    "INVALID_REQUEST": {"call": call("0")},
    "ACCOUNT_NOT_FOUND": {"call": call(), "account": "nobody"},
    "PROVIDER_INVALID_INPUT": {"call": call("+13236550121")},
    "INVALID_NUMBER": {"call": call("+13236550123")},
    "SCHEDULE_TIME_REFUSED": {"call": call("+13236550122")},
    "BRIDGE_NOT_FOUND": {"call": call(bridge="+13236550199")},
    "FLOW_NOT_FOUND": {"call": call(ivr={"flowId": "SG_missing"})},
    "SOUND_NOT_FOUND": {"call": call(playlist={"items": [{"sounds": {"soundIds": ["404"]}}]})},
    "PROVIDER_CREDENTIALS_REJECTED": {"call": call("+13236550130")},
    "PROVIDER_MISCONFIGURED": {"call": call("+13236550132")},
    "PROVIDER_REFUSED": {"call": call("+13236550137")},
    "PROVIDER_THROTTLED": {"call": call("+13236550133")},
    "PROVIDER_UNREACHABLE": {"call": call(), "account": "unreachable"},
    "OUTCOME_UNKNOWN": {"call": call("+13236550142")},
    "POLICY_REFUSED": {"call": call("+12025550107")},
    "EXPIRED": {"call": call(), "dialBefore": LONG_AGO},
}
"""Requests that are each answered with one reason."""


async def statuses() -> dict[str, Status]:
    """Makes every error, and returns them by their reasons; `EXPIRED, spent` where the id is spent as well."""
    sandbox = Sandbox(late_seconds=120)
    async with sandbox.serve() as url, running_gateway(url, SETTINGS) as gateway:
        told = {name: await gateway.place_call_error(**request) for name, request in ANSWER_BY_REASON.items()}
        told |= await _of_reads(gateway)
        told |= await _of_repeats(gateway, sandbox)
        told |= await _of_a_gateway_that_will_not_dial(gateway)
    assert list(told) == [f"{error.reason}{', spent' * name.endswith('spent')}" for name, error in told.items()]
    return {name: error.status for name, error in told.items()}


async def _of_reads(gateway: GatewayUnderTest) -> dict[str, Refusal]:
    stream = gateway.stub.WatchCalls(WatchCallsRequest(after_sequence=1 << 40))
    return {
        "CALL_NOT_FOUND": await refusal_of(gateway.stub.GetCall(GetCallRequest(request_id="never-sent"))),
        "CURSOR_OUT_OF_RANGE": await refusal_of(anext(aiter(stream))),
    }


async def _of_repeats(gateway: GatewayUnderTest, sandbox: Sandbox) -> dict[str, Refusal]:
    await gateway.place_call(call(), requestId="reminder-0001")
    free = {"call": call(), "account": "unreachable", "requestId": "reminder-0002"}
    await gateway.place_call_error(**free)
    slow = {"call": call("+13236550151"), "requestId": "reminder-0003"}
    sandbox.clear()
    first = asyncio.create_task(gateway.place_call(**slow))
    await until(lambda: sandbox.records)
    for _ in range(5):
        in_progress = await gateway.place_call_error(**slow, timeout=5)
        if in_progress.code != "DEADLINE_EXCEEDED":  # the gateway has half a second for it, which may be too short once
            break
    first.cancel()
    return {
        "REQUEST_ID_REUSED": await gateway.place_call_error(call("+13236550108"), requestId="reminder-0001"),
        "EXPIRED, spent": await gateway.place_call_error(**free, dialBefore=LONG_AGO),
        "REQUEST_IN_PROGRESS": in_progress,
    }


async def _of_a_gateway_that_will_not_dial(gateway: GatewayUnderTest) -> dict[str, Refusal]:
    ledger = gateway.gateway.ledger
    await ledger._store.pause("a wrong text")
    await ledger.pausing.refresh()
    return {"PAUSED": await gateway.place_call_error()}
