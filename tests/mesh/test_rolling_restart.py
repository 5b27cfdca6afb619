"""Every gateway is replaced, one after the other, while calls are placed through the front: nobody notices."""

import asyncio
from contextlib import AsyncExitStack

from meshes import posts_by_number
from raw_provider import ACCEPTED, Connection, reply
from replicas import told
from rolling import Load, drained, serving
from waiting import until

CALLERS = 20


async def thinks(connection: Connection) -> None:
    """Takes its time, so that calls are always under way."""
    while True:
        await connection.receive()
        await asyncio.sleep(0.1)
        await connection.send(reply(ACCEPTED))


async def test_no_call_fails_and_none_is_made_twice(mesh, provider, database):
    """Each caller's first answer is the call, and the provider has one POST for each."""
    provider.behave(thinks)
    async with AsyncExitStack() as stack:

        async def starts(port):
            return await stack.enter_async_context(serving(provider.url, database, port))

        first = [await starts(port) for port in mesh.ports]
        await mesh.front()
        await mesh.envoy.finds(*mesh.ports)
        statuses = []
        async with Load.of(mesh.stub, CALLERS) as load:
            for old, port in zip(first, mesh.ports, strict=True):
                enough = len(load.answers) + 2 * CALLERS
                await until(lambda enough=enough: len(load.answers) > enough)
                statuses.append(await drained(old))
                await starts(port)
                await mesh.envoy.finds(*mesh.ports)

    assert [0, 0] == statuses
    assert {} == {number: answer for number, answer in load.answers.items() if told(answer) != ("OK", False)}
    assert dict.fromkeys(load.answers, 1) == posts_by_number(provider)
    assert len(load.answers) > 4 * CALLERS
