"""The main job, as a story: a real gRPC client, a real gateway and the sandbox as the provider, all on real sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import grpc.aio
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc import error_details_pb2 as details_pb2
from grpc_status import rpc_status
from rich.console import Console
from rich.text import Text

from gateway.app import Gateway
from gateway.plain_words import WORDS_BY_ADVICE, WORDS_BY_DISPATCH
from gateway.sandbox import DEFAULT_BRIDGE, DEFAULT_KEY, DEFAULT_SID, Record, Sandbox
from gateway.settings import Settings, load
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

PROVIDER_PATIENCE: Final = 2.0
"""Seconds that the demo's gateway waits for the provider's reply; the usual 20 would be a long scene."""

WIDTH: Final = 110


@dataclass(frozen=True, slots=True)
class Scene:
    """One request, and why it is worth watching."""

    title: str
    request: Mapping[str, Any]


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
    Scene(
        "The provider takes the request and never answers: +13236550150 does that",
        {"request_id": "reminder-8816", "call": _greeting("+13236550150")},
    ),
)


async def demo(console: Console) -> None:
    """Plays every scene, and cleans up."""
    arrived: list[Record] = []
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(Sandbox(on_record=arrived.append).serve())
        gateway = Gateway(_settings(provider), Secrets())
        address = await gateway.start()
        stack.push_async_callback(gateway.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        _introduce(console, address, provider)
        for number, scene in enumerate(SCENES, start=1):
            arrived.clear()
            _announce(console, number, scene)
            await _play(console, scene, channel, arrived)
    _say_goodbye(console)


def _settings(provider: str) -> Settings:
    settings = load(
        None,
        {
            "KALEYRA_BASE_URL": provider,
            "KALEYRA_SID": DEFAULT_SID,
            "KALEYRA_API_KEY": DEFAULT_KEY,
            "GATEWAY_LISTEN": "127.0.0.1:0",
        },
    )
    hasty = settings.provider.model_copy(update={"reply_timeout": PROVIDER_PATIENCE})
    return settings.model_copy(update={"provider": hasty})


async def _play(console: Console, scene: Scene, channel: grpc.aio.Channel, arrived: list[Record]) -> None:
    request = ParseDict(dict(scene.request), PlaceCallRequest())
    try:
        answer = await OutboundCallServiceStub(channel).PlaceCall(request)
    except grpc.aio.AioRpcError as error:
        _show_form(console, arrived)
        _show_error(console, error)
    else:
        _show_form(console, arrived)
        _show_answer(console, answer)


# What people see


def _introduce(console: Console, address: str, provider: str) -> None:
    console.print()
    console.print(Text("kaleyra-gateway: a call, from a typed request to the provider and back", style="bold"))
    console.print(f"The gateway listens on {address} (gRPC). The provider is the sandbox on {provider} (HTTP).")


def _announce(console: Console, number: int, scene: Scene) -> None:
    console.print()
    console.rule(Text(f"{number}. {scene.title}", style="bold"), align="left", characters="─")
    _heading(console, "The request: PlaceCall")
    call = {f"call.{name}": value for name, value in scene.request["call"].items()}
    _pairs(console, {name: value for name, value in scene.request.items() if name != "call"} | call)


def _show_form(console: Console, arrived: list[Record]) -> None:
    if not arrived:
        _heading(console, "What the provider received: nothing")
    for record in arrived:
        _heading(console, f"What the provider received: POST /v1/{record.sid}/voice/outbound")
        _pairs(console, record.fields)
        _line(console, f"as it travelled: {record.body}", "dim")


def _show_answer(console: Console, answer: PlaceCallResponse) -> None:
    if answer.HasField("preview"):
        _heading(console, f"The answer: what a call would send to {answer.preview.url}", "green")
        _pairs(console, {field.name: field.value for field in answer.preview.fields})
    else:
        call = MessageToDict(answer.call, preserving_proto_field_name=True)
        call.pop("request")  # as given; it was shown above
        _heading(console, "The answer: OK", "green")
        _pairs(console, {f"call.{name}": value for name, value in call.items()})
        _line(console, f"In words: {WORDS_BY_DISPATCH[call['dispatch']]}.", "bold green")
    for warning in answer.warnings:
        place = f"{warning.field}: " if warning.field else ""
        _line(console, f"Warning: {place}{warning.description}.", "yellow")


def _show_error(console: Console, error: grpc.aio.AioRpcError) -> None:
    info, bad_request = details_pb2.ErrorInfo(), details_pb2.BadRequest()
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it reads what a finished call has
    for detail in status.details if status else ():
        detail.Unpack(info)  # does nothing with a detail of another type
        detail.Unpack(bad_request)
    _heading(console, f"The answer: {error.code().name}, {info.reason}", "red")
    _pairs(console, {each.field: each.description for each in bad_request.field_violations})
    _pairs(console, dict(sorted(info.metadata.items())))
    _line(console, f"In words: {WORDS_BY_DISPATCH[info.metadata['dispatch']]}.", "bold red")
    _line(console, f"What to do: {WORDS_BY_ADVICE[info.metadata['retry']]}.", "bold red")


def _say_goodbye(console: Console) -> None:
    console.print()
    console.rule(Text("Now try it yourself, each in a terminal of its own", style="bold"), align="left", characters="─")
    provider = f"KALEYRA_BASE_URL=http://127.0.0.1:8090 KALEYRA_SID={DEFAULT_SID} KALEYRA_API_KEY={DEFAULT_KEY}"
    _line(console, ".venv/bin/kaleyra-gateway sandbox")
    _line(console, f"{provider} .venv/bin/kaleyra-gateway serve")
    _line(console, ".venv/bin/python examples/python/place_call.py")
    console.print(
        "\nEverything of this demo is stopped. docs/sandbox.md lists the numbers that misbehave on purpose.\n"
    )


def _heading(console: Console, text: str, style: str = "cyan") -> None:
    console.print()
    console.print(Text(f"  {text}", style=style), soft_wrap=True)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(f"    {text}", style=style), soft_wrap=True)


def _pairs(console: Console, pairs: Mapping[str, Any]) -> None:
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        console.print(Text.assemble(f"    {name:<{width}}  ", (text, "bold")), soft_wrap=True)
