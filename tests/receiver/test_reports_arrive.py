"""A report arrives: by GET or POST, in whatever form, and is read as far as it can be."""

import asyncio
from datetime import timedelta

import pytest
from receiver_under_test import PATH, TOKEN, request

from gateway.kaleyra.reports import NOBODY, ReportKind

MULTIPART = (
    b"preamble\r\n"
    b'--xYz\r\nContent-Disposition: form-data; name="status"\r\n\r\nBUSY\r\n'
    b"--xYz\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=callee\r\n\r\n13236550107\r\n"
    b'--xYz\r\nContent-Disposition: form-data; name="keypress"; filename="a"\r\n\r\n9\r\n'
    b"--xYz--\r\n"
)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ("", ReportKind.DLR),
        ("/call_start", ReportKind.START),
        ("/call_answer", ReportKind.ANSWER),
        ("/call_end", ReportKind.END),
    ],
)
async def test_each_url_is_a_kind_of_report(receiver, method, end, kind):
    """What the gateway handed out is answered with 200, and taken with its token, kind and time."""
    answer = await receiver.ask(request(method, f"{PATH}{end}?a_status={{{{status}}}}&b_status=NOANSWER"))
    [(token, report)] = receiver.ledger.taken

    assert (200, b"OK\n") == (answer.status, answer.body)
    assert (TOKEN, kind, "NOANSWER", receiver.clock.now) == (token, report.kind, report.status, report.received)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/hooks/v2{PATH}", id="as it was handed out"),
        pytest.param(PATH, id="without what a proxy took away"),
        pytest.param(f"http://calls.example.com/hooks/v2{PATH}", id="as a whole URL"),
        pytest.param(f"HTTP://calls.example.com:80{PATH}", id="as a whole URL without what a proxy took away"),
    ],
)
async def test_the_public_url_may_have_a_path(start_receiver, path):
    """Whether or not something in between takes it away, the report arrives."""
    receiver = await start_receiver(public_url="https://calls.example.com/hooks/v2/")

    assert 200 == (await receiver.get(path)).status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"status=BUSY&callee=%2B13236550107", "application/x-www-form-urlencoded", id="a form"),
        pytest.param(b"status=BUSY&callee=+13236550107\r\n", "", id="a form without a type"),
        pytest.param(b"status=BUSY&callee=13236550107", "application/json", id="a form that says it is JSON"),
        pytest.param(b'{"status": "BUSY", "callee": 13236550107}', "application/json", id="JSON"),
        pytest.param(b'\xef\xbb\xbf {"status":"BUSY","callee":"+13236550107"}', "text/plain", id="JSON with a BOM"),
        pytest.param(
            b'{"status":"BUSY","callee":"13236550107"}',
            "application/x-www-form-urlencoded",
            id="JSON said to be a form",
        ),
        pytest.param(
            b'{"event":{"status":"BUSY","callee":"13236550107"},"list":[1],"no":null,"yes":true}',
            "application/json",
            id="JSON within JSON",
        ),
        pytest.param(MULTIPART, "multipart/form-data; boundary=xYz", id="multipart"),
        pytest.param(MULTIPART, 'Multipart/Form-Data; charset=utf-8; boundary="xYz"', id="multipart, quoted"),
    ],
)
async def test_a_body_is_read_by_its_looks(receiver, body, content_type):
    """A form, JSON and multipart, whatever they say they are. A file in a form is no value."""
    answer = await receiver.post(body, content_type)
    report = receiver.ledger.report

    assert 200 == answer.status
    assert ("BUSY", "13236550107", "") == (report.status, report.callee, report.keypress)


async def test_the_query_comes_before_the_body(receiver):
    """Both are read; where both tell, the query wins."""
    await receiver.post(b"status=BUSY&billsec=7", "application/x-www-form-urlencoded", f"{PATH}?status=ANSWER")
    report = receiver.ledger.report

    assert ("ANSWER", timedelta(seconds=7)) == (report.status, report.billed_duration)


async def test_a_get_may_have_a_body(receiver):
    """It is read as a POST's."""
    await receiver.ask(request("GET", PATH, b"status=BUSY"))

    assert "BUSY" == receiver.ledger.report.status


@pytest.mark.parametrize(
    ("query", "body", "content_type", "callee"),
    [
        pytest.param("%zz=%&status=BUSY&%=%4&=&&=x", b"", "", "", id="broken escapes"),
        pytest.param("status=BUSY&callee=%ff%fe&keypress=%00", b"", "", NOBODY, id="no UTF-8, and a NUL"),
        pytest.param("status=BUSY", b"\xff\xfe\x00=\xc3&%c3", "application/x-www-form-urlencoded", "", id="bytes"),
        pytest.param("status=BUSY", b'{"a": ', "application/json", "", id="half a JSON"),
        pytest.param("status=BUSY", b'{"a":' * 9000, "application/json", "", id="JSON without a bottom"),
        pytest.param(
            "status=BUSY", b'{"callee":%s}' % (b"1" * 9000), "application/json", NOBODY, id="a number without an end"
        ),
        pytest.param(
            "status=BUSY", b'{"callee":"\\ud800","credits":NaN}', "application/json", "", id="half a character"
        ),
        pytest.param("status=BUSY", b'[{"status":"ANSWER"}]', "application/json", "", id="a list"),
        pytest.param("status=BUSY", b'"ANSWER"', "application/json", "", id="a text"),
        pytest.param("status=BUSY", b"\x1f\x8b\x08", "application/json", "", id="compressed"),
        pytest.param(
            "status=BUSY", b"--b\r\n--b\r\n\r\n--b", "multipart/form-data; boundary=b", "", id="multipart, broken"
        ),
        pytest.param(
            "status=BUSY", b"status=x", "multipart/form-data; boundary=", "", id="multipart without a boundary"
        ),
        pytest.param("status=BUSY", b"<a/>", "multipart/\xff; \x01", "", id="a type that is none"),
        pytest.param("status=BUSY&" + "&" * 9000, b"", "", "", id="many nothings"),
        pytest.param("status=BUSY&" + "a=b&" * 3000, b"c=d&" * 15000, "", "", id="more variables than are read"),
        pytest.param("status=BUSY&" + "a" * 8000 + "=" + "b" * 8000, b"", "", "", id="a long name and a long value"),
    ],
)
async def test_what_cannot_be_read_is_left_out(receiver, query, body, content_type, callee):
    """The report is taken all the same: that it came proves that the call was accepted."""
    answer = await receiver.ask(
        request("POST", f"{PATH}?{query}", body, **{"content-type": content_type})
        if content_type or body
        else request("GET", f"{PATH}?{query}")
    )

    assert 200 == answer.status
    assert ("BUSY", callee) == (receiver.ledger.report.status, receiver.ledger.report.callee)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(b"status=NO ANSWER&credits=\xc3\xa9", id="spaces and UTF-8"),
        pytest.param(b'x={{y}}|^`<>"\\&status=NO ANSWER&credits=%C3%A9#', id="what only a URL forbids"),
    ],
)
async def test_values_that_were_put_into_the_url_as_they_are_arrive(receiver, query):
    """A client that escapes nothing sends no proper HTTP, and its report is taken, however its bytes are cut."""
    data = b"GET %b?%b HTTP/1.1\r\nHost: a\r\n\r\n" % (PATH.encode(), query)
    async with receiver.connection() as client:
        answers = [await client.ask(data)]
        for byte in data:
            await client.send(bytes([byte]))
            await asyncio.sleep(0)
        answers.append(await client.answer())

    assert [200, 200] == [answer.status for answer in answers]
    assert 2 * ["NO ANSWER"] == [report.status for _, report in receiver.ledger.taken]
    assert [True, True] == [report.credits.startswith("é") for _, report in receiver.ledger.taken]


async def test_repeats_are_reports_too(receiver):
    """Whether one was told before is not for the receiver to say."""
    answers = [await receiver.get(f"{PATH}?status=NEVER_HEARD_OF") for _ in range(3)]

    assert [200] * 3 == [answer.status for answer in answers]
    assert ["NEVER_HEARD_OF"] * 3 == [report.status for _, report in receiver.ledger.taken]
