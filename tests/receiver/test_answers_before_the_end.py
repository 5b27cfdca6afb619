"""A request that is refused before its end: its answer arrives whole, and what still comes costs next to nothing."""

import asyncio
import ssl

import h11
import pytest
import trustme
from loop_watch import watched_loop
from receiver_under_test import PATH, WRONG, Client, request
from waiting import until

from gateway.receiver import Limits
from gateway.settings import Tls

KIB = 1024
ONE_BYTE = b"1\r\na\r\n"
CHUNKED = request("POST", PATH, transfer_encoding="chunked")


@pytest.fixture
def parsed(monkeypatch):
    """Counts how often h11 is asked for what comes next."""
    asked = []
    next_event = h11.Connection.next_event

    def counting(connection):
        asked.append(connection)
        return next_event(connection)

    monkeypatch.setattr(h11.Connection, "next_event", counting)
    return asked


@pytest.mark.parametrize(("chunks", "status"), [(256, 200), (257, 413)])
async def test_the_chunks_of_a_body_are_so_many(receiver, chunks, status):
    """However they are cut, and counted anew for each request."""
    data = CHUNKED + chunks * ONE_BYTE + b"0\r\n\r\n"
    async with receiver.connection() as client:
        first = await client.ask(CHUNKED + 200 * ONE_BYTE + b"0\r\n\r\n")
        at_once = await client.ask(data)
    async with receiver.connection() as client:
        for byte in data:
            await client.send(bytes([byte]))
            await asyncio.sleep(0)
        in_bytes = await client.answer()

    assert [200, status, status] == [first.status, at_once.status, in_bytes.status]
    assert (3 if status == 200 else 1) == receiver.ledger.looked_up


@pytest.mark.parametrize("path", [PATH, f"/reports/{WRONG}", "/nowhere"])
async def test_a_body_of_single_bytes_ends_early(receiver, parsed, path):
    """Chunks of a byte are read as long as they are few, with or without a token."""
    async with watched_loop() as held, receiver.connection() as client:
        await client.send(request("POST", path, transfer_encoding="chunked"))
        sending = asyncio.ensure_future(keep_sending(client, 10_000 * ONE_BYTE))
        answer = await client.answer()
        await sending

    assert (404 if path == "/nowhere" else 413) == answer.status
    assert len(parsed) < 2_000
    assert held.longest < 2.0


async def keep_sending(client: Client, data: bytes) -> None:
    """Sends until the other side does not want any more."""
    try:
        async with asyncio.timeout(20):
            while True:
                await client.send(data)
    except ConnectionError:
        pass


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(request("POST", "/nowhere", content_length="900000"), 404, id="no report"),
        pytest.param(request("POST", PATH, content_length="900000"), 413, id="a body that is announced"),
        pytest.param(CHUNKED + b"DBBA0\r\n", 413, id="a body that is not"),
        pytest.param(request("POST", PATH, x="a" * 17 * KIB, content_length="900000"), 431, id="long headers"),
        pytest.param(b"POST / HTTP/1.1\r\na:\0\r\n\r\n", 400, id="no HTTP"),
    ],
)
async def test_who_sends_all_before_he_reads_has_his_answer(receiver, head, status):
    """The connection is not reset below it; the answer is the last, and says so."""
    async with receiver.connection() as client:
        await client.send(head)
        for _ in range(100):
            await client.send(9_000 * b"a")
            await asyncio.sleep(0)
        answer = await client.answer()
        rest = await client.end()

    assert (status, "close", b"") == (answer.status, answer.headers["connection"], rest)
    assert len(answer.body) == int(answer.headers["content-length"])


async def test_who_goes_on_after_his_answer_is_cut_off(start_receiver, parsed):
    """So many bytes are thrown away, and then there is nobody any more."""
    receiver = await start_receiver(limits=Limits(linger=3600))
    async with receiver.connection() as client:
        answer = await client.ask(request("POST", "/nowhere", transfer_encoding="chunked"))
        read = len(parsed)
        await keep_sending(client, b"a" * 64 * KIB)

    assert (404, read) == (answer.status, len(parsed))
    await until(lambda: not receiver.receiver._connections.connections)


async def test_who_waits_after_his_answer_is_cut_off(start_receiver):
    """The same after a while, where nothing comes and nobody closes."""
    receiver = await start_receiver(limits=Limits(linger=0.2, sending=3600))
    async with receiver.connection() as client:
        answer = await client.ask(request("POST", "/nowhere", transfer_encoding="chunked"))
        end = await client.end()
        await until(lambda: not receiver.receiver._connections.connections)

    assert (404, b"") == (answer.status, end)


async def test_what_is_broken_is_answered_once(receiver, caplog):
    """A refusal of its head's path and one of its body are not both given, and the log is silent."""
    data = request("POST", "/nowhere", transfer_encoding="chunked") + b"what\r\n"
    async with receiver.connection() as client:
        answer = await client.ask(data)
        rest = await client.end()
    await until(lambda: not receiver.receiver._connections.tasks)

    assert (400, b"", []) == (answer.status, rest, caplog.records)


async def test_by_tls_too(start_receiver, tmp_path):
    """There is no half of a connection to end: the answer arrives, and after a while the connection is closed."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "tls.key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    tls = Tls.model_validate({"certificate_file": tmp_path / "tls.crt", "key_file": tmp_path / "tls.key"})
    receiver = await start_receiver(limits=Limits(linger=0.5), tls=tls)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with receiver.connection(context) as client:
        await client.send(request("POST", "/nowhere", content_length="900000"))
        for _ in range(50):
            await client.send(9_000 * b"a")
            await asyncio.sleep(0)
        answer = await client.answer()
        rest = await client.end()

    assert (404, b"Not found\n", b"") == (answer.status, answer.body, rest)


async def test_a_body_that_follows_its_head_is_no_reason_to_close(receiver):
    """Only who is answered before his end has been told to go; a small body of a wrong token has come by then."""
    async with receiver.connection() as client:
        answers = [await client.ask(request("POST", path, b"a=b")) for path in ("/nowhere", f"/reports/{WRONG}", PATH)]

    assert [404, 404, 200] == [answer.status for answer in answers]
    assert {False} == {"connection" in answer.headers for answer in answers}
