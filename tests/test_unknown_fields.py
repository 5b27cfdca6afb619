"""Fields that this gateway does not know, of a request whose id may be recorded."""

import tracemalloc
from typing import Any

import pytest
from faulty_store import FaultyStore, MemoryStore, gateway_on
from gateway_under_test import Refusal, place_call_request
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details_pb2
from raw_caller import good_requests, refused, sent, with_unknown
from raw_provider import answering, reply

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway_client.unknown_fields import unknown_fields

ONE = b"\x78\x01"
"""Field 15 of a request, which no message has, in the fewest bytes."""

ID = {"requestId": "reminder-8812"}


def told(error: Refusal) -> tuple[Any, ...]:
    return error.reason, error.dispatch, error.retry


def holding(request: Message, fields: int) -> bytes:
    """A request with so many unknown fields."""
    return request.SerializeToString() + ONE * fields


async def test_a_recorded_call_answers_whoever_repeats_it_with_an_unknown_field(gateway, provider):
    """Beside the call it is the same request still; in the call it makes another one. Neither is told of nobody."""
    first = (await gateway.place_call(**ID)).call
    request = place_call_request(**ID)
    repeat = PlaceCallResponse.FromString(
        await sent(gateway.channel, "PlaceCall", with_unknown(request).SerializeToString())
    )
    request = place_call_request(**ID)
    other = await refused(gateway.channel, with_unknown(request, request.call))

    assert (True, first.call_id) == (repeat.replayed, repeat.call.call_id)
    assert ("REQUEST_ID_REUSED", "ACCEPTED", "LOOK_UP") == told(other)
    assert first.call_id == other.info.metadata["call_id"]
    assert 1 == len(provider.posts)


async def test_where_nobody_was_dialed_the_refusal_names_the_record(gateway, provider):
    """A free record is no answer: the refusal is, with what is recorded, and the id is spent on the other request."""
    provider.behave(answering(reply({"code": "RBC201"})))
    await gateway.place_call_error(**ID)
    error = await refused(gateway.channel, with_unknown(place_call_request(**ID)))

    assert ("INVALID_REQUEST", "REJECTED", "NEW_REQUEST_ID") == told(error)


async def test_a_ledger_that_cannot_be_asked_is_told_instead(provider):
    """Whether somebody was dialed is not known, so nothing is said of it."""
    store = FaultyStore(MemoryStore())
    async with gateway_on(store, provider.url, {}) as gateway:
        store.cannot_read = True
        error = await refused(gateway.channel, with_unknown(place_call_request(**ID)))

    assert ("LEDGER_UNAVAILABLE", "", "REPEAT") == told(error)


@pytest.mark.parametrize("fields", [1, 100, 101, 5000])
async def test_every_unknown_field_counts(gateway, fields):
    """Those that do not fit into the status are counted."""
    error = await refused(gateway.channel, holding(place_call_request(), fields))

    assert fields == len(error.violations) + int(error.info.metadata.get("omitted_violations", 0))
    assert {("", "MESSAGE_UNKNOWN_FIELD")} == set(error.violations)


@pytest.mark.parametrize("method", good_requests())
async def test_millions_of_them_hold_nobody_up(gateway, method):
    """A message of 4 MiB can hold two million: they are told as one, and the process goes on meanwhile."""
    error = await refused(gateway.channel, holding(good_requests()[method], 2_000_000), method)
    [violation] = error.detail(details_pb2.BadRequest).field_violations

    assert ("", "MESSAGE_UNKNOWN_FIELD") == (violation.field, violation.reason)
    assert "4000000 bytes" in violation.description


def test_no_object_is_made_of_each():
    """Protobuf would make one of each field, some seconds' work in one piece."""
    request = PlaceCallRequest.FromString(holding(place_call_request(), 2_000_000))
    tracemalloc.start()
    unknown_fields(request)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 20_000_000  # two million objects take a hundred
