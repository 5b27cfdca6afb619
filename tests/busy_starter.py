"""A program that starts programs while gRPC is busy, and prints how many ended well.

Beside pytest it happens too seldom to be waited for: this process is small, and its forks are fast.
"""

import asyncio
import sys

import before_grpc  # noqa: F401 - has to come first
import grpc.aio
import uvloop
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub, add_HealthServicer_to_server

STARTS = 300
"""With gRPC's fork handlers one in about 30 ends badly."""


async def main() -> None:
    server = grpc.aio.server()
    add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        calling = asyncio.create_task(call(channel))
        sys.stdout.write(f"{[await status() for _ in range(STARTS)].count(0)} of {STARTS}\n")
        calling.cancel()
    await server.stop(None)


async def call(channel: grpc.aio.Channel) -> None:
    while True:
        await HealthStub(channel).Check(HealthCheckRequest())


async def status() -> int:
    process = await asyncio.create_subprocess_exec("true", stdout=asyncio.subprocess.PIPE)
    await process.communicate()
    return process.returncode or 0


if __name__ == "__main__":
    uvloop.run(main())
