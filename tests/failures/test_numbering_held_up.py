"""A replica that stands still while it numbers events keeps nobody from dialing, and ends no stream."""

import asyncio

import asyncpg
from gateway_under_test import running_gateway
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.app import SERVICE
from gateway.ledger.postgresql.events import _LOCK
from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_DISPATCH_CHANGED, WatchCallsRequest

SERVING = health_pb2.HealthCheckResponse.SERVING


async def health_told(channel):
    """Returns once the gateway says that it is not ready."""
    watched = health_pb2.HealthCheckRequest(service=SERVICE.full_name)
    async for told in health_pb2_grpc.HealthStub(channel).Watch(watched):
        if told.status != SERVING:
            return


async def test_who_holds_the_lock_holds_up_events_and_nothing_else(database, provider):
    """Calls are placed, the replica stays ready, and the events come as soon as the lock is free."""
    holder = await asyncpg.connect(database)
    async with running_gateway(provider.url, {"ledger": {"url": database}}) as gateway:
        stream = gateway.stub.WatchCalls(WatchCallsRequest())
        first = await stream.read()
        told = asyncio.create_task(health_told(gateway.channel))
        await holder.execute("SELECT pg_advisory_lock($1)", _LOCK)
        placed = [(await gateway.place_call()).call.call_id for _ in range(3)]
        await asyncio.sleep(2.5)  # longer than a replica waits for the lock
        placed.append((await gateway.place_call()).call.call_id)
        await holder.close()
        accepted = []
        while len(accepted) < len(placed):
            event = (await asyncio.wait_for(stream.read(), 60)).event
            accepted += [event.call_id] * (event.type == CALL_EVENT_TYPE_DISPATCH_CHANGED)
        stream.cancel()
        told.cancel()
        await asyncio.wait({told})

    assert 0 == first.heartbeat.sequence
    assert told.cancelled(), "it turned not ready"
    assert placed == accepted
