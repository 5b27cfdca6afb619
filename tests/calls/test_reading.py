"""GetCall: one call as it stands, whatever became of it, in its own account only."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import faults
import pytest
from faulty_store import FaultyStore
from gateway_under_test import TO_A_FLOW
from raw_provider import ACCEPTED, REFUSED, reply
from shelf import Shelf, running_shelf, store_of
from unreachable import nobody_listens
from waiting import forever

from gateway.ledger import guarded_store
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_NOT_SENT,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    DISPATCH_SENDING,
    RECIPIENT_STATE_WAITING,
)

ID = {"requestId": "reminder-8812"}
NO_CALL = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SENT_TO_TWO: dict[str, Any] = dict(TO_A_FLOW) | {
    "recipients": [{"number": "+13236550107", "reference": "patient 1"}, {"number": "+13236550108"}]
}


@pytest.fixture
async def shelf(ledger: dict[str, str], provider) -> AsyncIterator[Shelf]:
    """A gateway with two accounts, on a ledger of each kind."""
    async with running_shelf(ledger, provider.url) as shelf:
        yield shelf


# Which call


async def test_a_call_is_found_by_its_id_and_by_its_request_id(shelf):
    """Both are the same call, with the request as it was given."""
    placed = (await shelf.gateway.place_call(**ID)).call
    by_call_id, by_request_id = await shelf.get(callId=placed.call_id), await shelf.get(**ID)

    assert placed == by_call_id == by_request_id
    assert ("default", "reminder-8812") == (placed.account, placed.request_id)
    assert "SG_1" == placed.request.ivr.flow_id


async def test_an_account_reads_its_own_calls_only(shelf):
    """The same request_id is another call in another account, and a call's id finds nothing there."""
    ours, theirs = await shelf.put(), await shelf.put(account="second")

    assert theirs == (await shelf.get(callId=theirs, account="second")).call_id
    for wrong in ({"callId": theirs}, {"callId": theirs, "account": "default"}, {"callId": ours, "account": "second"}):
        assert "CALL_NOT_FOUND" == (await shelf.get_error(**wrong)).reason
    assert "second" == (await shelf.get(callId=theirs, account="second")).account


@pytest.mark.parametrize(
    ("lookup", "code", "reason"),
    [
        pytest.param({"callId": NO_CALL}, "NOT_FOUND", "CALL_NOT_FOUND", id="no such call"),
        pytest.param(ID, "NOT_FOUND", "CALL_NOT_FOUND", id="no such request_id"),
        pytest.param(ID | {"account": "third"}, "NOT_FOUND", "ACCOUNT_NOT_FOUND", id="no such account"),
        pytest.param({}, "INVALID_ARGUMENT", "INVALID_REQUEST", id="neither id"),
        pytest.param({"callId": NO_CALL.lower()}, "INVALID_ARGUMENT", "INVALID_REQUEST", id="an id that is none"),
    ],
)
async def test_a_refused_read_says_nothing_of_phones(shelf, lookup, code, reason):
    """A read dials nobody: its errors carry neither dispatch nor advice."""
    error = await shelf.get_error(**lookup)

    assert (code, reason, "", "") == (error.code, error.reason, error.dispatch, error.retry)


# What became of it


@pytest.mark.parametrize(
    ("behavior", "dispatch", "http_status", "code"),
    [
        pytest.param(faults.says(reply(ACCEPTED)), DISPATCH_ACCEPTED, 200, "RBC3007", id="accepted"),
        pytest.param(faults.says(reply(REFUSED)), DISPATCH_REJECTED, 200, "RBC3119", id="refused"),
        pytest.param(faults.says(reply({}, 429)), DISPATCH_REJECTED, 429, "", id="throttled, and free"),
        pytest.param(faults.says(reply({}, 503)), DISPATCH_OUTCOME_UNKNOWN, 503, "", id="unknown, with a status"),
        pytest.param(faults.closes_after_reading, DISPATCH_OUTCOME_UNKNOWN, None, "", id="unknown, with no reply"),
    ],
)
async def test_a_call_tells_what_the_provider_said_and_what_place_call_answered(
    shelf, provider, behavior, dispatch, http_status, code
):
    """The error is PlaceCall's own, to the byte; recipients are there only where phones may ring."""
    provider.behave(behavior)
    before = datetime.now(UTC)
    error = None
    if dispatch == DISPATCH_ACCEPTED:
        await shelf.gateway.place_call(SENT_TO_TWO, **ID)
    else:
        error = (await shelf.gateway.place_call_error(SENT_TO_TWO, **ID)).status
    after = datetime.now(UTC)
    call = await shelf.get(**ID)

    assert dispatch == call.dispatch
    assert error == (call.error if call.HasField("error") else None)
    rings = dispatch in {DISPATCH_ACCEPTED, DISPATCH_OUTCOME_UNKNOWN}
    assert [("+13236550107", "patient 1"), ("+13236550108", "")] * rings == [
        (each.recipient.number, each.recipient.reference) for each in call.recipients
    ]
    assert [RECIPIENT_STATE_WAITING] * 2 * rings == [each.state for each in call.recipients]
    assert (http_status is not None) == call.HasField("provider_reply")
    assert (http_status or 0, code) == (call.provider_reply.http_status, call.provider_reply.code)
    times = [call.create_time, call.update_time]
    if http_status is not None:
        times.insert(1, call.provider_reply.receive_time)
    moments = [before, *(time.ToDatetime(UTC) for time in times), after]
    assert sorted(moments) == moments


async def test_a_call_that_did_not_leave_has_no_recipients_and_no_reply(ledger, tmp_path):
    """Nobody listens at the provider: the record is free, and tells the last attempt's error."""
    async with nobody_listens(tmp_path) as place, running_shelf(ledger, place.url) as shelf:
        first = await shelf.gateway.place_call_error(**ID)
        one = await shelf.get(**ID)
        second = await shelf.gateway.place_call_error(**ID)
        two = await shelf.get(**ID)

    assert (first.status, second.status) == (one.error, two.error)
    assert (DISPATCH_NOT_SENT, [], False) == (one.dispatch, list(one.recipients), one.HasField("provider_reply"))
    assert one.create_time == two.create_time
    assert one.update_time.ToNanoseconds() < two.update_time.ToNanoseconds()


@pytest.mark.usefixtures("early_answers")
async def test_a_call_on_its_way_has_the_error_of_a_repeat_and_its_recipients(shelf, provider):
    """While it is SENDING, it tells what a repeat would be told: in progress, and that its phones may ring."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(shelf.gateway.place_call(SENT_TO_TWO, **ID))
    await provider.arrivals(1)
    error = await shelf.gateway.place_call_error(SENT_TO_TWO, timeout=20, **ID)
    call = await shelf.get(**ID)
    [listed] = (await shelf.page()).calls
    provider.release.set()
    placed = (await first).call

    assert (DISPATCH_SENDING, 2) == (call.dispatch, len(call.recipients))
    assert "REQUEST_IN_PROGRESS" == error.reason
    assert error.status == call.error
    assert call == listed
    assert not placed.HasField("error")
    assert call.create_time == placed.create_time


async def test_the_next_attempt_leaves_no_trace_of_a_free_one(shelf, provider):
    """A free outcome's error and reply are gone once the call is accepted; the call and its age stay the same."""
    provider.behave(faults.says(reply({}, 429)))
    await shelf.gateway.place_call_error(**ID)
    free = await shelf.get(**ID)
    provider.reply(ACCEPTED)
    accepted = (await shelf.gateway.place_call(**ID)).call

    assert (free.call_id, free.create_time) == (accepted.call_id, accepted.create_time)
    assert (429, 200) == (free.provider_reply.http_status, accepted.provider_reply.http_status)
    assert not accepted.HasField("error")
    assert accepted == await shelf.get(**ID)
    assert [accepted] == list((await shelf.page()).calls)


async def test_what_the_provider_said_is_read_without_numbers(shelf, provider):
    """The reply's words are kept with their digits masked."""
    provider.reply(REFUSED | {"message": "No bridge 13236550199 here"})
    await shelf.gateway.place_call_error(**ID)
    message = (await shelf.get(**ID)).provider_reply.message

    assert "13236550199" not in message
    assert message.startswith("No bridge")


# When the ledger fails


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda shelf: shelf.get_error(callId=NO_CALL), id="by call id"),
        pytest.param(lambda shelf: shelf.get_error(**ID), id="by request id"),
        pytest.param(lambda shelf: shelf.page_error(), id="a list"),
    ],
)
async def test_a_read_of_a_ledger_that_fails_says_so(ledger, provider, read):
    """It is not CALL_NOT_FOUND, nor an empty list: nothing is known."""
    store = FaultyStore(store_of(ledger))
    async with running_shelf(ledger, provider.url, store=store) as shelf:
        store.cannot_read = True
        error = await read(shelf)

    assert ("UNAVAILABLE", "LEDGER_UNAVAILABLE", "", "") == (error.code, error.reason, error.dispatch, error.retry)


async def test_a_list_that_fails_on_its_way_is_no_shorter_list(ledger, provider, monkeypatch):
    """A page is read in pieces: where one cannot be read, there is no page, rather than one that looks like the end."""
    store = FaultyStore(store_of(ledger))
    async with running_shelf(ledger, provider.url, store=store) as shelf:
        for _ in range(101):
            await shelf.put()
        whole = await shelf.ids(pageSize=1000)
        read = store._inner.page

        async def then_fails(*arguments: Any) -> Any:
            store.cannot_read = True
            return await read(*arguments)

        monkeypatch.setattr(store._inner, "page", then_fails)
        error = await shelf.page_error(pageSize=1000)

    assert (101, "LEDGER_UNAVAILABLE") == (len(whole), error.reason)


class SilentStore(FaultyStore):
    """Answers nothing that is read of calls."""

    async def find(self, *_: Any) -> None:
        await forever()

    async def page(self, *_: Any) -> None:
        await forever()


@pytest.mark.usefixtures("early_answers")
async def test_a_read_is_answered_in_its_callers_time(provider, tmp_path, monkeypatch):
    """A ledger that says nothing is told of before the caller's own deadline passes."""
    monkeypatch.setattr(guarded_store, "PATIENCE", 60.0)
    ledger = {"url": f"sqlite:///{tmp_path}/ledger.db"}
    async with running_shelf(ledger, provider.url, store=SilentStore(store_of(ledger))) as shelf:
        errors = await asyncio.gather(shelf.get_error(timeout=20, **ID), shelf.page_error(timeout=20))

    assert ["LEDGER_UNAVAILABLE"] * 2 == [error.reason for error in errors]
