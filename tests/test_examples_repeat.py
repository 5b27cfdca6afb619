"""The examples in Python, Go and Java on a bad day: they repeat what may be repeated, and nobody is called twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from gateway_under_test import running_gateway
from test_examples import example, go, java, python, run  # noqa: F401 - fixtures, which are found by their names

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
async def address(sandbox: Sandbox) -> AsyncIterator[str]:
    """The address of a gateway in front of the sandbox, which waits for its slow number."""
    settings = {"account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}, "provider": {"reply_timeout": 10.0}}
    async with sandbox.serve() as url, running_gateway(url, settings) as gateway:
        yield gateway.address


async def test_an_example_repeats_where_its_connection_broke(example, address, sandbox):  # noqa: F811
    """The connection breaks while the call is placed: the repeat is told what became of it."""
    async with cut_once(address, sandbox) as cut:
        status, said = await run([*example, "--target", cut, "--to", "+13236550151"])

    assert (0, "DISPATCH_ACCEPTED") == (status, said["dispatch"])
    [record] = sandbox.records
    assert dict(record.fields)["custom"] == said["call_id"]


async def test_an_example_looks_an_unknown_outcome_up(example, address, sandbox):  # noqa: F811
    """It is not sent again: what is recorded of it is read."""
    status, said = await run([*example, "--target", address, "--to", "+13236550142"])

    assert (1, "DISPATCH_OUTCOME_UNKNOWN") == (status, said["recorded"])
    assert 1 == len(sandbox.records)


@asynccontextmanager
async def cut_once(address: str, sandbox: Sandbox) -> AsyncIterator[str]:
    """Passes connections on to a gateway; cuts the first when the provider has the call and the caller no answer."""
    host, _, port = address.rpartition(":")
    passing = set[asyncio.Task[None]]()
    writers = set[asyncio.StreamWriter]()

    async def passes(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
        target.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        ways = [asyncio.create_task(passes(reader, back)), asyncio.create_task(passes(there, writer))]
        passing.update(ways)
        writers.update((writer, back))
        if sandbox.records:
            return
        while not sandbox.records:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for each in (writer, back):
            each.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        for writer in writers:
            writer.close()
