"""Nothing that strangers send is without a bound: neither its length, nor its time, nor its number."""

import asyncio
import socket

import pytest
from receiver_under_test import PATH, request
from waiting import forever, until

from gateway.receiver import Limits

KIB = 1024


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(request("POST", PATH, b"a" * 64 * KIB), 200, id="a body of 64 KiB"),
        pytest.param(request("POST", PATH, b"a" * (64 * KIB + 1)), 413, id="a longer body"),
        pytest.param(request("POST", PATH, content_length="9" * 19), 413, id="a body that is only announced"),
        pytest.param(request("GET", f"{PATH}?{'a' * 15 * KIB}"), 200, id="a query of 15 KiB"),
        pytest.param(request("GET", f"{PATH}?{'a' * 16 * KIB}"), 414, id="a longer query"),
        pytest.param(request("GET", PATH, x="a" * 15 * KIB), 200, id="headers of 15 KiB"),
        pytest.param(request("GET", PATH, x="a" * 17 * KIB), 431, id="longer headers"),
        pytest.param(request("GET", PATH, x="a" * 400 * KIB), 431, id="headers without an end"),
        pytest.param(request("GET", "/" + "a" * 400 * KIB), 431, id="a path without an end"),
        pytest.param(b"GET /" + b"a" * 400 * KIB, 431, id="a line without an end"),
        pytest.param(b"\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03\r\n\r\n", 400, id="TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404, id="HTTP/2"),
        pytest.param(b"GET /reports/\xff\r\n\r\n", 400, id="no HTTP"),
        pytest.param(request("GET", PATH, content_length="9" * 5000), 400, id="a length that is none"),
        pytest.param(request("GET", PATH, transfer_encoding="gzip"), 501, id="an encoding that nobody reads"),
    ],
)
async def test_what_is_too_long_or_no_http_is_refused(receiver, data, status):
    """With the status that says so, and before anybody is asked."""
    answer = await receiver.ask(data)

    assert status == answer.status
    assert (status == 200) == (receiver.ledger.looked_up == 1)
    assert b"server" not in answer.head.lower()


async def test_a_body_in_chunks_is_bounded_too(receiver):
    """Whoever announces no length is stopped on the way."""
    chunk = b"2000\r\n" + b"a" * 8 * KIB + b"\r\n"
    head = request("POST", PATH, transfer_encoding="chunked")
    async with receiver.connection() as client:
        answers = [
            await client.ask(head + 8 * chunk + b"0\r\n\r\n"),
            await client.ask(head + b"b\r\nstatus=BUSY\r\n0\r\n\r\n"),
            await client.ask(head + 100 * chunk + b"0\r\n\r\n"),
        ]
        rest = await client.end()

    assert [200, 200, 413] == [answer.status for answer in answers]
    assert ["", "BUSY"] == [report.status for _, report in receiver.ledger.taken]
    assert (b"", "close") == (rest, answers[-1].headers["connection"])


async def test_a_broken_body_behind_its_answer_ends_the_connection(receiver, caplog):
    """The answer is given already; what comes then and is no HTTP is no error of ours."""
    async with receiver.connection() as client:
        refused = await client.ask(request("POST", "/nowhere", transfer_encoding="chunked"))
        await client.send(b"what\r\n")
        rest = await client.end()

    assert (404, b"", []) == (refused.status, rest, caplog.records)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /rep", id="half a line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n", id="half a head"),
        pytest.param(request("POST", PATH, b"status=BUSY")[:-1], id="half a body"),
        pytest.param(request("POST", PATH, b"a" * 70 * KIB)[:-1], id="half a body that is refused already"),
        pytest.param(request("GET", PATH) + b"GET", id="half a second request"),
    ],
)
async def test_whoever_does_not_come_to_an_end_is_cut_off(start_receiver, data):
    """A request has its time, also when a byte comes now and then."""
    receiver = await start_receiver(limits=Limits(sending=0.2))
    async with receiver.connection() as client:
        await client.send(data)
        dripping = asyncio.create_task(drip(client)) if data else None
        await client.end()
        if dripping:
            dripping.cancel()


async def drip(client):
    """Sends a byte of a header or a body that never ends, again and again."""
    while True:
        await client.send(b"a")
        await asyncio.sleep(0.02)


async def test_a_connection_is_kept_for_a_while(start_receiver):
    """It is closed when no next request comes; the time for one request is not that of the connection."""
    receiver = await start_receiver(limits=Limits(sending=1, idle=4))
    async with receiver.connection() as client:
        answers = []
        for _ in range(3):
            answers.append(await client.ask(request("GET", PATH)))
            await asyncio.sleep(1.2)
        await client.end()

    assert [200] * 3 == [answer.status for answer in answers]


async def test_connections_are_bounded(start_receiver):
    """One more takes the place of the one that has waited longest; those being answered stay."""
    receiver = await start_receiver(limits=Limits(connections=3))
    receiver.ledger.behavior = (written := asyncio.Event()).wait
    async with receiver.connection() as busy, receiver.connection() as oldest, receiver.connection() as older:
        await busy.send(request("GET", PATH))
        await until(lambda: receiver.ledger.looked_up == 1)
        async with receiver.connection() as newest:
            assert b"" == await oldest.end()
            written.set()
            answers = [await busy.answer(), *[await each.ask(request("GET", PATH)) for each in (older, newest)]]

    assert [200] * 3 == [answer.status for answer in answers]


async def test_where_all_are_being_answered_one_more_is_turned_away(start_receiver):
    """It is closed, and takes nobody's place."""
    receiver = await start_receiver(limits=Limits(connections=1))
    receiver.ledger.behavior = (written := asyncio.Event()).wait
    async with receiver.connection() as busy:
        await busy.send(request("GET", PATH))
        await until(lambda: receiver.ledger.looked_up == 1)
        async with receiver.connection() as another:
            assert b"" == await another.end()
        written.set()

        assert 200 == (await busy.answer()).status


async def test_whoever_reads_no_answers_is_cut_off(receiver):
    """Answers that nobody takes do not pile up."""
    host, _, port = receiver.address.rpartition(":")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, (host, int(port)))
        with pytest.raises(ConnectionError):
            await asking_and_asking(client)


async def asking_and_asking(client):
    """Sends requests without an end, and reads nothing."""
    many = request("GET", "/nowhere") * 1000
    async with asyncio.timeout(60):
        while True:
            await asyncio.get_running_loop().sock_sendall(client, many)


async def test_strangers_leave_nothing_behind(start_receiver):
    """When they are gone, so is all that was kept of them."""
    receiver = await start_receiver(limits=Limits(patience=0.05, goodbye=0.05))
    connections = receiver.receiver._connections
    for data in (b"", b"GET", request("POST", PATH, b"abc")[:-1], request("GET", PATH), b"\x00\r\n\r\n"):
        async with receiver.connection() as client:
            await client.send(data)
    receiver.ledger.behavior = forever
    async with receiver.connection() as client:
        await client.ask(request("GET", PATH))
    await until(lambda: not connections.connections)

    assert (set(), {}) == (connections.tasks, connections._waiting)
