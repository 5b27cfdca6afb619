"""The ways a provider misbehaves, by name; each serves one connection of a `RawProvider`."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable

from raw_provider import ACCEPTED, REFUSED, Behavior, Connection, http, reply
from waiting import forever

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
BODY = reply(ACCEPTED).partition(b"\r\n\r\n")[2]


# A request is not answered


async def closes_before_reading(_connection: Connection) -> None:
    pass


async def never_reads(_connection: Connection) -> None:
    await forever()


async def resets_at_the_first_byte(connection: Connection) -> None:
    await connection.reader.readexactly(1)
    connection.reset()


async def closes_after_reading(connection: Connection) -> None:
    await connection.receive()


async def resets_after_reading(connection: Connection) -> None:
    await connection.receive()
    connection.reset()


async def never_answers(connection: Connection) -> None:
    await connection.receive()
    await forever()


def answers_when_released_with(document: object) -> Behavior:
    """Answers every request with a document, but none before the test says so."""

    async def behavior(connection: Connection) -> None:
        while True:
            await connection.receive()
            await connection.provider.release.wait()
            await connection.send(reply(document))

    return behavior


answers_when_released = answers_when_released_with(ACCEPTED)


# An answer does not come whole


def says(*words: bytes) -> Behavior:
    """Says something to the first request, and closes."""

    async def behavior(connection: Connection) -> None:
        await connection.receive()
        for word in words:
            await connection.send(word)

    return behavior


def says_and_stalls(words: bytes) -> Behavior:
    """Says something to the first request, and then nothing more."""

    async def behavior(connection: Connection) -> None:
        await connection.receive()
        await connection.send(words)
        await forever()

    return behavior


def says_and_resets(words: bytes) -> Behavior:
    """Says something to the first request, and resets the connection when it was read."""

    async def behavior(connection: Connection) -> None:
        await connection.receive()
        connection.send_now(words)
        await asyncio.sleep(0.05)
        connection.reset()

    return behavior


async def drips(connection: Connection) -> None:
    """Sends a byte of a long answer now and then: no single read takes long, and all of them never end."""
    await connection.receive()
    await connection.send(HEAD + b"content-length: 100000\r\n\r\n")
    while True:
        await connection.send(b" ")
        await asyncio.sleep(0.02)


async def says_continue_forever(connection: Connection) -> None:
    await connection.receive()
    while True:
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.005)


def redirects(status: int, target: str) -> Behavior:
    """Sends whoever asks elsewhere, with a body that is no verdict."""
    return says(http(b"moved", status, f"location: {target}/v1/SID/voice/outbound\r\n"))


# An answer has no end


ENDLESS = 64 * 1024 * 1024
"""Bytes: more than any kernel keeps for a socket, so that what was sent tells what was read."""

_PIECE = 64 * 1024


def pours(head: bytes, piece: bytes = b" " * _PIECE, before: bytes = b"") -> Behavior:
    """Sends a body of `ENDLESS` bytes, a piece at a time."""

    async def behavior(connection: Connection) -> None:
        await connection.receive()
        await connection.send(head + before)
        async for _ in _pieces(len(piece)):
            await connection.send(piece)

    return behavior


async def _pieces(size: int) -> AsyncIterator[None]:
    for _ in range(ENDLESS // size):
        yield


def chunk(data: bytes) -> bytes:
    """Renders one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def gzip_of_nothing() -> bytes:
    """A piece of gzip that holds nothing: empty stored blocks, for as long as one likes."""
    return b"\x00\x00\x00\xff\xff" * (_PIECE // 5)


GZIP_HEADER = gzip.compress(b"")[:10]


# An answer is wrapped


def encoded(encoding: str, body: bytes) -> bytes:
    """Renders a reply in a content-encoding."""
    return http(body, 200, f"content-encoding: {encoding}\r\n")


def gzip_bomb() -> bytes:
    """64 MiB of spaces around an acceptance, in about 64 kilobytes."""
    return gzip.compress(BODY + b" " * ENDLESS, compresslevel=9)


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)


# A connection holds more than one answer


def first_then_refuses(answer: Callable[[Connection], None]) -> Behavior:
    """Answers the first request of all in a way of its own, and refuses every later one."""

    async def behavior(connection: Connection) -> None:
        while True:
            await connection.receive()
            if len(connection.provider.posts) == 1:
                answer(connection)
            else:
                await connection.send(reply(REFUSED))

    return behavior


def _two_answers_in_one_segment(connection: Connection) -> None:
    connection.send_now(2 * reply(ACCEPTED))


def _two_answers_the_first_of_64_kib(connection: Connection) -> None:
    """Fills what is read from a connection at once with the first answer, to the byte."""
    head = len(http(BODY.ljust(10_000))) - 10_000
    connection.send_now(http(BODY.ljust(64 * 1024 - head)) + reply(ACCEPTED))


def _two_answers_in_two_writes(connection: Connection) -> None:
    connection.writer.write(reply(ACCEPTED))
    connection.writer.write(reply(ACCEPTED))


def _an_answer_and_a_line(connection: Connection) -> None:
    connection.send_now(reply(ACCEPTED) + b"\r\n")


answers_twice = first_then_refuses(_two_answers_in_one_segment)
answers_twice_at_length = first_then_refuses(_two_answers_the_first_of_64_kib)
answers_twice_in_two_records = first_then_refuses(_two_answers_in_two_writes)
adds_a_line = first_then_refuses(_an_answer_and_a_line)


async def answers_once_and_a_half(connection: Connection) -> None:
    """Ends its second answer only when the next request is there, before that one's own answer."""
    second = reply(ACCEPTED)
    await connection.receive()
    if len(connection.provider.posts) == 1:
        connection.send_now(reply(ACCEPTED) + second[:40])
        await connection.receive()
        await connection.send(second[40:])
    await connection.send(reply(REFUSED))


async def answers_the_second_unreadably(connection: Connection) -> None:
    """Answers well, then in an unknown encoding, and twice; whoever asks again on another connection is refused."""
    await connection.receive()
    if len(connection.provider.posts) == 1:
        await connection.send(reply(ACCEPTED))
        await connection.receive()
        connection.send_now(encoded("br", BODY))
        await connection.receive()
        await connection.send(reply(ACCEPTED))
    await connection.send(reply(REFUSED))


async def closes_when_used_again(connection: Connection) -> None:
    """Answers a connection's first request, and closes it at the second."""
    await connection.receive()
    await connection.send(reply(ACCEPTED))
    await connection.receive()


async def resets_when_used_again(connection: Connection) -> None:
    await closes_when_used_again(connection)
    connection.reset()
