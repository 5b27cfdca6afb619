"""Deadlines and cancellations cross Envoy: the gateway knows how long its caller waits, and that he has left."""

import asyncio
import signal
from typing import Any

import faults
import grpc
import grpc.aio
from meshes import Mesh, insisting
from replicas import NOTHING, PATIENT, dispatch, numbered, told
from waiting import until_true

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_SENDING
from voicegateway.v1.outbound_call_service_pb2 import WatchCallsRequest

ID = numbered(1).request_id
ENVOYS_DEFAULT = 15
"""Seconds after which Envoy ends a call, where a route does not say otherwise."""


async def test_the_gateway_knows_the_callers_deadline(mesh, provider):
    """A repeat is told REQUEST_IN_PROGRESS shortly before its own deadline: the gateway must have heard of it."""
    provider.behave(faults.answers_when_released)
    await mesh.both(provider=PATIENT)
    first = asyncio.ensure_future(mesh.answer(1, timeout=30))
    await provider.arrivals(1)
    repeat = await in_time(mesh)
    provider.release.set()

    assert ("ABORTED", "REQUEST_IN_PROGRESS", "SENDING") == (repeat.code, repeat.reason, repeat.dispatch)
    assert ("OK", False) == told(await first)


async def in_time(mesh: Mesh) -> Any:
    """The answer to a repeat shortly before its deadline: half a second, which may be too short once."""
    for _ in range(5):
        answer = await mesh.answer(1, timeout=5)
        if answer.code != "DEADLINE_EXCEEDED":
            break
    return answer


async def test_a_deadline_comes_back_as_that_and_the_call_is_seen_through(mesh, provider):
    """DEADLINE_EXCEEDED says nothing about the phones; the verdict is recorded, and a repeat is told."""
    provider.behave(faults.answers_when_released)
    await mesh.both(provider=PATIENT)
    error = await mesh.answer(1, timeout=5)
    during = await dispatch(mesh.stub, ID)
    provider.release.set()
    repeat = await insisting(mesh.stub, numbered(1))

    assert ("DEADLINE_EXCEEDED", None) == (error.code, error.info)
    assert "SENDING" == during
    assert ("OK", True) == told(repeat[-1])
    assert 1 == len(provider.posts)


async def test_a_caller_who_cancels_before_the_reservation_is_not_dialed_for(mesh, provider):
    """Envoy passes the cancellation on; the gateway hears of it before it has recorded anything, and sends nothing."""
    gateway = await mesh.gateway(0, "before reserve", ("SIGSTOP",))
    await mesh.front()
    await mesh.envoy.finds(mesh.ports[0])
    rpc = mesh.stub.PlaceCall(numbered(1), timeout=30)
    await gateway.has_stopped()
    rpc.cancel()
    await mesh.envoy.reaches("cluster.gateway.upstream_rq_tx_reset", 1)
    gateway.send(signal.SIGCONT)
    gateway.send(signal.SIGTERM)  # it ends when what it was about has ended
    status = await gateway.exit_status()
    await mesh.gateway(1)
    await mesh.envoy.finds(mesh.ports[1])

    assert 0 == status
    assert NOTHING == await dispatch(mesh.stub, ID)
    assert [] == provider.posts


async def test_a_caller_who_cancels_after_the_reservation_changes_nothing(mesh, provider):
    """The request has left: its verdict is awaited and recorded."""
    provider.behave(faults.answers_when_released)
    await mesh.both(provider=PATIENT)
    rpc = mesh.stub.PlaceCall(numbered(1), timeout=30)
    await provider.arrivals(1)
    rpc.cancel()
    await mesh.envoy.reaches("cluster.gateway.upstream_rq_tx_reset", 1)
    during = await dispatch(mesh.stub, ID)
    provider.release.set()

    async def accepted() -> bool:
        return await dispatch(mesh.stub, ID) == "ACCEPTED"

    await until_true(accepted)
    assert "SENDING" == during
    assert 1 == len(provider.posts)


async def test_envoys_own_time_limit_cuts_neither_a_long_call_nor_a_stream(mesh, provider):
    """A call without a deadline, one with a long deadline and a silent stream outlast the 15 seconds of Envoy's own."""
    provider.behave(faults.answers_when_released)
    await mesh.both(provider=PATIENT, watch={"heartbeat": 60, "settle": 0.1})
    calls = [mesh.stub.PlaceCall(numbered(number), timeout=timeout) for number, timeout in ((1, None), (2, 60))]
    await provider.arrivals(2)
    stream = mesh.stub.WatchCalls(WatchCallsRequest(request_id=ID))
    first = await stream.read()
    ended = asyncio.gather(*(call.code() for call in [*calls, stream]))
    done, _ = await asyncio.wait({ended}, timeout=ENVOYS_DEFAULT + 1)
    provider.release.set()
    second = await stream.read()

    assert set() == done
    assert [DISPATCH_SENDING, DISPATCH_ACCEPTED] == [message.event.dispatch for message in (first, second)]
    assert grpc.aio.EOF == await asyncio.wait_for(stream.read(), 60)
    assert [grpc.StatusCode.OK] * 3 == await asyncio.wait_for(ended, 60)
