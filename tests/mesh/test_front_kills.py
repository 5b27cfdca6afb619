"""A gateway behind the front dies, stands still or ends at each step of a call, and the mesh and the callers repeat.

One of two gateways does so at the first call that comes to the step; it is replaced, and everybody is answered.
"""

import asyncio
import signal

import faults
import pytest
from meshes import agrees, crowd, finals, insisting, notices_silence, posts_by_number
from replicas import NO_WORD, PATIENT, dispatch, numbered, placed, told

UNKNOWN = "OUTCOME_UNKNOWN"


@pytest.mark.parametrize(
    ("step", "certain", "possible"),
    [
        pytest.param("before reserve", "OK", {"OK"}, id="before the insert"),
        pytest.param("inside reserve", "OK", {"OK"}, id="between BEGIN and COMMIT of the reservation"),
        pytest.param("after reserve", UNKNOWN, {"OK", UNKNOWN}, id="after the reservation and before the POST"),
        pytest.param("before finish", UNKNOWN, {"OK", UNKNOWN}, id="after the answer and before the verdict's commit"),
        pytest.param("inside finish", UNKNOWN, {"OK", UNKNOWN}, id="between BEGIN and COMMIT of the verdict"),
        pytest.param("after finish", "OK", {"OK", UNKNOWN}, id="after the verdict's commit and before it is told"),
    ],
)
async def test_a_gateway_that_is_killed_at_a_step_is_no_second_call(mesh, provider, step, certain, possible):
    """Nothing recorded: made once, by the other. Recorded and perhaps sent: unknown, to everybody and for ever.

    The first call that comes to the step is the last one; others may be at an earlier step, or at the other gateway.
    """
    settings = {} if UNKNOWN in possible else {"provider": PATIENT}  # nobody waits for one that is dead
    dying = await mesh.gateway(0, step, ("SIGKILL",), **settings)
    await mesh.gateway(1, **settings)
    await mesh.front()
    await mesh.envoy.finds(*mesh.ports)

    calling = asyncio.ensure_future(crowd(mesh.stub, ids=6))
    assert -signal.SIGKILL == await dying.exit_status()
    await mesh.gateway(0, **settings)
    answers = await calling
    again = await crowd(mesh.stub, ids=6, each=1)

    assert {certain} <= set.union(*finals(answers).values()) <= possible
    assert finals(answers) == finals(again)
    assert agrees(answers, provider)
    assert NO_WORD in {told(each) for every in answers.values() for each in every}


async def test_a_gateway_that_is_killed_while_the_provider_has_the_request(mesh, provider):
    """The answers never arrive: each call is unknown, and none is sent again by whoever repeats it."""
    provider.behave(faults.answers_when_released)
    dying = await mesh.gateway(0)
    await mesh.front()
    await mesh.envoy.finds(mesh.ports[0])
    calling = asyncio.ensure_future(crowd(mesh.stub, ids=3))
    await provider.arrivals(3)
    dying.send(signal.SIGKILL)
    await mesh.gateway(1)
    answers = await calling

    assert {number: {UNKNOWN} for number in (1, 2, 3)} == finals(answers)
    assert {1: 1, 2: 1, 3: 1} == posts_by_number(provider)


@pytest.mark.parametrize(
    ("step", "posts", "story"),
    [
        pytest.param("after reserve", 0, UNKNOWN, id="after the reservation and before the POST"),
        pytest.param("before finish", 1, "OK", id="after the answer and before the verdict is written"),
    ],
)
async def test_a_gateway_that_stands_still_rings_nobody_when_it_goes_on(mesh, provider, step, posts, story):
    """The caller's time passes, the other gives the call up, and the first goes on: no POST; its verdict is true."""
    stopped = await mesh.gateway(0, step, ("SIGSTOP",))
    await mesh.front(notices_silence)
    await mesh.envoy.finds(mesh.ports[0])
    calling = asyncio.ensure_future(insisting(mesh.stub, numbered(1), timeout=1.5))
    await stopped.has_stopped()
    await mesh.gateway(1)
    await mesh.envoy.finds(mesh.ports[1])
    answers = await calling
    stopped.send(signal.SIGCONT)
    stopped.send(signal.SIGTERM)  # it ends when what it was about has ended
    status = await stopped.exit_status()
    again = await insisting(mesh.stub, numbered(1))

    assert "DEADLINE_EXCEEDED" == answers[0].code
    assert UNKNOWN == answers[-1].reason
    assert (0, [story]) == (status, [told(each)[0] for each in again])
    assert posts == len(provider.posts)


@pytest.mark.parametrize("step", ["before reserve", "after reserve", "before finish", "after finish"])
async def test_a_gateway_that_is_told_to_end_at_a_step_costs_nobody_an_answer(mesh, provider, step):
    """What runs there ends well, what comes there is placed by the other: every first answer is the call."""
    ending = await mesh.gateway(0, step, ("SIGTERM",), provider=PATIENT)
    await mesh.gateway(1, provider=PATIENT)
    await mesh.front()
    await mesh.envoy.finds(*mesh.ports)

    answers = await crowd(mesh.stub, ids=6)

    assert 0 == await ending.exit_status()
    assert {"OK"} == {told(each)[0] for every in answers.values() for each in every}
    assert dict.fromkeys(range(1, 7), 1) == posts_by_number(provider)


async def test_what_runs_at_a_gateway_that_drains_is_left_to_end(mesh, provider):
    """Envoy sends it no more calls, and cuts none of those that it has."""
    provider.behave(faults.answers_when_released)
    draining = await mesh.gateway(0, provider=PATIENT)
    await mesh.front()
    await mesh.envoy.finds(mesh.ports[0])
    calling = asyncio.ensure_future(mesh.answer(1, timeout=30))
    await provider.arrivals(1)
    draining.send(signal.SIGTERM)
    await mesh.envoy.finds()
    provider.release.set()

    assert ("OK", False) == told(await calling)
    assert 0 == await draining.exit_status()


async def test_a_drained_gateway_stays_for_as_long_as_it_is_called(mesh):
    """Until a mesh has heard that it is not ready, a call is refused in its own words, and not cut off."""
    ending = await mesh.gateway(0, provider=PATIENT)
    words = [told(await placed(ending.stub))[0]]
    ending.send(signal.SIGTERM)
    while words.count("OVERLOADED") < 200 and words[-1] in {"OK", "OVERLOADED"}:
        words.append(told(await placed(ending.stub, requestId=f"reminder-{len(words):04}"))[0])

    assert {"OK", "OVERLOADED"} == set(words)
    assert 0 == await ending.exit_status()


async def test_two_signals_while_the_provider_thinks(mesh, provider):
    """A gateway is cut off: what had left is unknown, also to whoever repeats it at the other."""
    provider.behave(faults.answers_when_released)
    [cut, _] = await mesh.both(provider=PATIENT)
    calling = asyncio.ensure_future(crowd(mesh.stub, ids=6, timeout=30))
    await provider.arrivals(6)
    cut.send(signal.SIGTERM)
    await mesh.envoy.finds(mesh.ports[1])
    cut.send(signal.SIGTERM)
    status = await cut.exit_status()
    provider.release.set()
    answers = await calling

    assert 1 == status
    assert {UNKNOWN} <= set.union(*finals(answers).values()) <= {"OK", UNKNOWN}
    assert agrees(answers, provider)
    assert dict.fromkeys(range(1, 7), 1) == posts_by_number(provider)


async def test_overloaded_gateways_take_what_they_can_and_ring_once(mesh, provider):
    """Each takes one call at a time: Envoy tries the other, callers try again, and each call is made once."""
    provider.behave(faults.answers_when_released)
    await mesh.both(max_calls_in_flight=1, provider=PATIENT)
    calling = asyncio.ensure_future(crowd(mesh.stub, ids=8, each=1, timeout=30))
    await provider.arrivals(2)
    refused = await mesh.answer(99)
    provider.release.set()
    answers = await calling

    assert ("OVERLOADED", "NOT_SENT") == (refused.reason, refused.dispatch)
    assert {"OK"} == set.union(*finals(answers).values())
    assert dict.fromkeys(range(1, 9), 1) == posts_by_number(provider)
    assert "NOT_SENT" not in {await dispatch(mesh.stub, numbered(number).request_id) for number in answers}
