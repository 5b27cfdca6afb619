"""Was anything dialed? Every way in which a provider can fail, through the front door.

An error before the first byte of the request left says so, and may be repeated. From the first byte on, whatever is not
a whole and readable answer is an unknown outcome, which nobody may repeat. Never does a second POST arrive.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass

import faults
import pytest
import unreachable
from gateway_under_test import Refusal
from raw_provider import ACCEPTED, RawProvider, answering, http, reply
from waiting import forever

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED

PATIENT = {"connect_timeout": 10, "reply_timeout": 30}
"""For failures that need no waiting: nothing runs out of time on a slow machine."""

HASTY = {"connect_timeout": 0.3, "reply_timeout": 0.4}
"""For failures that are nothing but waiting."""

NO_ANSWER = {"connect_timeout": 10, "reply_timeout": 0.4}
"""For those of them whose request has to leave first."""


@dataclass(frozen=True)
class Told:
    """What a caller is told about a call that failed."""

    reason: str
    code: str
    dispatch: str
    advice: str
    pushback: str | None


def told(refusal: Refusal) -> Told:
    return Told(refusal.reason, refusal.code, refusal.dispatch, refusal.retry, refusal.pushback)


NOT_SENT = Told("PROVIDER_UNREACHABLE", "UNAVAILABLE", "NOT_SENT", "REPEAT", None)
UNKNOWN = Told("OUTCOME_UNKNOWN", "UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", "-1")
MISCONFIGURED = Told("PROVIDER_MISCONFIGURED", "FAILED_PRECONDITION", "REJECTED", "REPEAT", None)
REFUSED = Told("PROVIDER_REFUSED", "FAILED_PRECONDITION", "REJECTED", "NEW_REQUEST_ID", "-1")


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(unreachable.nobody_listens, id="nobody listens"),
        pytest.param(unreachable.no_such_name, id="name not found"),
        pytest.param(unreachable.no_possible_name, id="no possible name"),
        pytest.param(unreachable.connecting_hangs, id="connecting hangs"),
        pytest.param(unreachable.untrusted_certificate, id="untrusted certificate"),
        pytest.param(unreachable.certificate_of_another, id="certificate of another name"),
        pytest.param(unreachable.plain_port, id="TLS to a plain port"),
        pytest.param(unreachable.tls_handshake_hangs, id="TLS handshake hangs"),
        pytest.param(unreachable.tls_handshake_is_reset, id="TLS handshake is reset"),
    ],
)
async def test_a_failure_before_the_first_byte_dialed_nobody(start_gateway, tmp_path, place):
    """Where no byte of the request can have left, the caller may repeat it."""
    async with place(tmp_path) as at:
        gateway = await start_gateway(account={"base_url": at.url}, provider=HASTY | at.settings)

        error = await gateway.place_call_error()

    assert NOT_SENT == told(error)
    assert [] == at.posts


async def test_a_call_without_a_place_in_the_pool_dialed_nobody(start_gateway, provider):
    """A call that waits for a connection longer than `connect_timeout` is not sent, now or later."""
    gateway = await start_gateway(provider={"max_connections": 1, "connect_timeout": 2, "reply_timeout": 30})
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(gateway.place_call())
    await provider.arrivals(1)

    error = await gateway.place_call_error(requestId="test-0000002")
    provider.release.set()

    assert NOT_SENT == told(error)
    assert DISPATCH_ACCEPTED == (await first).call.dispatch
    assert 1 == len(provider.posts)


LONGER_THAN_IT_IS = faults.HEAD + b"content-length: 4000\r\n\r\n" + faults.BODY
CHUNKED = faults.HEAD + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("fault", "posts", "times"),
    [
        pytest.param(faults.closes_before_reading, 0, PATIENT, id="closes before reading"),
        pytest.param(faults.resets_at_the_first_byte, 0, PATIENT, id="resets at the first byte"),
        pytest.param(faults.never_reads, 0, NO_ANSWER, id="never reads"),
        pytest.param(faults.closes_after_reading, 1, PATIENT, id="closes after reading"),
        pytest.param(faults.resets_after_reading, 1, PATIENT, id="resets after reading"),
        pytest.param(faults.never_answers, 1, NO_ANSWER, id="never answers"),
        pytest.param(faults.says(b"HTTP/1.1 200 OK\r\n"), 1, PATIENT, id="closes after the status line"),
        pytest.param(faults.says(faults.HEAD), 1, PATIENT, id="closes within the headers"),
        pytest.param(faults.says_and_resets(faults.HEAD), 1, PATIENT, id="resets within the headers"),
        pytest.param(
            faults.says_and_stalls(faults.HEAD + b"content-length: 80\r\n\r\n"),
            1,
            NO_ANSWER,
            id="stalls after the headers",
        ),
        pytest.param(faults.says_and_stalls(LONGER_THAN_IT_IS), 1, NO_ANSWER, id="stalls within the body"),
        pytest.param(faults.drips, 1, NO_ANSWER, id="drips past the reply's time"),
        pytest.param(faults.says_continue_forever, 1, NO_ANSWER, id="says 100 Continue forever"),
        pytest.param(faults.says(LONGER_THAN_IT_IS), 1, PATIENT, id="body shorter than its content-length"),
        pytest.param(
            faults.says(CHUNKED, faults.chunk(faults.BODY)), 1, PATIENT, id="chunked body without its last chunk"
        ),
        pytest.param(faults.says(CHUNKED, b"50\r\n" + faults.BODY), 1, PATIENT, id="cut within a chunk"),
        pytest.param(faults.says(CHUNKED, b"zz\r\n" + faults.BODY), 1, PATIENT, id="chunk of no size"),
        pytest.param(faults.says(b"\x15\x03\x01\x00\x02\x02\x28"), 1, PATIENT, id="answers in TLS"),
        pytest.param(faults.says(b"SSH-2.0-OpenSSH_9.9\r\n"), 1, PATIENT, id="garbage instead of HTTP"),
        pytest.param(faults.says(faults.BODY), 1, PATIENT, id="a body without a head"),
        pytest.param(
            faults.says(faults.HEAD + b"content-length: 1\r\ncontent-length: 90\r\n\r\n" + faults.BODY),
            1,
            PATIENT,
            id="two lengths",
        ),
        pytest.param(
            faults.says(faults.HEAD + b"content-length: -1\r\n\r\n" + faults.BODY), 1, PATIENT, id="negative length"
        ),
        pytest.param(
            faults.says(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), 1, PATIENT, id="101, unasked"
        ),
        pytest.param(
            faults.says(faults.HEAD + b"x: " + 300_000 * b"a" + b"\r\n\r\n" + faults.BODY),
            1,
            PATIENT,
            id="a header of 300 kB",
        ),
        pytest.param(faults.says(http(b"")), 1, PATIENT, id="empty body"),
        pytest.param(faults.says(b"HTTP/1.1 204 No Content\r\n\r\n"), 1, PATIENT, id="204"),
        pytest.param(
            faults.says(faults.encoded("gzip", gzip.compress(faults.BODY)[:-9])), 1, PATIENT, id="gzip that is cut"
        ),
        pytest.param(
            faults.says(faults.encoded("gzip", gzip.compress(faults.BODY) + b"{}")), 1, PATIENT, id="gzip and something"
        ),
        pytest.param(faults.says(faults.encoded("gzip", faults.BODY)), 1, PATIENT, id="gzip that is none"),
        pytest.param(faults.says(faults.encoded("gzip", faults.gzip_bomb())), 1, PATIENT, id="gzip bomb"),
        pytest.param(faults.says(faults.encoded("br", faults.BODY)), 1, PATIENT, id="unknown encoding"),
    ],
)
async def test_a_failure_after_the_first_byte_is_an_unknown_outcome(start_gateway, provider, fault, posts, times):
    """Once a byte has left, phones may ring whatever came back: nobody may repeat the request, and nothing does."""
    gateway = await start_gateway(provider=times)
    provider.behave(fault)

    error = await gateway.place_call_error()
    await provider.arrivals(posts)

    assert UNKNOWN == told(error)
    assert posts == len(provider.posts)
    assert 1 == len(provider.connections)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.resets_at_the_first_byte, id="reset"),
        pytest.param(faults.closes_after_reading, id="closed"),
        pytest.param(faults.says(b"HTTP/1.1 200 OK\r\n"), id="cut"),
        pytest.param(faults.says_and_stalls(b"garbage\r\n\r\n"), id="garbage"),
        pytest.param(faults.says_and_stalls(faults.encoded("br", faults.BODY)), id="unreadable"),
        pytest.param(faults.pours(CHUNKED, faults.chunk(64 * 1024 * b" ")), id="endless"),
    ],
)
async def test_a_failure_leaves_nothing_behind(start_gateway, provider, fault):
    """The call after a failed one has a connection without a past, and its own answer."""
    gateway = await start_gateway(provider=PATIENT | {"max_connections": 1})
    provider.behave(fault)
    await gateway.place_call_error()
    provider.behave(answering(reply(ACCEPTED)))

    answer = await gateway.place_call(requestId="test-0000002")

    assert DISPATCH_ACCEPTED == answer.call.dispatch


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n", reply(ACCEPTED)], id="100 Continue before it"),
        pytest.param(
            [b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 3 + reply(ACCEPTED)], id="three 103 before it"
        ),
        pytest.param([bytes([byte]) for byte in reply(ACCEPTED)], id="a byte at a time"),
        pytest.param([CHUNKED, *(faults.chunk(bytes([byte])) for byte in faults.BODY), b"0\r\n\r\n"], id="chunked"),
        pytest.param([CHUNKED + faults.chunk(faults.BODY) + b"0\r\nx: y\r\n\r\n"], id="chunked, with a trailer"),
        pytest.param([faults.HEAD + b"\r\n" + faults.BODY], id="ended by closing"),
        pytest.param([b"HTTP/1.0 200 OK\r\n\r\n" + faults.BODY], id="HTTP/1.0"),
        pytest.param([http(faults.BODY, 200, "x: " + 60_000 * "a" + "\r\n")], id="a header of 60 kB"),
        pytest.param([http(faults.BODY + 1_000_000 * b" ")], id="a megabyte"),
        pytest.param([faults.encoded("identity", faults.BODY)], id="identity"),
        pytest.param([faults.encoded("gzip", gzip.compress(faults.BODY))], id="gzip"),
        pytest.param([faults.encoded("X-GZip", gzip.compress(faults.BODY))], id="x-gzip"),
        pytest.param([faults.encoded("deflate", faults.deflated(faults.BODY))], id="deflate"),
    ],
)
async def test_an_answer_is_read_however_it_is_wrapped(start_gateway, provider, answer):
    """A whole answer is a verdict, in whatever pieces and encodings it comes."""
    gateway = await start_gateway(provider=PATIENT)
    provider.behave(faults.says(*answer))

    placed = await gateway.place_call()

    assert DISPATCH_ACCEPTED == placed.call.dispatch
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            faults.pours(faults.HEAD + b"content-length: %d\r\n\r\n" % faults.ENDLESS), id="of a known length"
        ),
        pytest.param(faults.pours(CHUNKED, faults.chunk(64 * 1024 * b" ")), id="chunked"),
        pytest.param(faults.pours(faults.HEAD + b"\r\n"), id="until it closes"),
        pytest.param(faults.pours(faults.HEAD + b"x: ", 64 * 1024 * b"a"), id="in its head"),
        pytest.param(
            faults.pours(
                faults.HEAD + b"content-encoding: gzip\r\n\r\n", faults.gzip_of_nothing(), before=faults.GZIP_HEADER
            ),
            id="gzip that holds nothing",
        ),
        pytest.param(
            faults.pours(
                faults.HEAD + b"content-encoding: gzip\r\n\r\n", 64 * 1024 * b"\0", before=gzip.compress(faults.BODY)
            ),
            id="after the end of its gzip",
        ),
    ],
)
async def test_an_endless_answer_is_not_read_to_its_end(start_gateway, provider, fault):
    """A reply is read up to a megabyte: what the provider's own kernel takes on top of that is no memory of ours."""
    gateway = await start_gateway(provider=PATIENT)
    provider.behave(fault)

    error = await gateway.place_call_error()

    assert UNKNOWN == told(error)
    assert provider.sent < faults.ENDLESS // 2


@pytest.fixture
async def elsewhere() -> AsyncIterator[RawProvider]:
    """Where a redirect points to."""
    async with RawProvider.listening() as target:
        yield target


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(301, MISCONFIGURED, id="301"),
        pytest.param(302, UNKNOWN, id="302"),
        pytest.param(303, UNKNOWN, id="303"),
        pytest.param(307, MISCONFIGURED, id="307"),
        pytest.param(308, MISCONFIGURED, id="308"),
    ],
)
async def test_a_redirect_is_never_followed(gateway, provider, elsewhere, status, expected):
    """A redirect is an answer like any other: nothing is posted, or even connected, to where it points."""
    provider.behave(faults.redirects(status, elsewhere.url))

    error = await gateway.place_call_error()

    assert expected == told(error)
    assert 1 == len(provider.posts)
    assert [] == elsewhere.connections


async def test_an_early_refusal_is_a_verdict(gateway, provider):
    """A provider may refuse before it has read the whole request: its answer counts."""

    async def refuses_early(connection: faults.Connection) -> None:
        await connection.reader.readuntil(b"\r\n\r\n")
        await connection.send(http(b"too much", 413))
        await forever()

    provider.behave(refuses_early)

    error = await gateway.place_call_error()

    assert REFUSED == told(error)
