"""timeout_json is sent byte for byte, so it must be JSON that any reader can read."""

import json

import pytest
from gateway_under_test import TO_A_FLOW
from google.rpc import error_details_pb2 as details_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.rules.json_text import DEPTH_LIMIT, json_problem


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[60]", id="the page's own"),
        pytest.param("{}", id="an empty object"),
        pytest.param('{"a": [1, 2.5e3, -0, true, null, "é\\ud83d\\ude00"]}', id="every kind of value"),
        pytest.param("[\n\t60\r ]", id="white space"),
        pytest.param("[" * 32 + "]" * 32, id="nested 32 deep"),
        pytest.param('["' + "[" * 40 + '"]', id="brackets in a text"),
        pytest.param('["\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]', id="brackets after an escaped quote"),
        pytest.param("[" + "9" * 2000 + "]", id="a number of 2,000 digits"),
    ],
)
async def test_json_is_sent_as_it_is(gateway, provider, text):
    """Any array or object within the limits reaches the provider byte for byte."""
    await gateway.place_call(TO_A_FLOW | {"timeoutJson": text})

    assert text == dict(provider.posts[-1].form)["timeout"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[", id="cut"),
        pytest.param("[60]]", id="more than one value"),
        pytest.param("[60,]", id="a comma too many"),
        pytest.param("[NaN]", id="NaN"),
        pytest.param("[-Infinity]", id="Infinity"),
        pytest.param("['60']", id="single quotes"),
        pytest.param("{60}", id="an object without names"),
        pytest.param("[01]", id="a leading zero"),
        pytest.param("[\u00a060]", id="white space that JSON does not know"),
        pytest.param('["\n"]', id="a newline in a text"),
        pytest.param("[60] // seconds", id="a comment"),
        pytest.param("[" * 33 + "]" * 33, id="nested 33 deep"),
        pytest.param("[" * 2000, id="nested without end"),
        pytest.param('{"a":' * 33 + "1" + "}" * 33, id="objects nested 33 deep"),
    ],
)
async def test_what_is_no_json_is_refused(gateway, text):
    """What only looks like JSON breaks the server's own rule, and none of it is shown."""
    error = await gateway.place_call_error(TO_A_FLOW | {"timeoutJson": text})

    assert [("call.timeout_json", "STRING_JSON")] == error.violations
    [violation] = error.detail(details_pb2.BadRequest).field_violations
    assert violation.description.startswith("must be ")
    assert text[:4] not in violation.description


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@settings(deadline=None)
@given(VALUES)
def test_what_a_writer_of_json_writes_is_json(value):
    """Whatever Python's own writer writes, within the depth, has no problem."""
    assert "" == json_problem(json.dumps([value])) or nesting([value]) > DEPTH_LIMIT


def nesting(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(nesting, children), default=0)


@settings(deadline=None)
@given(st.text('[]{}",:\\ 1a', max_size=60))
def test_any_text_has_an_answer(text):
    """No text, however broken, is more than a broken rule."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        assert json_problem(text)
    else:
        assert "" == json_problem(text) or nesting(json.loads(text)) > DEPTH_LIMIT
