"""Plays the scenes, and shows what a caller sees and what the provider gets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rich.console import Console

from gateway.caller.answer import Answer
from gateway.caller.live_page import LivePage
from gateway.caller.page import Page
from gateway.demo.scenes import ANOTHER, LOST, SCENES, Scene
from gateway.demo.stage import SPEED, Stage, staged
from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID
from voicegateway.v1.outbound_call_pb2 import Dispatch
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import watch_call_aio

WIDTH: Final = 110

_LONGEST: Final = 90
"""Characters of a value that are shown: the gateway's own URLs have some hundreds."""

_ASIDE: Final = ("request_id", "account", "create_time", "update_time", "erase_time")
"""Of a reply, what a first look can do without."""


async def demo(console: Console) -> None:
    """Plays every scene, and cleans up."""
    page = Page(console)
    async with staged() as stage:
        page.heading("kaleyra-gateway: a call, from a typed request to the key that was pressed", "bold")
        page.line(f"The gateway listens on {stage.address} for callers (gRPC)")
        page.line(f"and on {stage.gateway.receiver_address} for what the provider reports (HTTP).")
        page.line(f"The provider is the sandbox on {stage.provider}: it rings no phone,")
        page.line(f"and plays what phones do, {SPEED} times as fast as real ones.")
        for number, scene in enumerate(SCENES, start=1):
            page.title(f"{number}. {scene.title}")
            await _play(page, stage, scene)
    _say_goodbye(page)


async def _play(page: Page, stage: Stage, scene: Scene) -> None:
    _show_what_is_asked(page, scene)
    answer = await stage.place(scene.request)
    _show_what_arrived(page, stage, is_whole=scene is SCENES[0])
    page.answer(_short(answer, has_warnings=scene is SCENES[0]))
    if scene is LOST:
        await _misuse(page, stage)
    if scene.is_followed:
        await _follow(page, stage, scene)
    if scene is LOST:
        await _ask_again(page, stage)


async def _ask_again(page: Page, stage: Stage) -> None:
    """Shows that a repeat is told what is known by now."""
    again = await stage.place(LOST.request)
    dispatch = "" if again.response is None else Dispatch.Name(again.response.call.dispatch)
    page.heading(f"The caller repeats it once more: {again.code}, {dispatch}, a replay", "green")
    page.line(f"The provider received {_received(stage)}.")


async def _misuse(page: Page, stage: Stage) -> None:
    """Shows that an unknown outcome is never sent again, whatever the caller does."""
    again = await stage.place(LOST.request)
    page.heading(f"The caller repeats the request: {again.code}, {again.reason}, a replay", "red")
    page.line(f"The provider received {_received(stage)}: nobody is called twice.")
    other = await stage.place(ANOTHER)
    page.heading(f"Another call with the same request_id: {other.code}, {other.reason}", "red")
    page.line(f"The provider received {_received(stage)}.")


async def _follow(page: Page, stage: Stage, scene: Scene) -> None:
    page.heading("What becomes of it, as WatchCalls tells it")
    live, request_id = LivePage(page, is_one_call=True), scene.request["request_id"]
    async with watch_call_aio(stage.channel, request_id=request_id) as events:
        async for event in events:
            live.event(event)
    stub = OutboundCallServiceStub(stage.channel)
    live.record((await stub.GetCall(GetCallRequest(request_id=request_id))).call)


def _show_what_is_asked(page: Page, scene: Scene) -> None:
    call = scene.request["call"]
    shown = {name: call[name] for name in scene.shown or call}
    page.request({**scene.request, "call": shown})
    if len(shown) < len(call):
        page.line("and the rest as in the first one", "dim")


def _show_what_arrived(page: Page, stage: Stage, *, is_whole: bool) -> None:
    if not stage.arrived:
        page.heading("What the provider received: nothing")
    for record in stage.arrived:
        page.heading(f"What the provider received: POST /v1/{record.sid}/voice/outbound")
        if is_whole:
            page.pairs({name: _cut(value) for name, value in record.fields.items()})
            page.line(f"as it travelled: {_cut(record.body)}", "dim")


def _received(stage: Stage) -> str:
    return "something" if stage.arrived else "nothing"


def _short(answer: Answer, *, has_warnings: bool) -> Answer:
    """The answer as far as it is news."""
    if answer.response is None:
        return answer
    reply = PlaceCallResponse()
    reply.CopyFrom(answer.response)
    if reply.HasField("call"):
        for name in _ASIDE:
            reply.call.ClearField(name)
        reply.call.provider_reply.ClearField("receive_time")
    if not has_warnings:
        reply.ClearField("warnings")
    for field in reply.preview.fields if reply.HasField("preview") else ():
        field.value = _cut(field.value)
    return replace(answer, response=reply)


def _cut(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _say_goodbye(page: Page) -> None:
    page.title("To keep it running, start these, each in a terminal of its own")
    provider = f"KALEYRA_BASE_URL=http://127.0.0.1:8090 KALEYRA_SID={DEFAULT_SID} KALEYRA_API_KEY={DEFAULT_KEY}"
    reports = "GATEWAY_RECEIVER_LISTEN=127.0.0.1:8081 GATEWAY_RECEIVER_PUBLIC_URL=http://127.0.0.1:8081"
    page.line(".venv/bin/kaleyra-gateway sandbox --speed 10")
    page.line(f"{provider} {reports} .venv/bin/kaleyra-gateway serve")
    page.line('.venv/bin/kaleyra-gateway call --to +13236550166 --say "Hello" --wait')
    page.heading(
        "This demo's own servers are stopped. docs/sandbox.md lists the numbers that misbehave on purpose.", ""
    )
    page.line("")
