"""An error of a call as a typed value; what the gateway did not write is unknown, and nothing breaks the reading."""

import asyncio
import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from gateway_under_test import place_call_request
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2 as details_pb2
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import DETAILS, Failure, failure, info, scripted_server

from gateway.errors import ROW_BY_REASON, GatewayError
from gateway.statuses import to_status
from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway.v1.outbound_call_pb2 import DISPATCH_REJECTED, DISPATCH_UNSPECIFIED
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import CallError, Resource, Violation, error_from, open_aio_channel, open_channel

CODES = grpc.StatusCode


async def read_by_aio(address: str) -> CallError:
    async with open_aio_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await OutboundCallServiceStub(channel).PlaceCall(place_call_request(), timeout=30)
    return error_from(caught.value)


async def read_by_threads(address: str) -> CallError:
    def call() -> CallError:
        with open_channel(address) as channel, pytest.raises(grpc.RpcError) as caught:
            OutboundCallServiceStub(channel).PlaceCall(place_call_request(), timeout=30)
        return error_from(caught.value)

    return await asyncio.to_thread(call)


@pytest.fixture(params=[read_by_aio, read_by_threads], ids=["asyncio", "threads"])
def read(request: pytest.FixtureRequest) -> Any:
    """Reads the error of a call, by either of gRPC's libraries."""

    async def read(answer: Failure) -> CallError:
        async with scripted_server(answer) as server:
            return await request.param(server.address)

    return read


NUMBER, PROVIDERS_WORDS = "+13236550107", "Zq7 the provider's words"
METADATA = {
    "dispatch": "DISPATCH_REJECTED",
    "retry": "RETRY_ADVICE_NEW_REQUEST_ID",
    "request_id": "reminder-8812",
    "call_id": "01M877T75TZ34YP86YJBAKTDN5",
    "provider_code": "RBC3115",
    "provider_message": PROVIDERS_WORDS,
    "http_status": "200",
    "replayed": "true",
    "original_time": "2026-11-24T10:00:00.250Z",
    "omitted_violations": "7",
    "error_id": "e1",
    "newer": "fact",
}
EVERYTHING = failure(
    CODES.NOT_FOUND,
    info("ERROR_REASON_FLOW_NOT_FOUND", **METADATA),
    details_pb2.BadRequest(
        field_violations=[{"field": "call.ivr.flow_id", "reason": "NO_SUCH", "description": f"not {NUMBER}"}]
    ),
    details_pb2.PreconditionFailure(violations=[{"subject": "call", "type": "only_numbers", "description": "no"}]),
    details_pb2.ResourceInfo(resource_type="flow", resource_name="SG_9"),
    details_pb2.RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000)),
    details_pb2.Help(),
)


async def test_everything_that_the_gateway_told_is_there(read):
    """Every detail has its place, and all metadata is kept, also what is newer than this package."""
    error = await read(EVERYTHING)

    assert (CODES.NOT_FOUND, "said a server", True) == (error.code, error.message, error.from_gateway)
    assert reasons.ERROR_REASON_FLOW_NOT_FOUND == error.reason
    assert "ERROR_REASON_FLOW_NOT_FOUND" == error.reason_name
    assert (DISPATCH_REJECTED, reasons.RETRY_ADVICE_NEW_REQUEST_ID) == (error.dispatch, error.advice)
    assert (
        Violation("call.ivr.flow_id", "NO_SUCH", f"not {NUMBER}"),
        Violation("call", "only_numbers", "no"),
    ) == error.violations
    assert (Resource("flow", "SG_9"), timedelta(seconds=2.5)) == (error.resource, error.retry_delay)
    assert ("reminder-8812", "01M877T75TZ34YP86YJBAKTDN5") == (error.request_id, error.call_id)
    assert ("RBC3115", PROVIDERS_WORDS, 200) == (error.provider_code, error.provider_message, error.http_status)
    assert (True, datetime(2026, 11, 24, 10, 0, 0, 250_000, tzinfo=UTC)) == (error.replayed, error.original_time)
    assert (7, "e1", METADATA) == (error.omitted_violations, error.error_id, error.metadata)
    assert (True, False) == (error.nobody_was_dialed, error.may_repeat)


async def test_its_text_holds_no_number_and_no_words_of_the_provider(read):
    """It may be logged as it is."""
    error = await read(EVERYTHING)
    told = "ERROR_REASON_FLOW_NOT_FOUND, DISPATCH_REJECTED, RETRY_ADVICE_NEW_REQUEST_ID"
    text = f"NOT_FOUND: {told}, call_id 01M877T75TZ34YP86YJBAKTDN5"

    assert (text, f"<CallError {text}>") == (str(error), repr(error))


async def test_it_survives_copying_and_another_process(read):
    """Worker pools hand exceptions on as bytes."""
    error = await read(EVERYTHING)

    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(error), error.metadata, error.violations) == (str(again), again.metadata, again.violations)


async def test_what_the_gateway_did_not_tell_is_absent(read):
    """An error without any facts has none made up."""
    error = await read(failure(CODES.INTERNAL, info()))

    assert (True, reasons.ERROR_REASON_INTERNAL) == (error.from_gateway, error.reason)
    assert (DISPATCH_UNSPECIFIED, reasons.RETRY_ADVICE_UNSPECIFIED) == (error.dispatch, error.advice)
    assert ((), 0, None, None) == (error.violations, error.omitted_violations, error.resource, error.retry_delay)
    assert ("", "", "", "", "") == (
        error.request_id,
        error.call_id,
        error.provider_code,
        error.provider_message,
        error.error_id,
    )
    assert (None, False, None) == (error.http_status, error.replayed, error.original_time)
    assert (False, False) == (error.nobody_was_dialed, error.may_repeat)


async def test_names_that_are_newer_than_the_package_are_unspecified_and_kept(read):
    """A newer gateway may have new reasons, dispatches and advice."""
    told = {"dispatch": "DISPATCH_HALF", "retry": "RETRY_ADVICE_PRAY", "http_status": "²", "original_time": "soon"}
    error = await read(failure(CODES.ABORTED, info("ERROR_REASON_NEWER", **told)))

    assert (True, 0, 0, 0) == (error.from_gateway, error.reason, error.dispatch, error.advice)
    assert ("ERROR_REASON_NEWER", told) == (error.reason_name, error.metadata)
    assert (None, None) == (error.http_status, error.original_time)
    assert (False, False) == (error.nobody_was_dialed, error.may_repeat)


UNDECODABLE = AnyMessage(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\xff")


def with_undecodable() -> Failure:
    status = status_pb2.Status(code=CODES.ABORTED.value[0])
    status.details.add().Pack(info())
    status.details.append(UNDECODABLE)
    return Failure(CODES.ABORTED, ((DETAILS, status.SerializeToString()),))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Failure(CODES.ABORTED), id="no details"),
        pytest.param(Failure(CODES.ABORTED, ((DETAILS, b"\xff\x00garbage"),)), id="garbage"),
        pytest.param(failure(CODES.ABORTED), id="a status without ErrorInfo"),
        pytest.param(
            failure(CODES.ABORTED, info(domain="example.com", retry="RETRY_ADVICE_REPEAT")), id="another domain"
        ),
        pytest.param(failure(CODES.ABORTED, info(), info("ERROR_REASON_PAUSED")), id="two of ErrorInfo"),
        pytest.param(failure(CODES.ABORTED, info(), says=CODES.UNKNOWN.value[0]), id="details of another code"),
        pytest.param(
            failure(CODES.ABORTED, info(), details_pb2.RetryInfo(retry_delay=Duration(seconds=2**62))),
            id="a delay beyond all time",
        ),
        pytest.param(with_undecodable(), id="a detail that cannot be decoded"),
    ],
)
async def test_what_is_not_the_gateways_is_unknown(read, answer):
    """Nothing is guessed from a code, or from details of somebody else."""
    error = await read(answer)

    assert (CODES.ABORTED, False) == (error.code, error.from_gateway)
    assert (0, "", 0, 0) == (error.reason, error.reason_name, error.dispatch, error.advice)
    assert ((), None, None, {}) == (error.violations, error.resource, error.retry_delay, error.metadata)
    assert (False, True) == (error.nobody_was_dialed, error.may_repeat)
    assert "ABORTED, not from the gateway: what happened is unknown" == str(error)


@pytest.mark.parametrize("code", [code for code in CODES if code is not CODES.OK])
def test_a_foreign_error_is_repeated_unless_nothing_can_reach_the_gateway(code):
    """The repeat asks the gateway; a message too large, or a method that nobody has, would not get there either."""
    assert (code not in {CODES.RESOURCE_EXHAUSTED, CODES.UNIMPLEMENTED}) == CallError(code).may_repeat


@pytest.mark.parametrize("reason", ROW_BY_REASON)
def test_every_reason_is_read_as_the_gateway_writes_it(reason):
    """The client reads every row of the contract's table."""
    row, written = ROW_BY_REASON[reason], GatewayError(reason, call_id="01M877T75TZ34YP86YJBAKTDN5")
    error = CallError(row.code, row.message, to_status(written))

    assert (row.code, reason, row.dispatch or 0, row.retry or 0) == (
        error.code,
        error.reason,
        error.dispatch,
        error.advice,
    )
    assert (row.retry == reasons.RETRY_ADVICE_REPEAT) == error.may_repeat
    assert ("Nobody was dialed." in row.message) == error.nobody_was_dialed


class AnyError(grpc.RpcError):
    """What a stub raises, with trailers as they come."""

    def __init__(self, trailers: Any) -> None:
        self._trailers = trailers

    def code(self) -> grpc.StatusCode:
        return CODES.UNKNOWN

    def details(self) -> None:
        return None

    def trailing_metadata(self) -> Any:
        return self._trailers


@given(st.binary() | st.text() | st.builds(lambda value: AnyMessage(value=value).SerializeToString(), st.binary()))
def test_no_bytes_break_the_reading(value):
    """Whatever stands in the trailer, there is an answer, and it is not the gateway's."""
    error = error_from(AnyError(((DETAILS, value),)))

    assert (CODES.UNKNOWN, "", False) == (error.code, error.message, error.from_gateway)


@pytest.mark.parametrize("trailers", [None, (), (("other", "x"),)], ids=["no trailers", "none of them", "another"])
def test_an_error_without_details_is_unknown(trailers):
    """A call that never reached anybody has no trailers."""
    assert not error_from(AnyError(trailers)).from_gateway


def test_an_rpc_error_that_is_no_status_has_code_unknown():
    """GRPC's base class promises no code."""
    error = error_from(grpc.RpcError())

    assert (CODES.UNKNOWN, False, True) == (error.code, error.from_gateway, error.may_repeat)
