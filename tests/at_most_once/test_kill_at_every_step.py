"""`kill -9` at every step of a call: what may have left is never sent again, and what was recorded is there.

The process kills itself at the step, inside its own transactions too. Then another one comes: on SQLite the next server
of the file, on PostgreSQL another replica, whose clock has passed the call's send_deadline.
"""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import faults
import pytest
from replicas import (
    NO_WORD,
    NOTHING,
    Replica,
    answer_of,
    dispatch,
    dispatch_of,
    number_in,
    numbered,
    placed,
    recorded,
    replica,
    told,
)

from voicegateway.v1.outbound_call_pb2 import OutboundCall

UNKNOWN = ("OUTCOME_UNKNOWN", True)

STEPS = [
    pytest.param("before reserve", 0, NOTHING, id="before the insert"),
    pytest.param("inside reserve", 0, NOTHING, id="between BEGIN and COMMIT of the reservation"),
    pytest.param("after reserve", 0, "OUTCOME_UNKNOWN", id="after the reservation and before the POST"),
    pytest.param("before finish", 1, "OUTCOME_UNKNOWN", id="after the answer and before the verdict is written"),
    pytest.param("inside finish", 1, "OUTCOME_UNKNOWN", id="between BEGIN and COMMIT of the verdict"),
    pytest.param("after finish", 1, "ACCEPTED", id="after the verdict is written and before it is told"),
]

LATER = timedelta(minutes=5)


def successor(provider_url: str, ledger: Mapping[str, Any]) -> AbstractAsyncContextManager[Replica]:
    """The next server of a file, or a replica in whose time every attempt has ended."""
    return replica(provider_url, ledger, ahead=timedelta() if ledger["url"].startswith("sqlite") else LATER)


async def seen_through(gateway: Replica) -> tuple[list[str], OutboundCall | None, tuple[str, bool]]:
    """Repeats a request, and looks at its record all the while: what it was, what it is, what the repeat is told."""
    seen: list[str] = []
    seen.append(await dispatch(gateway.stub))
    repeating = asyncio.ensure_future(placed(gateway.stub))
    while not repeating.done():
        await asyncio.sleep(0.02)
        now = await dispatch(gateway.stub)
        seen += [now] if seen[-1] != now else []
    return seen, await recorded(gateway.stub), told(await repeating)


@pytest.mark.parametrize(("step", "posts", "standing"), STEPS)
async def test_a_process_that_dies_at_a_step_is_no_second_call(nursery, provider, ledger, step, posts, standing):
    """Nothing recorded: the repeat is the first call. Sent, or about to be: unknown, for ever. Accepted: as it was."""
    async with nursery.child(provider.url, ledger, step, ["SIGKILL"]) as dying:
        lost = await placed(dying.stub)
        assert -signal.SIGKILL == await dying.exit_status()
    assert NO_WORD == told(lost)
    assert posts == len(provider.posts)

    async with successor(provider.url, ledger) as gateway:
        seen, call, answer = await seen_through(gateway)
        again = await placed(gateway.stub)

    if standing == NOTHING:
        assert (1, ("OK", False), ("OK", True)) == (len(provider.posts), answer, told(again))
        assert [NOTHING, "ACCEPTED"] == [each for each in seen if each != "SENDING"]
        return
    expected = UNKNOWN if standing == "OUTCOME_UNKNOWN" else ("OK", True)
    assert (posts, expected, expected) == (len(provider.posts), answer, told(again))
    assert standing == seen[-1]
    assert [] == [each for each in seen[:-1] if each != "SENDING" or ledger["url"].startswith("sqlite")]
    assert call is not None
    assert (standing == "OUTCOME_UNKNOWN") == call.HasField("error")
    assert not call.HasField("resolution")


async def test_a_process_that_dies_while_the_provider_has_the_request(nursery, provider, ledger):
    """It left, and nobody was there to hear the answer: unknown, and never sent again."""
    provider.behave(faults.answers_when_released)
    async with nursery.child(provider.url, ledger) as dying:
        lost = asyncio.ensure_future(placed(dying.stub))
        await provider.arrivals(1)
        dying.send(signal.SIGKILL)
        await lost
    provider.release.set()

    async with successor(provider.url, ledger) as gateway:
        seen, _, answer = await seen_through(gateway)
        again = await placed(gateway.stub)

    assert (UNKNOWN, UNKNOWN) == (answer, told(again))
    assert seen in (["OUTCOME_UNKNOWN"], ["SENDING", "OUTCOME_UNKNOWN"])
    assert 1 == len(provider.posts)


async def test_the_next_server_of_a_file_gives_up_before_it_serves(nursery, provider, tmp_path):
    """On SQLite nobody waits for a deadline: the lock on the file proves that whoever was at it is dead."""
    ledger = {"url": f"sqlite:///{tmp_path}/ledger.db"}
    async with nursery.child(provider.url, ledger, "after reserve", ["SIGKILL"]) as dying:
        await placed(dying.stub)

    async with replica(provider.url, ledger) as gateway:
        call = await recorded(gateway.stub)

    assert call is not None
    assert "OUTCOME_UNKNOWN" == dispatch_of(call)
    assert [] == provider.posts


async def test_a_group_that_was_cut_short_left_nothing_behind_that_is_not_recorded(nursery, provider, ledger):
    """A process dies among many reservations: whatever the provider has heard of is recorded."""
    provider.behave(faults.never_answers)
    requests = [numbered(number) for number in range(60)]
    async with nursery.child(provider.url, ledger) as dying:
        calls = [asyncio.ensure_future(answer_of(dying.stub.PlaceCall(request))) for request in requests]
        await provider.arrivals(1)
        dying.send(signal.SIGKILL)
        await asyncio.gather(*calls)
    sent = [requests[number_in(post)].request_id for post in provider.posts]

    async with successor(provider.url, ledger) as gateway:
        standing = [await dispatch(gateway.stub, request_id) for request_id in sent]

    assert len(sent) == len(set(sent))
    assert set() == set(standing) - {"SENDING", "OUTCOME_UNKNOWN"}
