"""Whatever strangers send, reading it takes time by its length, and holds nobody up: calls are placed meanwhile."""

import pytest
from loop_watch import watched_loop
from receiver_under_test import PATH, WRONG, request

from gateway.receiver import reception
from gateway.receiver.variables import read_variables

KIB = 1024
MOST = 2.0
"""Seconds of work at once. What is looked for took far more, and what is right takes some hundredths."""

FORM = 0.5
"""The same, for 60 KiB: what was quadratic took a second, on a machine that did little else."""

HEAD = f"GET {PATH} HTTP/1.1\r\nhost: a\r\n".encode()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"GET" + b" " * 16 * KIB + b"x\r\n\r\n", 400, id="spaces, and no version"),
        pytest.param(
            b"GET" + b" " * 16 * KIB + b"x\r\n" + b" " * 15 * KIB + b"\r\n\r\n", 400, id="two lines of spaces"
        ),
        pytest.param(b"GET" + b" " * 15 * KIB + PATH.encode() + b" HTTP/1.1\r\n\r\n", 400, id="spaces before a path"),
        pytest.param(
            b"GET " + PATH.encode() + b" " * 15 * KIB + b"HTTP/1.1\r\nhost: a\r\n\r\n", 200, id="and behind it"
        ),
        pytest.param(b"GET " + b" HTTP/1.1" * 1800 + b"\r\n\r\n", 400, id="versions"),
        pytest.param(b"GET " + b"HTTP/1." * 2300 + b"\r\n\r\n", 400, id="halves of versions"),
        pytest.param(b"GET /" + b"a " * 8 * KIB + b"\r\n\r\n", 400, id="words"),
        pytest.param(b"A" * 32 * KIB + b"\r\n\r\n", 431, id="a method without an end"),
        pytest.param(b"GET /" + b"\xff" * 31 * KIB + b" HTTP/1.1\r\nhost: a\r\n\r\n", 414, id="what must be escaped"),
        pytest.param(b"GET" + b" " * 200 * KIB, 431, id="spaces without an end"),
        pytest.param(b"GET" + b" \n" * 100 * KIB, 431, id="lines of a space"),
        pytest.param(b"GET / HTTP/1.1\r" * 10000 + b"\n\n", 431, id="half ends of lines"),
        pytest.param(HEAD + b"a:" + b" " * 31 * KIB + b"\0\r\n\r\n", 400, id="a field of spaces and a NUL"),
        pytest.param(HEAD + b"a:" + b"\t" * 31 * KIB + b"\v\r\n\r\n", 400, id="a field of tabs and a worse one"),
        pytest.param(HEAD + b"a:" + b" " * 31 * KIB + b"\rb\r\n\r\n", 400, id="a field of spaces and half an end"),
        pytest.param(HEAD + b"a:" + b" " * 200 * KIB + b"\f\r\n\r\n", 431, id="a field without an end"),
        pytest.param(HEAD + b"a:\r\n" + b" \r\n" * 90 + b"\r\n\r\n", 200, id="a field of many empty lines"),
        pytest.param(HEAD + b" " * 31 * KIB + b"\r\n\r\n", 200, id="a line of spaces"),
        pytest.param(HEAD + b"a:\r\n" * 98 + b"b:\r\n\r\n", 200, id="a hundred fields"),
        pytest.param(HEAD + b"a:\r\n" * 99 + b"b:\r\n\r\n", 431, id="more fields"),
        pytest.param(HEAD + b"a:\n" * 10 * KIB + b"\n", 431, id="thousands of fields"),
    ],
)
async def test_a_head(receiver, data, status):
    """Also one that stands behind a request, in the same bytes."""
    async with watched_loop() as held:
        answers = [await receiver.ask(data)]
        async with receiver.connection() as client:
            await client.send(request("POST", PATH, b"a=b") + data)
            answers += [await client.answer(), await client.answer()]

    assert [status, 200, status] == [answer.status for answer in answers]
    assert held.longest < MOST


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"1;" + b" " * 60 * KIB + b"\n\r\n", id="an extension of spaces"),
        pytest.param(b"1" + b" " * 60 * KIB + b"x\r\n", id="spaces behind the size"),
        pytest.param(b"1;" + b"x" * 60 * KIB, id="an extension without an end"),
        pytest.param(b"0\r\na:" + b" " * 60 * KIB + b"\0\r\n\r\n", id="a trailer of spaces and a NUL"),
        pytest.param(b"0\r\n" + b"a:\r\n" * 15 * KIB, id="trailers without an end"),
    ],
)
async def test_what_stands_between_chunks(receiver, line):
    """A line there is short, or no line."""
    async with watched_loop() as held:
        answer = await receiver.ask(request("POST", PATH, transfer_encoding="chunked") + line)

    assert (400, 0) == (answer.status, receiver.ledger.looked_up)
    assert held.longest < MOST


async def test_a_request_begins_where_the_last_body_ended(receiver):
    """Wherever the bytes are cut, and whatever a body's length is."""
    requests = [request("POST", f"{PATH}?id={size}", b"a" * size) for size in (1, 1000, 1024, 1025, 3000)]
    in_chunks = request("POST", f"{PATH}?id=0", transfer_encoding="chunked") + b"3\r\na=b\r\n0\r\n\r\n"
    data = b"".join(each + in_chunks for each in requests)
    for cut in (1, 7, 1024, len(data)):
        async with receiver.connection() as client:
            for start in range(0, len(data), cut):
                await client.send(data[start : start + cut])
            answers = [await client.answer() for _ in range(10)]
        assert [200] * 10 == [answer.status for answer in answers]

    ids = [report.provider_call_id for _, report in receiver.ledger.taken]
    assert 4 * ["1", "0", "1000", "0", "1024", "0", "1025", "0", "3000", "0"] == ids


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"content-disposition:", id="the name of a field"),
        pytest.param(b"content-disposition:;", id="with a semicolon"),
        pytest.param(b"content-disposition:; " + b" " * 400, id="with a semicolon and spaces"),
        pytest.param(b"content-disposition:; \r\n \r\n ", id="in folded lines"),
        pytest.param(b'content-disposition:; name="', id="with names"),
        pytest.param(b"content-disposition:; filename", id="with names of files"),
        pytest.param(b"\r\n--b\r\ncontent-disposition:; name=a", id="in many parts"),
        pytest.param(b"\r\n ", id="folds"),
        pytest.param(b"\r\n--a", id="ends that are none"),
    ],
)
@pytest.mark.parametrize("repeated", [pytest.param(True, id="repeated"), pytest.param(False, id="once, and nothing")])
async def test_a_form_in_parts(receiver, line, repeated):
    """Nothing in it is looked at from every place where it could begin."""
    begin = b"--b\r\n"
    filling = line * (60 * KIB // len(line)) if repeated else line + b" " * 60 * KIB
    async with watched_loop() as held:
        answers = [
            await receiver.post(begin + filling + end, "multipart/form-data; boundary=b")
            for end in (b"", b"\r\n\r\nv", b";\r\n\r\nv\r\n--b--")
        ]

    assert [200] * 3 == [answer.status for answer in answers]
    assert held.longest < FORM


async def test_the_report_of_an_unknown_token_is_not_read(receiver, monkeypatch):
    """Whoever makes up tokens has nothing parsed; what bears a good one is read once."""
    read = []

    def reading(*args):
        read.append(args)
        return read_variables(*args)

    monkeypatch.setattr(reception, "read_variables", reading)
    refused = await receiver.post(b"%" * 60 * KIB, path=f"/reports/{WRONG}")
    read_of_it = len(read)
    taken = await receiver.post(b"status=BUSY&callee=13236550107")
    report = receiver.ledger.report

    assert (404, 0, 200) == (refused.status, read_of_it, taken.status)
    assert ("BUSY", "13236550107", 1) == (report.status, report.callee, len(read))
