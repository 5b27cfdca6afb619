"""Records are kept as long as the settings say, by a gateway that serves; what is left of them still answers."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import faults
import time_machine
from gateway_under_test import TO_A_FLOW, ledger_in, running_gateway
from google.protobuf.timestamp_pb2 import Timestamp
from raw_provider import ACCEPTED, reply
from waiting import until_true

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, ListCallsRequest

ID = {"requestId": "reminder-8812"}
NUMBER = "+13236550107"


async def recorded(gateway):
    return (await gateway.stub.GetCall(GetCallRequest(request_id=ID["requestId"]))).call


async def erased(gateway):
    """Waits until the numbers and texts of the call are gone."""

    async def is_erased() -> bool:
        return not (await recorded(gateway)).HasField("request")

    await until_true(is_erased)
    return await recorded(gateway)


@asynccontextmanager
async def in_days(days: int, provider, folder):
    """A gateway on the same ledger, that much later."""
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        async with running_gateway(provider.url, ledger_in(folder)) as gateway:
            yield gateway


async def test_a_call_is_erased_when_its_time_has_come_and_still_answers(provider, tmp_path):
    """Thirty days after the last change numbers and texts go; a repeat is a replay without them."""
    async with running_gateway(provider.url, ledger_in(tmp_path)) as before:
        first = (await before.place_call(**ID)).call
    async with in_days(31, provider, tmp_path) as after:
        call = await erased(after)
        again = await after.place_call(**ID)
        other = await after.place_call_error(dict(TO_A_FLOW) | {"recipients": [{"number": "+13236550108"}]}, **ID)
        by_number = await after.stub.ListCalls(ListCallsRequest(number=NUMBER))

    assert (first.call_id, DISPATCH_ACCEPTED, []) == (call.call_id, call.dispatch, list(call.recipients))
    assert again.replayed
    assert call == again.call
    assert "REQUEST_ID_REUSED" == other.reason
    assert [] == list(by_number.calls)
    assert 1 == len(provider.posts)
    assert NUMBER.removeprefix("+").encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


async def test_a_call_says_when_it_will_be_erased(provider, tmp_path):
    """`erase_time` is the last change and the days that the settings give."""
    settings = {"ledger": ledger_in(tmp_path)["ledger"] | {"erase_days": 7}}
    async with running_gateway(provider.url, settings) as gateway:
        placed = (await gateway.place_call(**ID)).call

    expected = Timestamp()
    expected.FromDatetime(placed.update_time.ToDatetime(UTC) + timedelta(days=7))
    assert expected == placed.erase_time


async def test_an_unknown_outcome_is_kept(provider, tmp_path):
    """What a person must still look up does not expire."""
    provider.behave(faults.says(b""))
    async with running_gateway(provider.url, ledger_in(tmp_path)) as before:
        await before.place_call_error(**ID)
        await before.place_call_error(requestId="reminder-9000")
    async with in_days(500, provider, tmp_path) as after:
        call = await recorded(after)
        again = await after.place_call_error(**ID)

    assert NUMBER == call.request.recipients[0].number
    assert not call.HasField("erase_time")
    assert "true" == again.info.metadata["replayed"]


async def test_a_free_call_that_was_erased_can_still_be_repeated(provider, tmp_path):
    """Nobody was dialed: the same request, told by its hash, is a new attempt of the same call."""
    provider.behave(faults.says(reply({}, 429)))
    async with running_gateway(provider.url, ledger_in(tmp_path)) as before:
        first = await before.place_call_error(**ID)
    provider.reply(ACCEPTED)
    async with in_days(40, provider, tmp_path) as after:
        await erased(after)
        again = await after.place_call(**ID)

    assert not again.replayed
    assert first.info.metadata["call_id"] == again.call.call_id
    assert NUMBER == again.call.request.recipients[0].number


async def test_a_tombstone_answers_for_four_hundred_days(provider, tmp_path):
    """Nearly all is gone, and the id is still not dialed again."""
    async with running_gateway(provider.url, ledger_in(tmp_path)) as before:
        first = (await before.place_call(**ID)).call
    async with in_days(399, provider, tmp_path) as after:
        await erased(after)
        again = await after.place_call(**ID)

    assert (True, first.call_id) == (again.replayed, again.call.call_id)
    assert 1 == len(provider.posts)


async def test_after_that_the_id_is_as_new(provider, tmp_path):
    """What is forgotten is no promise any more."""
    async with running_gateway(provider.url, ledger_in(tmp_path)) as before:
        first = (await before.place_call(**ID)).call
    async with in_days(401, provider, tmp_path) as after:

        async def is_forgotten() -> bool:
            return not (await after.stub.ListCalls(ListCallsRequest())).calls

        await until_true(is_forgotten)
        again = await after.place_call(**ID)

    assert not again.replayed
    assert first.call_id != again.call.call_id
