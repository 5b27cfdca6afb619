"""The variables of a report, whatever came."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.receiver.variables import MOST, read_variables

FORM = "application/x-www-form-urlencoded"
TYPES = (
    st.sampled_from(["", FORM, "application/json", "multipart/form-data; boundary=b", 'multipart/form-data;boundary="'])
    | st.text()
)
PIECES = st.lists(
    st.sampled_from([b"--b", b"\r\n", b"\r\n\r\n", b"{", b"}", b'"', b":", b"&", b"=", b"%", b"[", b"1e9", b"\xff"])
    | st.sampled_from([b'Content-Disposition: form-data; name="a"', b'{"a":{"b":1}}', b"a=b&"])
    | st.binary(max_size=4)
).map(b"".join)


@given(query=PIECES, content_type=TYPES, body=PIECES)
def test_nothing_is_an_error(query, content_type, body):
    """Any bytes are read to pairs of texts, so many at most."""
    variables = read_variables(query, content_type, body)

    assert len(variables) <= MOST
    assert {str} >= {type(text) for pair in variables for text in pair}


@given(st.lists(st.tuples(st.text(), st.text()), max_size=20))
def test_what_was_written_properly_is_read_as_it_was(pairs):
    """A form and JSON hold any text."""
    whole = [(name, value) for name, value in pairs if not any("\ud800" <= char <= "\udfff" for char in name + value)]

    assert whole == read_variables(urlencode(whole).encode(), "", b"")
    assert whole == read_variables(b"", FORM, urlencode(whole).encode())


@pytest.mark.parametrize(
    ("query", "content_type", "body", "variables"),
    [
        pytest.param(b"a=1&a=2&b=", "", b"", [("a", "1"), ("a", "2"), ("b", "")], id="all, in order, empty ones too"),
        pytest.param(b"a=1&b", "", b"", [("a", "1")], id="no value without an equals sign"),
        pytest.param(b"a=1=2", "", b"", [("a", "1=2")], id="the first equals sign parts"),
        pytest.param(b"a=+%2B+", "", b"", [("a", " + ")], id="a plus is a space"),
        pytest.param(b"a=%C3%A9%c3", "", b"", [("a", "é\ufffd")], id="UTF-8, as far as it goes"),
        pytest.param(b"a=100%&b=%4", "", b"", [("a", "100%"), ("b", "%4")], id="a broken escape stands for itself"),
        pytest.param(b"x=1", FORM, b"x=2", [("x", "1"), ("x", "2")], id="the query first"),
        pytest.param(
            b"",
            "",
            b'{"a":1,"b":1.50,"c":true,"d":null,"e":[1],"f":{"g":"h","a":2},"i":NaN}',
            [("a", "1"), ("b", "1.50"), ("c", "true"), ("i", "NaN"), ("g", "h"), ("a", "2")],
            id="numbers as they are written; what is within comes after",
        ),
        pytest.param(b"", "", b'[{"a":1}]', [], id="a list may tell of several calls"),
        pytest.param(
            b"",
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n2\r\n--b--',
            [("a", "1\r\n2")],
            id="multipart",
        ),
        pytest.param(b"", "multipart/form-data; boundary=b", b"a=1", [("a", "1")], id="a form by a wrong name"),
    ],
)
def test_what_is_read(query, content_type, body, variables):
    """Names and values, as they are told."""
    assert variables == read_variables(query, content_type, body)
