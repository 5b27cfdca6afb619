"""Streams behind the front outlive every gateway, and the front: no event is lost, told twice or out of order."""

import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import httpx2
import pytest
from audience import Audience, about
from envoys import LOOPBACK
from meshes import BRIEF, Mesh
from nursery import Child
from reporting_phones import Phones

from voicegateway.v1.outbound_call_pb2 import RECIPIENT_STATE_ENDED

NEWS = 30
"""Events between two misfortunes."""

SETTINGS = {"provider": BRIEF, "watch": {"heartbeat": 0.5}}


@pytest.fixture
async def phones(mesh: Mesh, provider) -> AsyncIterator[Phones]:
    """A provider that reports to either gateway."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        ringing = Phones([f"http://{LOOPBACK}:{port}" for port in mesh.receivers], random.Random(seed), http)
        provider.behave(ringing)
        yield ringing


Misfortune = Callable[[Mesh, Audience, list[Child]], Awaitable[None]]


async def each_gateway_is_replaced(mesh: Mesh, audience: Audience, running: list[Child]) -> None:
    """One after the other ends as an orchestrator ends it, and another one comes in its place."""
    await _replaced(mesh, audience, running, signal.SIGTERM, 0)


async def each_gateway_is_killed(mesh: Mesh, audience: Audience, running: list[Child]) -> None:
    """One after the other dies without a word, and another one comes in its place."""
    await _replaced(mesh, audience, running, signal.SIGKILL, -signal.SIGKILL)


async def the_front_is_replaced(mesh: Mesh, audience: Audience, _running: list[Child]) -> None:
    """Envoy ends with all that it passes on, and another one comes in its place."""
    await mesh.front_again()
    await mesh.envoy.finds(*mesh.ports)
    await audience.hears(NEWS)


async def _replaced(mesh: Mesh, audience: Audience, running: list[Child], number: signal.Signals, status: int) -> None:
    for place in (0, 1):
        running[place].send(number)
        assert status == await running[place].exit_status()
        running[place] = await mesh.reporting(place, **SETTINGS)
        await mesh.envoy.finds(*mesh.ports)
        await audience.hears(NEWS)


CUT, REFUSED = grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("misfortune", "codes"),
    [
        pytest.param(each_gateway_is_replaced, {REFUSED}, id="a rolling restart of the gateways"),
        pytest.param(each_gateway_is_killed, {CUT, REFUSED}, id="kill -9 of every gateway"),
        pytest.param(the_front_is_replaced, {REFUSED}, id="a restart of Envoy"),
    ],
)
async def test_everybody_is_told_the_same_whole_story(
    mesh: Mesh, phones: Phones, misfortune: Misfortune, codes: set[grpc.StatusCode]
):
    """Events 1, 2, 3 and so on, the same for all who follow the account; a call's own for who follows it to its end."""
    running = [await mesh.reporting(place, **SETTINGS) for place in (0, 1)]
    await mesh.front()
    await mesh.envoy.finds(*mesh.ports)
    async with Audience.of(mesh, phones) as audience:
        await audience.hears(NEWS)
        await misfortune(mesh, audience, running)

    story = audience.by_hand[0].events
    assert list(range(1, len(story) + 1)) == audience.by_hand[0].sequences
    assert all(story == follower.events for follower in audience.accounts)
    for call_id, followers in audience.calls.items():
        for follower in followers:
            assert about(call_id, story) == follower.events
            assert (RECIPIENT_STATE_ENDED, True) == (follower.events[-1].recipient.state, follower.is_over)
    assert all(follower.breaks for follower in audience.by_hand), "nobody felt it"
    assert set.union(*(set(follower.breaks) for follower in audience.by_hand)) <= codes
    assert len(audience.calls) >= 10  # a call has five events at most, and there were sixty
