"""The main job, as a story: a real gRPC client, a real gateway and the sandbox as the provider, all on real sockets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Final

import grpc.aio
from google.protobuf.json_format import ParseDict
from rich.console import Console

from gateway.app import Gateway
from gateway.caller.answer import Answer, answer_from_error
from gateway.caller.page import Page
from gateway.sandbox import DEFAULT_BRIDGE, DEFAULT_KEY, DEFAULT_SID, Record, Sandbox
from gateway.settings import Settings, load
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

PROVIDER_PATIENCE: Final = 2.0
"""Seconds that the demo's gateway waits for the provider's reply; the usual 20 would be a long scene."""

WIDTH: Final = 110


@dataclass(frozen=True, slots=True)
class Scene:
    """One request, and why it is worth watching."""

    title: str
    request: Mapping[str, Any]
    is_repeat: bool = False


def _greeting(number: str) -> dict[str, Any]:
    return {
        "recipients": [{"number": number, "reference": "patient-8812"}],
        "bridge": DEFAULT_BRIDGE,
        "playlist": {
            "items": [{"message": {"text": "Hello! Your appointment is tomorrow at 9.", "language": "en-US"}}]
        },
        "retry_count": 2,
        "retry_interval": "20s",
    }


LOST: Final = {"request_id": "reminder-8816", "call": _greeting("+13236550150")}

SCENES: Final = (
    Scene("A call is placed", {"request_id": "reminder-8812", "call": _greeting("+13236550107")}),
    Scene(
        "A dry run shows the form and sends nothing",
        {
            "request_id": "reminder-8813",
            "validate_only": True,
            "call": {"recipients": [{"number": "+13236550108"}], "ivr": {"flow_id": "SG_night-duty"}, "delay": "60s"},
        },
    ),
    Scene(
        "A request that breaks rules is refused, all of them at once",
        {
            "request_id": "reminder-8814",
            "call": {
                "recipients": [{"number": "13236550107"}, {"number": "0"}],
                "retry_interval": "5s",
                "dlr_url": "ftp://example.com",
            },
        },
    ),
    Scene(
        "The provider refuses: the sandbox has no bridge +13236550199",
        {"request_id": "reminder-8815", "call": _greeting("+13236550109") | {"bridge": "+13236550199"}},
    ),
    Scene("The provider takes the request and never answers: +13236550150 does that", LOST),
    Scene("The caller repeats that request: it is told the outcome, and nobody is called twice", LOST, is_repeat=True),
)

ANOTHER: Final = Scene("Another call with the request_id of the last one", LOST | {"call": _greeting("+13236550107")})


async def demo(console: Console) -> None:
    """Plays every scene, and cleans up."""
    page, arrived = Page(console), list[Record]()
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(Sandbox(on_record=arrived.append).serve())
        folder = stack.enter_context(TemporaryDirectory(prefix="kaleyra-gateway-demo-"))
        gateway = Gateway(_settings(provider, folder), Secrets())
        address = await gateway.start()
        stack.push_async_callback(gateway.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        page.heading("kaleyra-gateway: a call, from a typed request to the provider and back", "bold")
        page.line(f"The gateway listens on {address} (gRPC). The provider is the sandbox on {provider} (HTTP).")
        for number, scene in enumerate(SCENES, start=1):
            arrived.clear()
            page.title(f"{number}. {scene.title}")
            _show_what_is_asked(page, scene)
            answer = await _answer(scene, channel)
            _show_what_arrived(page, arrived)
            page.answer(answer)
        refused = await _answer(ANOTHER, channel)
        received = "something" if arrived else "nothing"
        page.heading(f"{ANOTHER.title}: {refused.code}, {refused.reason}; the provider received {received}.", "red")
    _say_goodbye(page)


def _settings(provider: str, folder: str) -> Settings:
    settings = load(
        None,
        {
            "KALEYRA_BASE_URL": provider,
            "KALEYRA_SID": DEFAULT_SID,
            "KALEYRA_API_KEY": DEFAULT_KEY,
            "GATEWAY_LISTEN": "127.0.0.1:0",
            "GATEWAY_LEDGER_URL": f"sqlite:///{folder}/ledger.db",
        },
    )
    hasty = settings.provider.model_copy(update={"reply_timeout": PROVIDER_PATIENCE})
    return settings.model_copy(update={"provider": hasty})


async def _answer(scene: Scene, channel: grpc.aio.Channel) -> Answer:
    request = ParseDict(dict(scene.request), PlaceCallRequest())
    try:
        return Answer(response=await OutboundCallServiceStub(channel).PlaceCall(request))
    except grpc.aio.AioRpcError as error:
        return answer_from_error(error)


def _show_what_is_asked(page: Page, scene: Scene) -> None:
    if scene.is_repeat:
        page.heading("The request: PlaceCall, the same as before")
        page.pairs({"request_id": scene.request["request_id"]})
    else:
        page.request(scene.request)


def _show_what_arrived(page: Page, arrived: list[Record]) -> None:
    if not arrived:
        page.heading("What the provider received: nothing")
    for record in arrived:
        page.heading(f"What the provider received: POST /v1/{record.sid}/voice/outbound")
        page.pairs(record.fields)
        page.line(f"as it travelled: {record.body}", "dim")


def _say_goodbye(page: Page) -> None:
    page.title("To keep it running, start these, each in a terminal of its own")
    provider = f"KALEYRA_BASE_URL=http://127.0.0.1:8090 KALEYRA_SID={DEFAULT_SID} KALEYRA_API_KEY={DEFAULT_KEY}"
    page.line(".venv/bin/kaleyra-gateway sandbox")
    page.line(f"{provider} .venv/bin/kaleyra-gateway serve")
    page.line('.venv/bin/kaleyra-gateway call --to +13236550107 --say "Hello" --dry-run')
    page.heading(
        "This demo's own servers are stopped. docs/sandbox.md lists the numbers that misbehave on purpose.", ""
    )
    page.line("")
