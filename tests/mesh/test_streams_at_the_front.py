"""What Envoy does with a stream: it cuts none that is silent, and opens one anew only before its first word."""

import asyncio
import signal
from typing import Any

import faults
import grpc
import grpc.aio
import pytest
from envoys import Document, Edit, manager
from followers import Follower
from meshes import Mesh
from replicas import PATIENT, numbered
from waiting import until

from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_CREATED, WatchCallsRequest
from voicegateway_client import open_aio_channel, watch_calls_aio

LIMIT = 4.0
"""Seconds of silence after which Envoy would cut a stream here; by itself, after five minutes."""


def limits_silence(document: Document) -> None:
    """Sets how long a stream may be silent, for every route that does not say otherwise."""
    manager(document)["stream_idle_timeout"] = f"{LIMIT}s"


def limits_silence_of_streams_too(document: Document) -> None:
    """Takes from the route of WatchCalls what says otherwise."""
    limits_silence(document)
    del _watching(document)["idle_timeout"]


def never_repeats_a_stream(document: Document) -> None:
    """Leaves a stream that no gateway took to whoever opened it."""
    _watching(document)["retry_policy"] = {"num_retries": 0}


def asks_seldom(document: Document) -> None:
    """Goes on sending to a gateway that is not ready any more."""
    [cluster] = document["static_resources"]["clusters"]
    cluster["health_checks"][0] |= {"interval": "60s", "no_traffic_interval": "60s"}


def _watching(document: Document) -> dict[str, Any]:
    [hosts] = manager(document)["route_config"]["virtual_hosts"]
    [action] = [each["route"] for each in hosts["routes"] if "WatchCalls" in each["match"].get("path", "")]
    return action


async def front(mesh: Mesh, edit: Edit, **settings: Any) -> None:
    """Starts a gateway behind a front."""
    await mesh.gateway(0, **settings)
    await mesh.front(edit)
    await mesh.envoy.finds(mesh.ports[0])


@pytest.mark.parametrize(
    ("edit", "heartbeat"),
    [
        pytest.param(limits_silence, 2 * LIMIT, id="by the shipped route, however rare heartbeats are"),
        pytest.param(limits_silence_of_streams_too, LIMIT / 10, id="by heartbeats, where a mesh sets a limit"),
    ],
)
async def test_a_stream_on_which_nothing_happens_is_not_cut(mesh: Mesh, edit, heartbeat):
    """It goes on for longer than the limit."""
    await front(mesh, edit, watch={"heartbeat": heartbeat})
    stream = mesh.stub.WatchCalls(WatchCallsRequest())
    first = await stream.read()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() < begun + 2 * LIMIT:
        heard = await asyncio.wait_for(stream.read(), 20)
        assert (first.heartbeat.sequence, "heartbeat") == (heard.heartbeat.sequence, heard.WhichOneof("response"))
    stream.cancel()

    assert 0 == await mesh.envoy.stat("http.front.downstream_rq_idle_timeout")


async def test_a_stream_that_a_mesh_cuts_is_gone_on_with(mesh: Mesh):
    """Where heartbeats are rarer than a limit of a mesh's own, streams break, and nothing is lost or told twice."""
    await front(mesh, limits_silence_of_streams_too, watch={"heartbeat": 10 * LIMIT})
    by_hand, helped = Follower(), Follower()
    async with (
        open_aio_channel(mesh.address) as channel,
        watch_calls_aio(channel, after_sequence=0, first_wait=0.05) as watch,
    ):
        following = [asyncio.ensure_future(by_hand.by_hand(mesh.stub)), asyncio.ensure_future(helped.helped(watch))]
        for number in (1, 2, 3):
            await mesh.answer(number)
            await until(lambda number=number: len(by_hand.breaks) >= number)
        await until(lambda: [by_hand.newest, helped.newest] == [6, 6])
        for each in following:
            each.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    assert [1, 2, 3, 4, 5, 6] == by_hand.sequences == helped.sequences
    assert {grpc.StatusCode.INTERNAL} == set(by_hand.breaks)


@pytest.mark.parametrize(
    ("edit", "is_repeated"),
    [
        pytest.param(lambda _: None, True, id="as shipped"),
        pytest.param(never_repeats_a_stream, False, id="without retries"),
    ],
)
async def test_a_stream_that_no_gateway_took_is_opened_at_another(mesh: Mesh, provider, edit, is_repeated):
    """Who comes to a gateway that drains does not notice, and what he is told he is told once."""

    def both(document: Document) -> None:
        edit(document)
        asks_seldom(document)

    draining = await mesh.gateway(0, provider=PATIENT)
    await mesh.gateway(1, provider=PATIENT)
    provider.behave(faults.answers_when_released)
    running = asyncio.ensure_future(draining.stub.PlaceCall(numbered(1), timeout=60))
    await provider.arrivals(1)
    await mesh.front(both)
    await mesh.envoy.finds(*mesh.ports)
    draining.send(signal.SIGTERM)
    await until_refused(draining)
    streams = [mesh.stub.WatchCalls(WatchCallsRequest(request_id=numbered(1).request_id)) for _ in range(10)]
    firsts = [await first_of(stream) for stream in streams]
    repeats = await mesh.envoy.stat("cluster.gateway.upstream_rq_retry")
    provider.release.set()
    await running

    refused = firsts.count(grpc.StatusCode.UNAVAILABLE)
    assert 10 - refused == firsts.count(CALL_EVENT_TYPE_CREATED)
    assert (is_repeated, not is_repeated) == (repeats > 0, refused > 0)  # about one stream in two comes to the other


async def first_of(stream: Any) -> Any:
    """The type of the first event, or how the stream ended before it."""
    try:
        return (await stream.read()).event.type
    except grpc.aio.AioRpcError:
        return await stream.code()


async def until_refused(draining: Any) -> None:
    """Waits until a gateway takes no more streams."""
    while await first_of(draining.stub.WatchCalls(WatchCallsRequest())) is not grpc.StatusCode.UNAVAILABLE:
        pass
