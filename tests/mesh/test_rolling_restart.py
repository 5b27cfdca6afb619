"""Every gateway is replaced, one after the other, while calls are placed: nobody notices."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count

import pytest
from envoys import LOOPBACK
from meshes import Mesh, posts_by_number
from raw_provider import ACCEPTED, Connection, reply
from replicas import told
from rolling import Load, drained, serving
from waiting import until

from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import open_aio_channel

CALLERS = 20


async def thinks(connection: Connection) -> None:
    """Takes its time, so that calls are always under way."""
    while True:
        await connection.receive()
        await asyncio.sleep(0.1)
        await connection.send(reply(ACCEPTED))


async def by_envoy(mesh: Mesh) -> OutboundCallServiceStub:
    """A caller of the front, who leaves everything to it."""
    await mesh.front()
    await mesh.envoy.finds(*mesh.ports)
    return mesh.stub


async def by_client(mesh: Mesh) -> OutboundCallServiceStub:
    """A caller with our client package, who knows all replicas and asks for their health himself."""
    target = "ipv4:" + ",".join(f"{LOOPBACK}:{port}" for port in mesh.ports)
    return OutboundCallServiceStub(await mesh.stack.enter_async_context(open_aio_channel(target)))


@pytest.mark.parametrize(
    "caller", [pytest.param(by_envoy, id="behind Envoy"), pytest.param(by_client, id="with the Python client")]
)
async def test_no_call_fails_and_none_is_made_twice(
    mesh: Mesh, provider, database, caller: Callable[[Mesh], Awaitable[OutboundCallServiceStub]]
):
    """Each caller's first answer is the call, and the provider has one POST for each."""
    provider.behave(thinks)
    numbers = count()
    async with AsyncExitStack() as stack:

        async def starts(port):
            sid = f"HXXXXXXX00{next(numbers)}US"
            process = await stack.enter_async_context(serving(provider.url, database, port, sid))
            return process, lambda: any(f"/{sid}/" in post.path for post in provider.posts[-CALLERS:])

        replicas = [await starts(port) for port in mesh.ports]
        statuses = []
        async with Load.of(await caller(mesh), CALLERS) as load:
            for (old, _), port in zip(list(replicas), mesh.ports, strict=True):
                await until(lambda: all(is_used() for _, is_used in replicas), 60)
                statuses.append(await drained(old))
                replicas[mesh.ports.index(port)] = await starts(port)
            await until(lambda: all(is_used() for _, is_used in replicas), 60)

    assert [0, 0] == statuses
    assert {} == {number: answer for number, answer in load.answers.items() if told(answer) != ("OK", False)}
    assert dict.fromkeys(load.answers, 1) == posts_by_number(provider)
    assert len(load.answers) > 4 * CALLERS
