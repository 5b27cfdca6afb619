"""A process that stood still past its deadline and goes on: it rings nobody late, and its late word is still true.

The other replica is in this process; where its time must pass, its clock is set forward.
"""

import asyncio
import signal
from datetime import timedelta

import faults
import pytest
from raw_provider import ACCEPTED, REFUSED
from replicas import dispatch, placed, recorded, replica, told
from waiting import until

from voicegateway.v1.outbound_call_pb2 import RESOLUTION_SOURCE_REPLY

LATER = timedelta(minutes=5)
HASTY = {"connect_timeout": 0.5, "reply_timeout": 2.0}
"""An attempt begins within a second, and has ended after four: half the time that the ledger waits for its store."""

BAD_KEY = {"code": "RBC201", "message": "Invalid key", "data": [], "error": {}}
TOO_MANY = {"code": "RBC999", "message": "Slow down", "data": [], "error": {}}


async def test_what_was_not_sent_in_time_is_never_sent(nursery, provider, database):
    """Stopped between reservation and POST; another replica gives the call up in real time: that is its outcome."""
    ledger = {"url": database}
    async with (
        replica(provider.url, ledger) as other,
        nursery.child(provider.url, ledger, "after reserve", ["SIGSTOP"], provider=HASTY) as stopped,
    ):
        first = asyncio.ensure_future(placed(stopped.stub))
        await stopped.has_stopped()
        before = await dispatch(other.stub)
        repeat = await placed(other.stub)
        stopped.send(signal.SIGCONT)
        answer = await first
        again = await placed(other.stub)

        assert "SENDING" == before
        assert ("OUTCOME_UNKNOWN", True) == told(repeat) == told(again)
        assert ("OUTCOME_UNKNOWN", False) == told(answer)
        assert "OUTCOME_UNKNOWN" == await dispatch(other.stub)
    assert [] == provider.posts


async def test_what_was_not_sent_in_time_is_free_where_nobody_gave_it_up(nursery, provider, ledger):
    """Stopped past its fence and no longer: nothing left, the caller is told so, and a repeat is the one call."""
    hasty = {"connect_timeout": 0.1, "reply_timeout": 30.0}
    async with nursery.child(provider.url, ledger, "after reserve", ["SIGSTOP"], provider=hasty) as stopped:
        first = asyncio.ensure_future(placed(stopped.stub))
        await stopped.has_stopped()
        await asyncio.sleep(0.3)
        stopped.send(signal.SIGCONT)
        error = await first
        posts = len(provider.posts)
    async with replica(provider.url, ledger) as other:
        call = await recorded(other.stub)
        repeat = await placed(other.stub)

    assert ("PROVIDER_UNREACHABLE", "NOT_SENT", 0) == (error.reason, error.dispatch, posts)
    assert call is not None
    assert error.status == call.error
    assert ("OK", False, call.call_id) == (*told(repeat), repeat.call.call_id)
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    ("document", "dispatched", "reason", "retry"),
    [
        pytest.param(ACCEPTED, "ACCEPTED", "OK", "", id="accepted"),
        pytest.param(REFUSED, "REJECTED", "BRIDGE_NOT_FOUND", "NEW_REQUEST_ID", id="refused"),
        pytest.param(BAD_KEY, "REJECTED", "PROVIDER_CREDENTIALS_REJECTED", "NEW_REQUEST_ID", id="would be free"),
        pytest.param(TOO_MANY, "REJECTED", "PROVIDER_THROTTLED", "NEW_REQUEST_ID", id="throttled"),
    ],
)
async def test_a_late_verdict_is_the_outcome_and_never_free(
    nursery, provider, database, document, dispatched, reason, retry
):
    """Stopped with the request at the provider, and given up elsewhere: its verdict counts, and the id is spent."""
    ledger = {"url": database}
    provider.behave(faults.answers_when_released_with(document))
    patient = {"connect_timeout": 10.0, "reply_timeout": 30.0, "codes": {"RBC999": "PROVIDER_THROTTLED"}}
    async with nursery.child(provider.url, ledger, provider=patient) as stopped:
        first = asyncio.ensure_future(placed(stopped.stub))
        await provider.arrivals(1)
        stopped.send(signal.SIGSTOP)
        await stopped.has_stopped()
        async with replica(provider.url, ledger, ahead=LATER) as other:
            meanwhile = await placed(other.stub)
            provider.release.set()
            await until(lambda: provider.sent > 0)
            stopped.send(signal.SIGCONT)
            answer = await first
            call = await recorded(other.stub)
            repeat = await placed(other.stub)

    assert ("OUTCOME_UNKNOWN", True) == told(meanwhile)
    assert ((reason, False), (reason, True)) == (told(answer), told(repeat))
    assert call is not None
    assert RESOLUTION_SOURCE_REPLY == call.resolution.source
    if retry:
        assert (retry, dispatched) == (answer.retry, answer.dispatch) == (repeat.retry, repeat.dispatch)
    assert 1 == len(provider.posts)


async def test_a_process_whose_caller_is_told_nothing_meanwhile_tells_no_other_story(nursery, provider, database):
    """Given up elsewhere, then its proof that no byte left comes late: it proves nothing any more."""
    ledger = {"url": database}
    async with nursery.child(
        provider.url, ledger, "before finish", ["SIGSTOP"], account={"base_url": "http://127.0.0.1:9"}
    ) as stopped:
        first = asyncio.ensure_future(placed(stopped.stub))
        await stopped.has_stopped()
        async with replica(provider.url, ledger, ahead=LATER) as other:
            meanwhile = await placed(other.stub)
            stopped.send(signal.SIGCONT)
            answer = await first
            repeat = await placed(other.stub)

    assert ("OUTCOME_UNKNOWN", True) == told(meanwhile) == told(repeat)
    assert ("OUTCOME_UNKNOWN", False) == told(answer)
    assert [] == provider.posts
