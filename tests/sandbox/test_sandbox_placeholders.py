"""How variables are put into a URL: pure."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.placeholders import VARIABLES, Placeholder, substitute

VALUES = {"id": "a/b&c=d", "status": "BUSY", "callee": "+13236550107"}


@pytest.mark.parametrize(
    ("written", "placeholders", "expected"),
    [
        pytest.param("s={{status}}", "double single bare", "s=BUSY", id="two braces"),
        pytest.param("s={status}", "double single bare", "s=BUSY", id="one brace"),
        pytest.param("s=status", "double single bare", "s=BUSY", id="bare"),
        pytest.param("status=status", "double single bare", "status=BUSY", id="bare, under its own name"),
        pytest.param("s=x-{{status}}-{status}", "double single bare", "s=x-BUSY-BUSY", id="inside a value"),
        pytest.param("s=xstatus&status", "double single bare", "s=xstatus&status", id="bare, but not a whole value"),
        pytest.param("s=STATUS&t={{Status}}", "double single bare", "s=STATUS&t={{Status}}", id="in other letters"),
        pytest.param("s={{custom}}&t=custom", "double single bare", "s={{custom}}&t=custom", id="no variable"),
        pytest.param("s={{credits}}", "double single bare", "s=", id="without a value"),
        pytest.param("c={{callee}}", "double single bare", "c=%2B13236550107", id="a plus sign"),
        pytest.param("i={{id}}&i=id", "double single bare", "i=a%2Fb%26c%3Dd&i=a%2Fb%26c%3Dd", id="what has meaning"),
        pytest.param("s={{status}}&t={status}&u=status", "double", "s=BUSY&t={status}&u=status", id="double only"),
        pytest.param("s={{status}}&t={status}&u=status", "single", "s={BUSY}&t=BUSY&u=status", id="single only"),
        pytest.param("s={{status}}&t={status}&u=status", "bare", "s={{status}}&t={status}&u=BUSY", id="bare only"),
        pytest.param("s={{status}}&t={status}&u=status", "", "s={{status}}&t={status}&u=status", id="none"),
        pytest.param("", "double single bare", "", id="an empty query"),
    ],
)
def test_a_variable_is_replaced_in_the_syntaxes_that_work(written, placeholders, expected):
    """Each syntax can be switched off, to see that a reader of the others manages."""
    syntaxes = [Placeholder(each) for each in placeholders.split()]

    assert f"https://a.example/x?{expected}" == substitute(f"https://a.example/x?{written}", VALUES, syntaxes)


def test_a_path_has_variables_in_braces_only():
    """`status` may well be the name of a page."""
    expected = "https://a.example/status/BUSY/BUSY"

    assert expected == substitute("https://a.example/status/{{status}}/{status}", VALUES, tuple(Placeholder))


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(st.characters(codec="utf-8"))), st.sampled_from(Placeholder))
def test_any_value_comes_back_as_it_was(values, placeholder):
    """Whatever a value is, it changes neither the URL around it nor the values beside it."""
    written = {Placeholder.DOUBLE: "{{%s}}", Placeholder.SINGLE: "{%s}", Placeholder.BARE: "%s"}[placeholder]
    url = "https://a.example/x?" + "&".join(f"v_{name}={written % name}" for name in VARIABLES)

    query = urlsplit(substitute(url, values, [placeholder])).query

    assert [(f"v_{name}", values.get(name, "")) for name in VARIABLES] == parse_qsl(query, keep_blank_values=True)
