"""A gateway as a process of its own, by any command line."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from served_process import ServedProcess


@asynccontextmanager
async def serving(
    command: Sequence[str], credentials: grpc.ChannelCredentials | None = None, **options: Any
) -> AsyncIterator[ServedProcess]:
    """Starts a gateway and waits until it serves; a channel to it is open until the end of the block.

    Args:
        command: Its command line.
        credentials: For a channel with TLS.
        options: Of the process: `env`, `cwd`.
    """
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, **options)
    served = ServedProcess(process)
    reading = asyncio.create_task(served.read())
    try:
        address = (await served.line("serving"))["address"]
        async with _channel(address, credentials) as served.channel:
            yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


def _channel(address: str, credentials: grpc.ChannelCredentials | None) -> grpc.aio.Channel:
    if credentials is None:
        return grpc.aio.insecure_channel(address)
    return grpc.aio.secure_channel(address, credentials)
