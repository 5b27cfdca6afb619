"""Parts of a form, as clients of every kind write them."""

import pytest

from gateway.receiver.multipart import boundary_of, fields


@pytest.mark.parametrize(
    ("head", "named"),
    [
        pytest.param(b'Content-Disposition: form-data; name="a"', "a", id="as it is written"),
        pytest.param(b"content-disposition:form-data;name=a", "a", id="as it may be written"),
        pytest.param(b'CONTENT-DISPOSITION: FORM-DATA; NAME="a"', "a", id="in capitals"),
        pytest.param(b'Content-Type: text/plain\r\nContent-Disposition: form-data; name="a"', "a", id="as the second"),
        pytest.param(b'Content-Disposition: form-data;\r\n name="a"', "a", id="in two lines"),
        pytest.param(b'Content-Disposition: form-data;\n\tname = "a" ', "a", id="in two lines, with spaces"),
        pytest.param(b'Content-Disposition: form-data; x="y"; name="a"; z', "a", id="among others"),
        pytest.param(b'Content-Disposition: form-data; name="a b=c"', "a b=c", id="a name of words"),
        pytest.param(b'Content-Disposition: form-data; name="\xc3\xa9"', "é", id="a name in UTF-8"),
        pytest.param(b'Content-Disposition: form-data; name="a"; filename="b"', None, id="a file"),
        pytest.param(b"Content-Disposition: form-data; FileName*=utf-8''b; name=a", None, id="a file, as it may be"),
        pytest.param(b'Content-Disposition: form-data; name=""', None, id="an empty name"),
        pytest.param(b"Content-Disposition: form-data; name", None, id="half a name"),
        pytest.param(b"Content-Disposition: form-data", None, id="no name"),
        pytest.param(b'name="a"', None, id="no disposition"),
        pytest.param(b"", None, id="no head"),
    ],
)
def test_a_part_is_a_field_by_its_name(head, named):
    """And its value is all that stands behind its head; a part that is none takes no other with it."""
    body = b"--b\r\n" + head + b'\r\n\r\nv\r\n--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nw\r\n--b--'
    mine = [] if named is None else [(named, "v")]

    assert [*mine, ("n", "w")] == list(fields(b"b", body, 10))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        pytest.param("multipart/form-data; boundary=b", b"b", id="as it is written"),
        pytest.param('MULTIPART/FORM-DATA;charset=x;boundary="b" ; x=y', b"b", id="quoted, among others"),
        pytest.param("multipart/form-data; boundary=" + "b" * 71, b"", id="longer than any"),
        pytest.param("multipart/mixed; boundary=b", b"", id="another type"),
    ],
)
def test_the_boundary_is_what_the_type_says(content_type, boundary):
    """Nothing where there is none."""
    assert boundary == boundary_of(content_type)
