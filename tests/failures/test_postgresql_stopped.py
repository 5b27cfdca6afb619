"""PostgreSQL itself goes away: stopped as by a crash, killed, restarted; the gateway serves again by itself."""

import asyncio
import os
import signal

import faults
import pytest
from gateway_under_test import GatewayUnderTest, refusal_of
from recorded import ID, UNAVAILABLE, dispatch_turns, health, recorded, told, turns

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_SENDING
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest

BACKEND = "SELECT pid FROM pg_stat_activity WHERE application_name = 'kaleyra-gateway' LIMIT 1"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"


@pytest.fixture
async def gateway(start_gateway, database) -> GatewayUnderTest:
    """A gateway whose ledger is a real server's database."""
    return await start_gateway(ledger={"url": database})


@pytest.fixture
def stopped(postgres):
    """Stops the server as a crash would; it runs again at the end, whatever a test came to."""
    is_running = True

    async def stop():
        nonlocal is_running
        await asyncio.to_thread(postgres.stop)
        is_running = False

    async def start():
        nonlocal is_running
        await asyncio.to_thread(postgres.start)
        is_running = True

    yield stop, start
    if not is_running:
        postgres.start()


async def test_without_its_server_nothing_is_dialed_and_with_it_everything_goes_on(gateway, provider, stopped):
    """A verdict falls into the outage, and new calls do: told truly, refused, and afterwards each id has one POST."""
    stop, start = stopped
    provider.behave(faults.answers_when_released)
    running = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    await stop()
    provider.release.set()
    answer = await running
    await turns(gateway, "NOT_SERVING")
    refused = await gateway.place_call_error(requestId="reminder-0002", timeout=60)
    unread = await refusal_of(gateway.stub.GetCall(GetCallRequest(request_id=ID["requestId"]), timeout=60))
    during, posts = await health(gateway), len(provider.posts)
    await start()
    await turns(gateway, "SERVING")
    await dispatch_turns(gateway, DISPATCH_ACCEPTED)
    again = await gateway.place_call(**ID)
    placed = await gateway.place_call(requestId="reminder-0002")

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert UNAVAILABLE == told(refused)
    assert ("UNAVAILABLE", "LEDGER_UNAVAILABLE", "") == (unread.code, unread.reason, unread.retry)
    assert ("SERVING", "NOT_SERVING") == during
    assert (True, False) == (again.replayed, placed.replayed)
    assert (1, 2) == (posts, len(provider.posts))


async def test_a_killed_backend_takes_the_server_down_for_a_moment_and_no_call_twice(gateway, provider, postgres):
    """It ends every connection of the server, which recovers: a call on its way ends well, and is not sent again."""
    provider.behave(faults.answers_when_released)
    running = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    os.kill(int(await asyncio.to_thread(postgres.sql, BACKEND)), signal.SIGKILL)
    provider.release.set()
    answer = await running
    await dispatch_turns(gateway, DISPATCH_ACCEPTED)
    await turns(gateway, "SERVING")
    again = await gateway.place_call(**ID)

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert (True, 1) == (again.replayed, len(provider.posts))


async def test_a_restart_of_the_server_between_two_calls_is_not_noticed_for_long(gateway, provider, stopped):
    """Whoever meets a connection of before is told that nothing is known, repeats, and has one call."""
    stop, start = stopped
    await gateway.place_call(requestId="reminder-0001")
    await stop()
    await start()
    answers = [await asyncio.wait_for(_placed(gateway), 60) for _ in range(3)]

    assert [DISPATCH_ACCEPTED] * 3 == [answer.call.dispatch for answer in answers]
    assert 2 == len(provider.posts)


async def test_a_replica_learns_the_outcome_of_a_call_over_an_outage(
    gateway, start_gateway, provider, database, stopped
):
    """The owner's verdict is written after the outage; the other replica dials nothing meanwhile and reads it then."""
    stop, start = stopped
    other = await start_gateway(ledger={"url": database})
    provider.behave(faults.answers_when_released)
    running = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    await dispatch_turns(other, DISPATCH_SENDING)
    await stop()
    provider.release.set()
    answer = await running
    refused = await other.place_call_error(timeout=60, **ID)
    await start()
    await dispatch_turns(other, DISPATCH_ACCEPTED)
    again = await _placed(other)

    assert UNAVAILABLE == told(refused)
    assert (True, answer.call.call_id) == (again.replayed, again.call.call_id)
    assert 1 == len(provider.posts)


async def _placed(gateway):
    """Repeats a request, as its caller is advised to, until it is answered."""
    while True:
        rpc = asyncio.ensure_future(gateway.place_call(timeout=60, **ID))
        await asyncio.wait({rpc})
        if rpc.exception() is None:
            return rpc.result()
        assert UNAVAILABLE == told(await refusal_of(rpc))


async def test_a_server_that_can_only_be_read_is_read_and_nothing_is_dialed(gateway, provider, postgres, database):
    """As where the primary has become a standby: reads go on and heal nothing; writes are found again by themselves."""
    name = database.rpartition("/")[2]
    first = await gateway.place_call(**ID)
    await asyncio.to_thread(postgres.sql, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await asyncio.to_thread(postgres.sql, TERMINATE.format(name=name))
    await asyncio.to_thread(postgres.sql, "SELECT 1")
    errors = [await gateway.place_call_error(requestId=f"reminder-000{number}", timeout=60) for number in range(3)]
    await turns(gateway, "NOT_SERVING")
    call = await recorded(gateway)
    await asyncio.sleep(0.5)  # reads and failing probes go on meanwhile
    still, posts = await health(gateway), len(provider.posts)
    await asyncio.to_thread(postgres.sql, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await turns(gateway, "SERVING")
    placed = await gateway.place_call(requestId="reminder-0000")

    assert [UNAVAILABLE] * 3 == [told(error) for error in errors]
    assert first.call == call
    assert ("SERVING", "NOT_SERVING") == still
    assert (1, 2, False) == (posts, len(provider.posts), placed.replayed)
