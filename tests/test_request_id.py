"""One request_id, one dial: what a repeat is answered, whatever became of the first attempt."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import faults
import grpc
import pytest
import time_machine
from gateway_under_test import KEY, SID, TO_A_FLOW, GatewayUnderTest, running_gateway
from google.rpc import error_details_pb2 as details_pb2
from raw_provider import ACCEPTED, REFUSED, reply
from unreachable import nobody_listens
from waiting import until

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_SENDING
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest

ID = {"requestId": "reminder-8812"}
OTHER = dict(TO_A_FLOW) | {"recipients": [{"number": "+13236550108"}]}
ACCOUNT = {"base_url": "http://127.0.0.1:9", "sid": SID, "api_key": KEY}
BAD_KEY = {"code": "RBC201", "message": "Invalid key", "data": [], "error": {}}


@pytest.fixture
async def gateway(start_gateway, ledger) -> GatewayUnderTest:
    """A gateway on a ledger of each kind."""
    return await start_gateway(ledger=ledger)


async def recorded(gateway: GatewayUnderTest, request_id: str = ID["requestId"]) -> Any:
    return (await gateway.stub.GetCall(GetCallRequest(request_id=request_id))).call


async def test_a_repeat_of_an_accepted_call_is_answered_and_not_sent(gateway, provider):
    """The same request with the same id gets the call as it stands, marked as a replay, with the same warnings."""
    call = dict(TO_A_FLOW) | {"campaignName": "spring"}
    first, second = await gateway.place_call(call, **ID), await gateway.place_call(call, **ID)

    assert 1 == len(provider.posts)
    assert (False, True) == (first.replayed, second.replayed)
    assert first.call == second.call
    assert 2 == len(first.warnings)
    assert list(first.warnings) == list(second.warnings)


@pytest.mark.parametrize(
    ("behavior", "reason", "dispatch", "retry"),
    [
        pytest.param(faults.says(b""), "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", id="unknown"),
        pytest.param(None, "BRIDGE_NOT_FOUND", "REJECTED", "NEW_REQUEST_ID", id="refused"),
    ],
)
async def test_a_repeat_of_a_failed_call_is_answered_with_its_error(
    gateway, provider, behavior, reason, dispatch, retry
):
    """A spent or unknown outcome is told again, all of it, with when it was; the provider hears nothing more."""
    provider.reply(REFUSED)
    if behavior:
        provider.behave(behavior)
    first = await gateway.place_call_error(**ID)
    second = await gateway.place_call_error(**ID)
    told = dict(second.info.metadata)

    assert 1 == len(provider.posts)
    assert (reason, dispatch, retry, "-1") == (second.reason, second.dispatch, second.retry, second.pushback)
    assert "true" == told.pop("replayed")
    call = await recorded(gateway)
    assert call.update_time.ToJsonString() == told.pop("original_time")
    assert dict(first.info.metadata) == told
    assert first.status == call.error
    assert first.detail(details_pb2.ResourceInfo) == second.detail(details_pb2.ResourceInfo)


@pytest.mark.parametrize(
    ("document", "status", "reason"),
    [
        pytest.param(BAD_KEY, 200, "PROVIDER_CREDENTIALS_REJECTED", id="the gateway's key is refused"),
        pytest.param({}, 404, "PROVIDER_MISCONFIGURED", id="wrong base URL"),
        pytest.param({}, 429, "PROVIDER_THROTTLED", id="throttled"),
    ],
)
async def test_a_free_outcome_lets_the_same_id_dial_again(gateway, provider, document, status, reason):
    """Where nobody was dialed and it was not about the request, a repeat is a new attempt of the same call."""
    provider.behave(faults.says(reply(document, status)))
    first = await gateway.place_call_error(**ID)
    provider.reply(ACCEPTED)
    second = await gateway.place_call(**ID)

    assert reason == first.reason
    assert (False, DISPATCH_ACCEPTED) == (second.replayed, second.call.dispatch)
    assert first.info.metadata["call_id"] == second.call.call_id
    assert 2 == len(provider.posts)
    assert not (await recorded(gateway)).HasField("error")


async def test_a_call_that_reached_nobody_can_be_repeated(start_gateway, ledger, tmp_path):
    """No byte left: the id is free, and the record says so."""
    async with nobody_listens(tmp_path) as place:
        gateway = await start_gateway(ledger=ledger, account={"base_url": place.url})
        first, second = await gateway.place_call_error(**ID), await gateway.place_call_error(**ID)

    assert ("PROVIDER_UNREACHABLE", "NOT_SENT", "REPEAT") == (first.reason, first.dispatch, first.retry)
    assert "replayed" not in second.info.metadata
    assert first.info.metadata["call_id"] == second.info.metadata["call_id"]


async def test_the_same_id_for_another_request_is_refused(gateway, provider):
    """The content decides, as given; the error names the call that has the id, and what became of it."""
    first = await gateway.place_call(**ID)
    error = await gateway.place_call_error(OTHER, **ID)

    assert ("FAILED_PRECONDITION", "REQUEST_ID_REUSED") == (error.code, error.reason)
    assert ("ACCEPTED", "LOOK_UP", "-1") == (error.dispatch, error.retry, error.pushback)
    assert first.call.call_id == error.info.metadata["call_id"]
    assert 1 == len(provider.posts)


async def test_a_free_id_is_not_free_for_another_request(gateway, provider):
    """Also where nobody was dialed, the id belongs to its request."""
    provider.reply({}, 429)
    await gateway.place_call_error(**ID)
    error = await gateway.place_call_error(OTHER, **ID)

    assert ("REQUEST_ID_REUSED", "REJECTED") == (error.reason, error.dispatch)
    assert 1 == len(provider.posts)


async def test_an_account_has_its_own_ids(start_gateway, provider, ledger):
    """The same id in two accounts is two calls, and each reads its own."""
    gateway = await start_gateway(
        ledger=ledger, accounts={"second": {"base_url": provider.url, "sid": SID, "api_key": KEY}}
    )
    first, second = await gateway.place_call(**ID), await gateway.place_call(OTHER, account="second", **ID)

    assert first.call.call_id != second.call.call_id
    assert ("default", "second") == (first.call.account, second.call.account)
    assert 2 == len(provider.posts)


async def test_a_restart_forgets_nothing_and_settings_make_no_other_request(provider, ledger):
    """Requests are compared as given: neither a restart nor an account's new bridge turns a repeat into a call."""
    async with running_gateway(provider.url, {"ledger": ledger, "account": {"bridge": "+13236550100"}}) as before:
        first = await before.place_call(**ID)
    async with running_gateway(provider.url, {"ledger": ledger, "account": {"bridge": "+13236550101"}}) as after:
        again = await after.place_call(**ID)

    assert 1 == len(provider.posts)
    assert again.replayed
    assert first.call == again.call


# While the first attempt runs


async def test_a_repeat_waits_for_the_first_attempt(gateway, provider):
    """Whoever comes meanwhile gets the outcome when it is there, and is no call in flight."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    repeats = [asyncio.create_task(gateway.place_call(**ID)) for _ in range(5)]
    await until(lambda: gateway.callers == 6)
    await asyncio.sleep(0.2)
    assert [] == [repeat for repeat in repeats if repeat.done()]
    assert 1 == gateway.gateway.dialer.in_flight
    call = await recorded(gateway)
    assert DISPATCH_SENDING == call.dispatch
    provider.release.set()

    answers = await asyncio.gather(*repeats)
    assert not (await first).replayed
    assert [True] * 5 == [answer.replayed for answer in answers]
    assert 1 == len(provider.posts)


async def test_waiters_get_the_first_attempts_free_outcome(gateway, provider):
    """Who waited while nobody was dialed is told so, and only a later request dials again."""
    provider.behave(faults.answers_when_released_with(BAD_KEY))
    first = asyncio.create_task(gateway.place_call_error(**ID))
    await provider.arrivals(1)
    repeats = [asyncio.create_task(gateway.place_call_error(**ID)) for _ in range(5)]
    await until(lambda: gateway.callers == 6)
    provider.release.set()

    errors = [await first, *await asyncio.gather(*repeats)]
    assert ["PROVIDER_CREDENTIALS_REJECTED"] * 6 == [error.reason for error in errors]
    assert [None] + ["true"] * 5 == [error.info.metadata.get("replayed") for error in errors]
    assert 1 == len(provider.posts)


@pytest.mark.usefixtures("early_answers")
async def test_a_repeat_whose_time_runs_out_is_told_that_the_call_is_in_progress(gateway, provider):
    """The deadline of a repeat nears: it is told so, in time, and when to ask again."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    error = await gateway.place_call_error(timeout=20, **ID)
    provider.release.set()
    call = (await first).call

    assert ("ABORTED", "REQUEST_IN_PROGRESS") == (error.code, error.reason)
    assert ("SENDING", "REPEAT", None) == (error.dispatch, error.retry, error.pushback)
    assert call.call_id == error.info.metadata["call_id"]
    assert 1 == error.detail(details_pb2.RetryInfo).retry_delay.seconds


async def test_the_first_callers_own_deadline_simply_passes(gateway, provider):
    """The first caller is never told of progress: its time passes, and the call goes on."""
    provider.behave(faults.answers_when_released)
    calling = asyncio.create_task(gateway.place_call(timeout=3, **ID))
    await provider.arrivals(1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await calling
    provider.release.set()
    again = await gateway.place_call(**ID)

    assert grpc.StatusCode.DEADLINE_EXCEEDED == caught.value.code()
    assert again.replayed
    assert 1 == len(provider.posts)


@pytest.mark.usefixtures("early_answers")
async def test_a_recorded_call_on_its_way_says_what_place_call_would(gateway, provider):
    """The error of a call that is SENDING is the one that a repeat is given whose time runs out."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    error, call = await gateway.place_call_error(timeout=20, **ID), await recorded(gateway)
    provider.release.set()
    await first

    assert error.status == call.error


async def test_another_request_with_the_id_need_not_wait(gateway, provider):
    """Reuse is told at once, also while the first attempt runs."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(1)
    error = await gateway.place_call_error(OTHER, timeout=20, **ID)
    provider.release.set()
    await first

    assert ("REQUEST_ID_REUSED", "SENDING") == (error.reason, error.dispatch)


# No refusal without a look at the ledger


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0).isoformat()


async def test_a_recorded_request_is_answered_whatever_todays_clock_says(gateway, provider):
    """A schedule that has passed, and a dial_before, would refuse the request today: its record answers."""
    call = dict(TO_A_FLOW) | {"scheduleTime": in_an_hour()}
    first = await gateway.place_call(call, **ID)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        again = await gateway.place_call(call, dialBefore=datetime.now(UTC).isoformat(), **ID)
        fresh = await gateway.place_call_error(call)

    assert again.replayed
    assert first.call == again.call
    assert "INVALID_REQUEST" == fresh.reason
    assert 1 == len(provider.posts)


TODAY = [
    pytest.param({"accounts": {"default": None, "other": ACCOUNT}}, "ACCOUNT_NOT_FOUND", id="the account is gone"),
    pytest.param({"account": {"only_numbers": ["+44*"]}}, "POLICY_REFUSED", id="a policy forbids the number"),
]


@pytest.mark.parametrize(("change", "reason"), TODAY)
async def test_a_recorded_request_is_answered_whatever_todays_settings_say(provider, ledger, change, reason):
    """What settings refuse today is answered from its record, and reuse is still told; what is new is refused."""
    async with running_gateway(provider.url, {"ledger": ledger}) as before:
        first = await before.place_call(**ID)
    async with running_gateway(provider.url, {"ledger": ledger} | change) as after:
        again = await after.place_call(**ID)
        reused = await after.place_call_error(OTHER, **ID)
        fresh = await after.place_call_error()

    assert again.replayed
    assert first.call == again.call
    assert ("REQUEST_ID_REUSED", reason) == (reused.reason, fresh.reason)
    assert ("NOT_SENT", "CORRECT") == (fresh.dispatch, fresh.retry)
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(("change", "reason"), TODAY)
async def test_a_free_record_is_no_answer_but_changes_todays_refusal(provider, ledger, change, reason):
    """Nobody was dialed: the refusal stands, with the record's dispatch, and only a new id helps."""
    provider.reply({}, 429)
    async with running_gateway(provider.url, {"ledger": ledger}) as before:
        first = await before.place_call_error(**ID)
    async with running_gateway(provider.url, {"ledger": ledger} | change) as after:
        error = await after.place_call_error(**ID)
    async with running_gateway(provider.url, {"ledger": ledger}) as again:
        call = await recorded(again)

    assert reason == error.reason
    assert ("REJECTED", "NEW_REQUEST_ID") == (error.dispatch, error.retry)
    assert call.call_id == first.info.metadata["call_id"] == error.info.metadata["call_id"]
    assert 1 == len(provider.posts)


async def test_a_full_gateway_answers_what_is_recorded(start_gateway, provider, ledger):
    """No room for one more call is no reason not to tell of an old one, or to refuse a waiter."""
    gateway = await start_gateway(ledger=ledger, max_calls_in_flight=1)
    provider.behave(faults.says(reply(ACCEPTED)))
    old = await gateway.place_call(requestId="reminder-0001")
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call(**ID))
    await provider.arrivals(2)
    replayed = await gateway.place_call(requestId="reminder-0001")
    waiter = asyncio.create_task(gateway.place_call(**ID))
    refused = await gateway.place_call_error()
    provider.release.set()

    assert (True, old.call) == (replayed.replayed, replayed.call)
    assert "OVERLOADED" == refused.reason
    assert not (await first).replayed
    assert (await waiter).replayed


# A dry run


async def test_a_dry_run_writes_nothing_and_tells_of_a_replay(gateway, provider):
    """It shows the form, and whether the id is recorded; its own id stays unused."""
    before = await gateway.place_call(validateOnly=True, **ID)
    await gateway.place_call(**ID)
    after = await gateway.place_call(validateOnly=True, **ID)
    reused = await gateway.place_call_error(OTHER, validateOnly=True, **ID)

    assert (False, True) == (before.replayed, after.replayed)
    assert before.preview == after.preview
    assert not after.HasField("call")
    assert "REQUEST_ID_REUSED" == reused.reason
    assert 1 == len(provider.posts)


async def test_a_dry_run_tells_of_a_free_record_too(gateway, provider):
    """Recorded is recorded, whatever the outcome."""
    provider.reply({}, 429)
    await gateway.place_call_error(**ID)

    assert (await gateway.place_call(validateOnly=True, **ID)).replayed


async def test_a_dry_run_of_a_recorded_request_shows_it_whatever_would_be_said_today(provider, ledger):
    """The record wins over the refusal in a dry run as well."""
    async with running_gateway(provider.url, {"ledger": ledger}) as before:
        await before.place_call(**ID)
    async with running_gateway(provider.url, {"ledger": ledger, "account": {"only_numbers": []}}) as after:
        dry = await after.place_call(validateOnly=True, **ID)
        fresh = await after.place_call_error(validateOnly=True)

    assert dry.replayed
    assert ("to", "+13236550107") == (dry.preview.fields[0].name, dry.preview.fields[0].value)
    assert "POLICY_REFUSED" == fresh.reason
