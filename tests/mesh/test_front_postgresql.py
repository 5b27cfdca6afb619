"""PostgreSQL is cut off from gateways behind the front, at each step of a call: nobody is dialed twice."""

import asyncio

import faults
import postgres_proxy as network
import pytest
from meshes import Mesh, crowd, finals, posts_by_number
from postgres_proxy import PostgresProxy
from replicas import PATIENT


@pytest.fixture
async def proxy(mesh: Mesh):
    """The network between both gateways and their database."""
    async with PostgresProxy.before(mesh.ledger["url"]) as before:
        mesh.ledger = {"url": before.url}
        yield before


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        pytest.param("BEGIN", network.cuts, id="cut before a reservation"),
        pytest.param("COMMIT;", network.goes_down, id="down before its commit"),
        pytest.param("COMMIT;", network.loses_the_answer, id="cut after its commit"),
        pytest.param("COMMIT;", network.loses_the_answer_and_goes_down, id="down after its commit"),
    ],
)
async def test_a_reservation_that_fails_is_repeated_and_rings_once(mesh, proxy, provider, words, fault):
    """UNAVAILABLE, so the mesh tries the other gateway and the callers come again: each call is made once."""
    await mesh.both(provider=PATIENT)  # the owner gives a reservation in doubt back before anybody gives the call up
    proxy.plant(words, fault)
    calling = asyncio.ensure_future(crowd(mesh.stub, ids=4))
    await proxy.struck.wait()
    await mesh.answer(9)  # which tells that it is down, where it is
    proxy.heal()
    answers = await calling

    assert {number: {"OK"} for number in range(1, 5)} == finals(answers)
    assert dict.fromkeys(range(1, 5), 1) == {
        number: posts for number, posts in posts_by_number(provider).items() if number < 9
    }


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(network.cuts, id="cut before the commit"),
        pytest.param(network.loses_the_answer_and_goes_down, id="down after the commit"),
    ],
)
async def test_a_verdict_that_cannot_be_written_is_told_and_rings_once(mesh, proxy, provider, fault):
    """The first callers hear the truth, the others the same or that it is not known; nothing is sent again."""
    await mesh.both(provider=PATIENT)
    provider.behave(faults.answers_when_released)
    calling = asyncio.ensure_future(crowd(mesh.stub, ids=4))
    await provider.arrivals(4)
    proxy.plant("COMMIT;", fault)
    provider.release.set()
    await proxy.struck.wait()
    await mesh.answer(9)  # which tells that it is down, where it is
    proxy.heal()
    answers = await calling

    assert {number: {"OK"} for number in range(1, 5)} == finals(answers)
    assert dict.fromkeys(range(1, 5), 1) == {
        number: posts for number, posts in posts_by_number(provider).items() if number < 9
    }
