"""Clients of every age: HTTP/1.0, kept and pipelined connections, half-closed ones, and many at once; IPv4 and IPv6."""

import asyncio
import socket

import pytest
from free_ports import free_port
from receiver_under_test import PATH, WRONG, request
from waiting import until

from gateway.settings import InvalidSettingsError


async def test_a_connection_is_kept(receiver):
    """One connection brings many reports, whatever they are answered."""
    paths = [PATH, f"/reports/{WRONG}", f"{PATH}/call_end", "/", PATH]
    async with receiver.connection() as client:
        answers = [await client.ask(request("GET", path)) for path in paths]

    assert [200, 404, 200, 404, 200] == [answer.status for answer in answers]


async def test_pipelined_requests_are_answered_in_order(receiver):
    """Also with bodies, and where the client has ended its half behind the last."""
    data = request("POST", f"{PATH}?status=A", b"keypress=1") + request("GET", "/") + request("GET", f"{PATH}?status=B")
    async with receiver.connection() as client:
        await client.send(20 * data)
        client.writer.write_eof()
        answers = [await client.answer() for _ in range(60)]
        rest = await client.end()

    assert 20 * [200, 404, 200] == [answer.status for answer in answers]
    assert 20 * [("A", "1"), ("B", "")] == [(report.status, report.keypress) for _, report in receiver.ledger.taken]
    assert b"" == rest


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f"GET {PATH} HTTP/1.0\r\n\r\n".encode(), id="HTTP/1.0 without a Host"),
        pytest.param(f"POST {PATH} HTTP/1.0\r\nContent-Length: 3\r\n\r\na=b".encode(), id="HTTP/1.0 with a body"),
        pytest.param(request("GET", PATH, connection="close"), id="Connection: close"),
        pytest.param(request("POST", PATH, b"a=b", connection="close") + b"\r\n", id="a line too many"),
    ],
)
async def test_a_connection_that_is_for_one_request_is_closed(receiver, data):
    """With the answer, and whatever follows the request."""
    async with receiver.connection() as client:
        await client.send(data)
        await client.send(b"\r\n")
        answer = await client.answer()
        rest = await client.end()

    assert (200, b"", 1) == (answer.status, rest, receiver.ledger.looked_up)


async def test_what_follows_the_last_request_does_not_cost_its_answer(receiver):
    """An empty line that an old client sends behind its body comes while the report is being written down."""
    receiver.ledger.behavior = (written := asyncio.Event()).wait
    async with receiver.connection() as client:
        await client.send(request("POST", PATH, b"a=b", connection="close"))
        await until(lambda: receiver.ledger.looked_up == 1)
        await client.send(b"\r\n")
        assert 404 == (await receiver.get("/")).status
        written.set()

        assert 200 == (await client.answer()).status


async def test_a_client_that_ended_its_half_has_its_answer(receiver):
    """It asked for all it wanted, and listens; then both are done."""
    receiver.ledger.behavior = (written := asyncio.Event()).wait
    async with receiver.connection() as client:
        await client.send(request("GET", PATH))
        client.writer.write_eof()
        assert 404 == (await receiver.get("/")).status
        written.set()
        answer = await client.answer()

        assert (200, b"") == (answer.status, await client.end())


async def test_a_client_may_wait_to_be_told_to_go_on(receiver):
    """`Expect: 100-continue` is answered before the body; where the body is too long, with the refusal."""
    head = request("POST", PATH, expect="100-continue", content_length="11")
    async with receiver.connection() as client:
        go_on = await client.ask(head)
        answer = await client.ask(b"status=BUSY")
    refused = await receiver.ask(request("POST", PATH, expect="100-continue", content_length="99999"))

    assert (100, 200, 413) == (go_on.status, answer.status, refused.status)


async def test_an_upgrade_is_a_request_as_any(receiver, caplog):
    """Nothing but HTTP/1 is spoken; and it is no line in the log."""
    answer = await receiver.get(connection="Upgrade", upgrade="websocket")

    assert (200, []) == (answer.status, caplog.records)


async def test_many_come_at_once(receiver):
    """Hundreds of connections with several reports each: every one is taken, and every answer is its request's."""

    async def several(number):
        async with receiver.connection() as client:
            path = f"{PATH}?id={number}"
            return [(await client.ask(request("GET", each))).status for each in (path, "/", path)]

    statuses = await asyncio.gather(*(several(number) for number in range(400)))

    assert [[200, 404, 200]] * 400 == statuses
    assert sorted(2 * list(range(400))) == sorted(int(report.provider_call_id) for _, report in receiver.ledger.taken)


# Where it listens


@pytest.mark.parametrize(
    ("listen", "host", "reached"),
    [
        pytest.param("127.0.0.1:0", "127.0.0.1", ["127.0.0.1"], id="IPv4"),
        pytest.param("[::1]:0", "[::1]", ["::1"], id="IPv6"),
        pytest.param("[::]:0", "[::]", ["::1", "127.0.0.1"], id="every address"),
        pytest.param("0.0.0.0:0", "0.0.0.0", ["127.0.0.1"], id="every IPv4 address"),
    ],
)
async def test_it_listens_on_ipv4_and_ipv6(start_receiver, listen, host, reached):
    """The address is told with the port that was given for port 0; [::] is both, as for gRPC."""
    receiver = await start_receiver(listen=listen)
    told, _, port = receiver.address.rpartition(":")
    for each in reached:
        reader, writer = await asyncio.open_connection(each, int(port))
        writer.write(request("GET", PATH))
        assert b"HTTP/1.1 200 OK" == (await reader.readline()).strip()
        writer.transport.abort()

    assert host == told


async def test_a_name_is_an_address_too(start_receiver):
    """A name's first address is listened on."""
    receiver = await start_receiver(listen="localhost:0")
    _, _, port = receiver.address.rpartition(":")
    _, writer = await asyncio.open_connection("localhost", int(port))
    writer.transport.abort()

    assert receiver.address.startswith("localhost:")


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        pytest.param("192.0.2.1:0", "Cannot assign requested address", id="an address of another machine"),
        pytest.param("no-such-host.invalid:0", "", id="a name that is none"),
    ],
)
async def test_an_address_that_is_not_ours_stops_the_start(start_receiver, listen, why):
    """The system's own words say why, as a mistake in the setting."""
    with pytest.raises(InvalidSettingsError) as caught:
        await start_receiver(listen=listen)

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"receiver.listen: {listen} cannot be listened on: {why}")


async def test_a_taken_port_stops_the_start(receiver, start_receiver):
    """A second receiver does not take half of the first one's reports in silence."""
    with pytest.raises(InvalidSettingsError) as caught:
        await start_receiver(listen=receiver.address)

    mistake = f"receiver.listen: {receiver.address} cannot be listened on: Address already in use"
    assert [mistake] == caught.value.mistakes


async def test_a_port_is_free_again_after_a_stop(start_receiver):
    """A restart need not wait for the connections that were open."""
    receiver = await start_receiver(listen=f"127.0.0.1:{free_port()}")
    async with receiver.connection() as client:
        await client.ask(request("GET", PATH))
        await receiver.receiver.stop()
        again = await start_receiver(listen=receiver.address)

    assert 200 == (await again.get()).status


async def test_answers_leave_at_once(receiver):
    """No answer waits for the acknowledgement of its beginning: TCP_NODELAY is set."""
    async with receiver.connection() as client:
        await client.ask(request("GET", PATH))
        [connection] = receiver.receiver._connections.connections
        option = connection.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    assert 0 != option
