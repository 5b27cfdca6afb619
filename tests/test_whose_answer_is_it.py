"""Whose answer is it? Connections are kept between calls, and no call is ever told what another's answer said.

The provider accepts the first call, twice; every later call it refuses. A call that is told of an acceptance was told
another's.
"""

import faults
import pytest
import trustme
from raw_provider import ACCEPTED, RawProvider, answering, certified, http, reply

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED

PATIENT = {"connect_timeout": 10, "reply_timeout": 30, "keepalive_expiry": 600}


@pytest.fixture
async def gateway(start_gateway):
    """A gateway that keeps its connections, and its patience."""
    return await start_gateway(provider=PATIENT)


@pytest.fixture
async def tls(start_gateway, tmp_path):
    """A provider that speaks TLS, and a gateway that trusts it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with RawProvider.listening(certified(authority)) as provider:
        gateway = await start_gateway(
            account={"base_url": provider.url}, provider=PATIENT | {"ca_file": tmp_path / "ca.pem"}
        )
        yield provider, gateway


async def test_a_connection_is_used_again(gateway, provider):
    """Calls one after the other share one connection, however much was said on it in all."""
    provider.behave(answering(http(faults.BODY.ljust(20_000))))

    for number in range(5):
        await gateway.place_call(requestId=f"test-000000{number}")

    assert 5 == len(provider.posts)
    assert 1 == len(provider.connections)


async def test_a_connection_with_tls_is_used_again(tls):
    """With a certificate that `provider.ca_file` vouches for, calls share one connection, too."""
    provider, gateway = tls

    for number in range(5):
        await gateway.place_call(requestId=f"test-000000{number}")

    assert 5 == len(provider.posts)
    assert 1 == len(provider.connections)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.answers_twice, id="both at once"),
        pytest.param(faults.answers_twice_at_length, id="both at once, the first of 64 KiB"),
        pytest.param(faults.answers_once_and_a_half, id="the second ends after the next request"),
        pytest.param(faults.adds_a_line, id="a line after the first"),
    ],
)
async def test_a_second_answer_is_not_the_next_calls(gateway, provider, fault):
    """What comes with an answer, and is none of it, ends the connection: the next call has one without a past."""
    provider.behave(fault)
    await gateway.place_call()

    error = await gateway.place_call_error(requestId="test-0000002")

    assert "BRIDGE_NOT_FOUND" == error.reason
    assert 2 == len(provider.posts)
    assert 2 == len(provider.connections)


async def test_an_unreadable_answer_ends_its_connection(gateway, provider):
    """Who answers in an encoding that was not asked for may not know where an answer ends, either."""
    provider.behave(faults.answers_the_second_unreadably)
    await gateway.place_call()
    await gateway.place_call_error(requestId="test-0000002")

    error = await gateway.place_call_error(requestId="test-0000003")

    assert "BRIDGE_NOT_FOUND" == error.reason
    assert 2 == len(provider.connections)


async def test_a_second_answer_in_tls_is_not_the_next_calls(tls):
    """A second answer that was decrypted already, or waits to be, is found as well."""
    provider, gateway = tls
    provider.behave(faults.answers_twice_in_two_records)
    await gateway.place_call()

    error = await gateway.place_call_error(requestId="test-0000002")

    assert "BRIDGE_NOT_FOUND" == error.reason
    assert 2 == len(provider.posts)
    assert 2 == len(provider.connections)


async def test_an_answer_that_comes_later_is_not_the_next_calls(gateway, provider):
    """An idle connection on which something was heard is not used again."""
    await gateway.place_call()
    provider.behave(answering(reply({"code": "RBC3119"})))
    provider.connections[0].send_now(reply(ACCEPTED))

    error = await gateway.place_call_error(requestId="test-0000002")

    assert "BRIDGE_NOT_FOUND" == error.reason
    assert 2 == len(provider.posts)


async def test_a_connection_that_was_closed_while_idle_is_not_used(gateway, provider):
    """A provider that closes idle connections costs a new one, and no call."""
    await gateway.place_call()
    provider.connections[0].close_now()

    answer = await gateway.place_call(requestId="test-0000002")

    assert DISPATCH_ACCEPTED == answer.call.dispatch
    assert 2 == len(provider.posts)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.closes_when_used_again, id="closed"),
        pytest.param(faults.resets_when_used_again, id="reset"),
    ],
)
async def test_a_connection_that_is_closed_as_it_is_used_again(gateway, provider, fault):
    """A provider that closes a connection under a request may have read it: it is not sent again."""
    provider.behave(fault)
    await gateway.place_call()

    error = await gateway.place_call_error(requestId="test-0000002")

    assert "OUTCOME_UNKNOWN" == error.reason
    assert 2 == len(provider.posts)
    assert 1 == len(provider.connections)
