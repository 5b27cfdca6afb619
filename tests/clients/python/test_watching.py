"""Following calls across streams that break: each event once, in order, and an end when the call has one."""

from itertools import groupby

import grpc
import pytest
from scripted_server import Failure, Silence, failure, info, numbered
from scripted_streams import DRAIN, Beat, End, Pieces, Unheard, UpTo, relay, streaming_server
from waiting import until
from watched import CALL_ID, LIBRARIES, Watch, both, reader

CODES = grpc.StatusCode


@pytest.fixture(params=LIBRARIES)
def watch_one(request: pytest.FixtureRequest) -> Watch:
    """Follows one call."""
    return reader(request.param, one=True)


@pytest.fixture(params=LIBRARIES)
def watch_all(request: pytest.FixtureRequest) -> Watch:
    """Follows all calls of an account."""
    return reader(request.param, one=False)


def gateways(reason: str, code: grpc.StatusCode, **metadata: str) -> Failure:
    return failure(code, info(f"ERROR_REASON_{reason}", **metadata), pushback=True)


BREAKS = [
    pytest.param(DRAIN, id="a drain"),
    pytest.param(gateways("LEDGER_UNAVAILABLE", CODES.UNAVAILABLE), id="no ledger"),
    pytest.param(gateways("INTERNAL", CODES.INTERNAL), id="a bug of the gateway"),
    pytest.param(gateways("RATE_LIMITED", CODES.RESOURCE_EXHAUSTED), id="too fast"),
    pytest.param(gateways("NEWER_THAN_THIS_PACKAGE", CODES.ABORTED), id="a newer reason"),
    pytest.param(Failure(CODES.UNAVAILABLE), id="a proxy's UNAVAILABLE"),
    pytest.param(Failure(CODES.INTERNAL), id="a reset stream"),
    pytest.param(Failure(CODES.UNKNOWN), id="a proxy's UNKNOWN"),
    pytest.param(Failure(CODES.CANCELLED), id="a proxy's CANCELLED"),
    pytest.param(Failure(CODES.DEADLINE_EXCEEDED), id="a proxy's deadline"),
    pytest.param(Failure(CODES.NOT_FOUND), id="a proxy without a route"),
]
"""What gets better by itself."""

NO_CALL = gateways("CALL_NOT_FOUND", CODES.NOT_FOUND)
CURSOR = gateways("CURSOR_OUT_OF_RANGE", CODES.OUT_OF_RANGE, oldest_sequence="40", newest_sequence="90")
FINAL = [
    pytest.param(NO_CALL, id="CALL_NOT_FOUND"),
    pytest.param(gateways("ACCOUNT_NOT_FOUND", CODES.NOT_FOUND), id="ACCOUNT_NOT_FOUND"),
    pytest.param(gateways("INVALID_REQUEST", CODES.INVALID_ARGUMENT), id="INVALID_REQUEST"),
    pytest.param(CURSOR, id="CURSOR_OUT_OF_RANGE"),
    pytest.param(gateways("UNAUTHENTICATED", CODES.UNAUTHENTICATED), id="UNAUTHENTICATED"),
    pytest.param(gateways("PERMISSION_DENIED", CODES.PERMISSION_DENIED), id="PERMISSION_DENIED"),
    pytest.param(gateways("UNIMPLEMENTED", CODES.UNIMPLEMENTED), id="UNIMPLEMENTED"),
    pytest.param(gateways("NEWER_THAN_THIS_PACKAGE", CODES.FAILED_PRECONDITION), id="a newer reason"),
    pytest.param(Failure(CODES.UNIMPLEMENTED), id="no such service"),
    pytest.param(Failure(CODES.RESOURCE_EXHAUSTED), id="too large for somebody on the way"),
]
"""What does not."""


# One call


async def test_a_call_is_followed_to_its_end(watch_one):
    """The stream ends well when nothing more becomes of the call, and so does the iterator."""
    async with streaming_server([1, 2, Beat(2), 3]) as server:
        told = await watch_one(server.address)

    assert ([1, 2, 3], None, True) == (told.sequences, told.error, told.over)
    assert [CALL_ID] == [stream.request.call_id for stream in server.streams]


@pytest.mark.parametrize("failure", BREAKS)
@pytest.mark.parametrize(
    ("first", "then", "after"),
    [
        pytest.param([], [1, 2, 3], None, id="before the first message"),
        pytest.param([1], [2, 3], 1, id="between two events"),
        pytest.param([1, 2, Beat(2)], [3], 2, id="after a heartbeat"),
        pytest.param([1, 2, 3], [], 3, id="before the end is told"),
    ],
)
async def test_a_break_is_not_noticed(watch_one, failure, first, then, after):
    """Each event is told once, in order, wherever the stream breaks and why."""
    async with streaming_server([*first, failure], then) as server:
        told = await watch_one(server.address)

    assert ([1, 2, 3], None) == (told.sequences, told.error)
    assert [None, after] == server.asked_after


async def test_connections_that_are_cut_are_not_noticed(watch_one):
    """A thousand events over connections that are reset in the middle of one: each is told once, in order."""
    cuts = range(10_000, 60_000, 5_000)
    async with (
        streaming_server(*[[UpTo(1000)]] * 100, padding=500) as server,
        relay(server.address, *cuts) as between,
    ):
        told = await watch_one(between.address)

    assert list(range(1, 1001)) == told.sequences
    assert [] == between.limits
    assert len(cuts) < len(server.streams)


async def test_a_stream_over_which_nothing_comes_is_opened_again(watch_one):
    """A connection that is open on one side only tells of nothing."""
    pieces = Pieces([1, Beat(5)], [6], [7])
    async with streaming_server(*[[pieces]] * 1000) as server:
        told = await watch_one(server.address, silence=1.0)
        await until(lambda: all(stream.over.is_set() for stream in server.streams))

    assert ([1, 6, 7], None) == (told.sequences, told.error)
    asked = [after for after, _ in groupby(server.asked_after)]  # the same again where the machine is too slow
    assert [None, 5, 6] == [after for after in asked if after != 1]


async def test_what_was_told_before_is_not_told_again(watch_one):
    """A server that repeats or turns back is not believed."""
    async with streaming_server([1, 3, 2, 3, 4, DRAIN], [2, 3, 4, Beat(3), 5, DRAIN], [4, 6]) as server:
        told = await watch_one(server.address)

    assert [1, 3, 4, 5, 6] == told.sequences
    assert [None, 4, 5] == server.asked_after


async def test_a_newer_kind_of_message_is_passed_over(watch_one):
    """A gateway that is newer than this package may say more."""
    async with streaming_server([1, Unheard(), 2, DRAIN], [Unheard(), 3]) as server:
        told = await watch_one(server.address)

    assert [1, 2, 3] == told.sequences


@pytest.mark.parametrize("answer", FINAL)
async def test_what_does_not_get_better_is_raised(watch_one, answer):
    """Another stream would meet it again: the error is told at once, and the watch is over."""
    async with streaming_server([1, answer]) as server:
        told = await watch_one(server.address)

    assert ([1], answer.code, True) == (told.sequences, told.error.code, told.over)
    assert isinstance(told.error.__cause__, grpc.RpcError)
    assert 1 == len(server.streams)


async def test_an_error_tells_what_is_kept(watch_one):
    """Whoever was away for too long learns from where events still are."""
    async with streaming_server([CURSOR]) as server:
        told = await watch_one(server.address, after_sequence=3)

    assert ("40", "90") == (told.error.metadata["oldest_sequence"], told.error.metadata["newest_sequence"])
    assert [3] == server.asked_after


async def test_it_says_where_it_stands(watch_one):
    """What is handed out is passed, and nothing else: a program that starts again goes on from there."""
    async with streaming_server([4, Beat(6), 7]) as server:
        told = await watch_one(server.address, after_sequence=3)

    assert [3, 4, 7] == told.stood


async def test_with_no_patience_a_break_is_raised(watch_one):
    """The last error is told, with the gateway's words."""
    async with streaming_server([1, DRAIN]) as server:
        told = await watch_one(server.address, patience=0)

    assert ([1], "ERROR_REASON_OVERLOADED") == (told.sequences, told.error.reason_name)
    assert 1 == len(server.streams)


async def test_silence_that_lasts_is_raised(watch_one):
    """A gateway that never says a word is not waited for without an end."""
    async with streaming_server([Silence()], [Silence()]) as server:
        told = await watch_one(server.address, silence=0.05, patience=0)

    assert ([], CODES.DEADLINE_EXCEEDED, False) == (told.sequences, told.error.code, told.error.from_gateway)


async def test_the_channels_own_repeats_do_no_harm(watch_one):
    """UNAVAILABLE before the first message is repeated by gRPC, too: five streams, and each event once."""
    async with streaming_server(*[[Failure(CODES.UNAVAILABLE)]] * 5, [1, 2]) as server:
        told = await watch_one(server.address, after_sequence=0)

    assert [1, 2] == told.sequences
    assert [0] * 6 == server.asked_after


async def test_replicas_that_are_not_ready_are_waited_for(watch_one):
    """Where no replica is ready, the channel refuses each stream by itself."""
    async with streaming_server([1, 2], ready=False) as server:

        async def get_ready() -> None:
            await server.is_ready(ready=True)

        told = await both(watch_one(server.address), get_ready())

    assert ([1, 2], None) == (told.sequences, told.error)


async def test_a_stream_moves_from_a_replica_that_drains(watch_one):
    """The next replica goes on where the first one stopped."""
    async with (
        streaming_server([1, 2, DRAIN], *[[DRAIN]] * 1000) as leaving,
        streaming_server([3], ready=False) as staying,
    ):

        async def roll() -> None:
            await until(lambda: bool(leaving.streams))
            await leaving.is_ready(ready=False)
            await staying.is_ready(ready=True)

        told = await both(watch_one(numbered([leaving, staying])), roll())

    assert [1, 2, 3] == told.sequences
    assert [2] == staying.asked_after


async def test_metadata_goes_along_with_each_stream(watch_one):
    """A proxy on the way may want a token."""
    async with streaming_server([1, DRAIN], [2]) as server:
        await watch_one(server.address, metadata=(("authorization", "Bearer x"),))

    assert ["Bearer x"] * 2 == [stream.metadata["authorization"] for stream in server.streams]


# All calls of an account


async def test_all_calls_are_followed_from_now_on(watch_all):
    """No lookup is asked for; the first heartbeat tells where the account stands, and a break goes on from there."""
    async with streaming_server([Beat(40), DRAIN], [41, DRAIN], [NO_CALL]) as server:
        told = await watch_all(server.address, account="staging")

    assert [41] == told.sequences
    assert [None, 40, 41] == server.asked_after
    assert {(None, "staging")} == {(each.request.WhichOneof("lookup"), each.request.account) for each in server.streams}


async def test_before_the_first_heartbeat_a_break_starts_anew(watch_all):
    """Nothing was told yet, so that nothing is known to go on from."""
    async with streaming_server([DRAIN], [Beat(40), 41, NO_CALL]) as server:
        told = await watch_all(server.address)

    assert [41] == told.sequences
    assert [None, None] == server.asked_after


async def test_a_stream_on_an_account_that_ends_well_is_opened_again(watch_all):
    """An account has no end: somebody on the way closed it."""
    async with streaming_server([Beat(3), 4, End()], [5, End()], [NO_CALL]) as server:
        told = await watch_all(server.address)

    assert ([4, 5], NO_CALL.code) == (told.sequences, told.error.code)
    assert [None, 4, 5] == server.asked_after


async def test_streams_that_only_end_are_no_message(watch_all):
    """Whoever closes each stream at once is not waited for without an end."""
    async with streaming_server([End()]) as server:
        told = await watch_all(server.address, patience=0)

    assert CODES.UNAVAILABLE == told.error.code
    assert not told.error.from_gateway
