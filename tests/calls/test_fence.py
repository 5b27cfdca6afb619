"""The fence: a request that comes too late to its connection is not sent, now or ever."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import faults
import pytest
import time_machine
from gateway_under_test import GatewayUnderTest
from raw_provider import ACCEPTED, RawProvider, reply
from waiting import until

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED

ONE_CONNECTION = {"max_connections": 1, "connect_timeout": 10, "reply_timeout": 30}
"""The second call waits for the first one's connection, longer than any of these tests."""


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def second_in_line(
    gateway: GatewayUnderTest, provider: RawProvider, meanwhile: Callable[[], None], **fields: str
):
    """Places a call behind another, lets something happen while it waits for the connection, and gets its error."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call())
    await provider.arrivals(1)
    second = asyncio.create_task(gateway.place_call_error(requestId="test-0000002", **fields))
    await until(lambda: gateway.gateway.dialer.in_flight == 2)

    meanwhile()
    provider.release.set()
    assert DISPATCH_ACCEPTED == (await first).call.dispatch

    return await second


@pytest.mark.parametrize(
    "standstill",
    [
        pytest.param(timedelta(seconds=21), id="a little longer than twice the connect timeout"),
        pytest.param(timedelta(days=1), id="a day"),
    ],
)
async def test_a_request_that_slept_with_its_machine_is_not_sent(start_gateway, provider, standstill):
    """A machine that was suspended while a call waited wakes up, and does not ring anybody late."""
    gateway = await start_gateway(provider=ONE_CONNECTION)

    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        error = await second_in_line(gateway, provider, lambda: clock.shift(standstill))

    assert ("PROVIDER_UNREACHABLE", "NOT_SENT", "REPEAT") == (error.reason, error.dispatch, error.retry)
    assert 1 == len(provider.posts)


async def test_a_short_wait_is_no_reason_not_to_send(start_gateway, provider):
    """A call that gets its connection in time is sent."""
    gateway = await start_gateway(provider=ONE_CONNECTION)
    provider.behave(faults.answers_when_released)
    calls = [asyncio.create_task(gateway.place_call(requestId=f"test-000000{number}")) for number in range(3)]
    await provider.arrivals(1)

    provider.release.set()
    answers = await asyncio.gather(*calls)

    assert 3 * [DISPATCH_ACCEPTED] == [answer.call.dispatch for answer in answers]
    assert 3 == len(provider.posts)


async def test_dial_before_has_passed(gateway, provider):
    """A call that comes too late is refused at once: nothing is even connected."""
    error = await gateway.place_call_error(dialBefore=in_seconds(-1))

    assert ("EXPIRED", "FAILED_PRECONDITION", "NOT_SENT", "CORRECT", "-1") == (
        error.reason,
        error.code,
        error.dispatch,
        error.retry,
        error.pushback,
    )
    assert [] == provider.connections


async def test_dial_before_passes_while_a_call_waits(start_gateway, provider):
    """The connection comes in time, and the last moment for the call has passed: it is not sent."""
    gateway = await start_gateway(provider=ONE_CONNECTION)

    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        error = await second_in_line(
            gateway, provider, lambda: clock.shift(timedelta(seconds=15)), dialBefore=in_seconds(15)
        )

    assert ("EXPIRED", "NOT_SENT", "NEW_REQUEST_ID", "-1") == (
        error.reason,
        error.dispatch,
        error.retry,
        error.pushback,
    )
    assert 1 == len(provider.posts)


async def test_dial_before_passes_while_a_call_waits_in_vain(start_gateway, provider):
    """Where no connection came either, the caller is told of the moment that has passed: nothing is to be repeated."""
    gateway = await start_gateway(provider=ONE_CONNECTION | {"connect_timeout": 3})
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call())
    await provider.arrivals(1)

    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        second = asyncio.create_task(gateway.place_call_error(requestId="test-0000002", dialBefore=in_seconds(20)))
        await until(lambda: gateway.gateway.dialer.in_flight == 2)
        clock.shift(timedelta(seconds=20))
        error = await second
    provider.release.set()
    await first

    assert ("EXPIRED", "NOT_SENT", "NEW_REQUEST_ID") == (error.reason, error.dispatch, error.retry)
    assert 1 == len(provider.posts)


async def test_dial_before_is_still_to_come(gateway, provider):
    """A call that leaves in time is placed, whatever the clock says when it is answered."""

    async def answers_late(connection: faults.Connection) -> None:
        await connection.receive()
        clock.shift(timedelta(seconds=120))
        await connection.send(reply(ACCEPTED))

    provider.behave(answers_late)

    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        answer = await gateway.place_call(dialBefore=in_seconds(60))

    assert DISPATCH_ACCEPTED == answer.call.dispatch


async def test_no_more_calls_than_may_be_in_flight(start_gateway, provider):
    """A gateway that has enough to do refuses, sends nothing, and takes calls again when one has ended."""
    gateway = await start_gateway(max_calls_in_flight=2, provider={"connect_timeout": 10, "reply_timeout": 30})
    provider.behave(faults.answers_when_released)
    running = [asyncio.create_task(gateway.place_call(requestId=f"test-000000{number}")) for number in range(2)]
    await provider.arrivals(2)

    error = await gateway.place_call_error(requestId="test-0000003")
    provider.release.set()
    await asyncio.gather(*running)
    answer = await gateway.place_call(requestId="test-0000004")

    assert ("OVERLOADED", "UNAVAILABLE", "NOT_SENT", "REPEAT", None) == (
        error.reason,
        error.code,
        error.dispatch,
        error.retry,
        error.pushback,
    )
    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert 3 == len(provider.posts)
