"""What each reply of the provider proves, held against the provider's page and the contract's error table."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound_calls import PLAIN, WHOLE, call_from, to_numbers

from gateway.errors import ROW_BY_REASON, Resource
from gateway.kaleyra.envelope import TEXT_LIMIT
from gateway.kaleyra.form import to_form
from gateway.kaleyra.reply import (
    FIELD_BY_PROVIDER_FIELD,
    OPERATOR_REASONS,
    REASON_BY_CODE,
    REASON_BY_STATUS,
    HttpReply,
    Reading,
    Verdict,
    read_verdict,
)
from voicegateway.v1.error_reason_pb2 import ErrorReason
from voicegateway.v1.outbound_call_pb2 import DISPATCH_REJECTED, OutboundCallRequest
from voicegateway_client.violation import Violation

SAMPLES = Path(__file__).parent / "samples"
ALL_STATUSES = range(100, 600)
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
KEY = "Aq1w2e3r4t5y6u7i"

ANN, BOB, CAY = "+13236550107", "+13236550108", "+442071838750"

NO_ENVELOPES = [
    pytest.param(b"", id="empty body"),
    pytest.param(b" \r\n", id="white space"),
    pytest.param(b"<html><h1>404 Not Found</h1>RBC3007</html>", id="HTML"),
    pytest.param(b'[{"code":"RBC3007"}]', id="JSON array"),
    pytest.param(b"null", id="JSON null"),
    pytest.param(b"3007", id="JSON number"),
    pytest.param(b'"RBC3007"', id="JSON string"),
    pytest.param(b"true", id="JSON true"),
    pytest.param(b"NaN", id="NaN"),
    pytest.param(b"{}", id="empty object"),
    pytest.param(b'{"Code":"RBC3007"}', id="code under another name"),
    pytest.param(b'{"data":{"code":"RBC3007"}}', id="code in another place"),
    pytest.param(b'{"code":3007}', id="code that is a number"),
    pytest.param(b'{"code":null}', id="code that is null"),
    pytest.param(b'{"code":["RBC3007"]}', id="code that is a list"),
    pytest.param(b"code=RBC3007", id="form"),
    pytest.param(b"\xff\xfe\xfd\x00\x01", id="bytes in no charset"),
    pytest.param(b"\x1f\x8b\x08\x00\x00\x00\x00\x00", id="bytes of a compressed body"),
    pytest.param(b"[" * 100_000, id="100,000 brackets"),
]
"""Bodies that are no JSON object with a string as its `code`."""

UNREADABLE = [
    pytest.param(b'{"code":"RBC3007","message":"Submi', id="truncated JSON"),
    pytest.param(b'{"code":"RBC', id="JSON truncated in its code"),
    pytest.param(b" \r\n{", id="a bracket"),
    pytest.param(b'{"code":"RBC3007"} trailing', id="JSON and something after it"),
    pytest.param(b'{"code":"RBC3007","data":[],}', id="a comma too many"),
    pytest.param(b'\xef\xbb\xbf{"code":"RBC3007"', id="truncated behind a byte order mark"),
    pytest.param(b'{"code":"RBC3007","code":"RBC3004"}', id="two codes"),
    pytest.param(b'{"code":"RBC3004","code":3004}', id="a code and a number"),
    pytest.param(b'{"code":"RBC3007","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="100,000 nested brackets"),
]
"""Bodies that begin as a JSON object, have a code or may have one, and do not let us tell which."""


def envelope(code="RBC3007", message="", data=(), error=()):
    return json.dumps({"code": code, "message": message, "data": data, "error": error}).encode()


def verdict(body, status=200, call=None, secrets=(KEY,), reading=None, **reply):
    """Reads a reply to a plain call, unless another is named."""
    reply = HttpReply(status, body, received=NOW, **reply)
    return read_verdict(reply, call or call_from(PLAIN), reading or Reading(), secrets)


def reason_of(body, **more):
    """The published reason's short name; ACCEPTED for none."""
    reason = verdict(body, **more).reason
    return "ACCEPTED" if reason is None else name_of(reason)


def name_of(reason):
    return ErrorReason.Name(reason).removeprefix("ERROR_REASON_")


def fields_of(found):
    return [violation.field for violation in found.violations]


# The page


@pytest.mark.parametrize(
    ("sample", "reason", "code", "message"),
    [
        pytest.param("accepted_flow", "ACCEPTED", "RBC3007", "Submitted Successfully", id="accepted, a flow"),
        pytest.param("accepted_sound", "ACCEPTED", "RBC3007", "Submitted Successfully", id="accepted, sounds"),
        pytest.param("accepted_messages", "ACCEPTED", "RBC3007", "Submitted Successfully", id="accepted, messages"),
        pytest.param("accepted_scheduled", "ACCEPTED", "RBC3007", "Submitted Successfully", id="accepted, scheduled"),
        pytest.param(
            "accepted_retry_and_campaign",
            "ACCEPTED",
            "RBC3007",
            "Submitted Successfully",
            id="accepted, the retry echoed as a string",
        ),
        pytest.param("accepted_prefix", "ACCEPTED", "RBC3007", "Submitted Successfully", id="accepted, a prefix"),
        pytest.param(
            "api_key_unknown", "PROVIDER_CREDENTIALS_REJECTED", "RBC201", "API key does not exist", id="unknown key"
        ),
        pytest.param(
            "inputs_invalid",
            "PROVIDER_INVALID_INPUT",
            "RBC3004",
            "Invalid Inputs, Validation Error.",
            id="invalid inputs",
        ),
        pytest.param("number_invalid", "INVALID_NUMBER", "RBC3109", "Invalid number", id="invalid number"),
        pytest.param("bridge_not_found", "BRIDGE_NOT_FOUND", "RBC3119", "Bridge number not found", id="no such bridge"),
        pytest.param(
            "schedule_time_too_soon",
            "SCHEDULE_TIME_REFUSED",
            "RBC3108",
            "Schedule time has to be 15 min greater from now",
            id="time too soon",
        ),
        pytest.param("flow_not_found", "FLOW_NOT_FOUND", "RBC3115", "IVR not found", id="no such flow"),
        pytest.param("sound_not_found", "SOUND_NOT_FOUND", "RBC3114", "Sound file(s) not found", id="no such sound"),
    ],
)
def test_every_sample_of_the_page_has_its_verdict(sample, reason, code, message):
    """A sample's code decides, and its code and words are handed on."""
    body = (SAMPLES / f"{sample}.json").read_bytes()

    assert reason == reason_of(body)
    assert (code, message) == (verdict(body).code, verdict(body).message)


def test_the_samples_are_all_thirteen():
    """Every known code has a sample, and acceptance has six."""
    codes = [json.loads(file.read_text())["code"] for file in SAMPLES.iterdir()]

    assert set(REASON_BY_CODE) == set(codes)
    assert 6 == codes.count("RBC3007")
    assert 13 == len(codes)


# A code decides


@pytest.mark.parametrize("code", REASON_BY_CODE)
def test_a_known_code_decides_under_any_http_status(code):
    """What the body says outweighs the status, whichever it is."""
    reasons = {verdict(envelope(code), status=status).reason for status in ALL_STATUSES}

    assert {REASON_BY_CODE[code]} == reasons


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("RBC9999", id="unheard-of"),
        pytest.param("RBC3007 ", id="known but for a space"),
        pytest.param("rbc3007", id="known but for its case"),
        pytest.param("", id="empty"),
        pytest.param("3007", id="digits"),
        pytest.param("\ud800", id="half of a surrogate pair"),
        pytest.param("A" * 100_000, id="endless"),
    ],
)
def test_a_code_that_nobody_knows_leaves_the_outcome_unknown(code):
    """An unheard-of code proves neither acceptance nor refusal, under any HTTP status."""
    reasons = {reason_of(envelope(code), status=status) for status in ALL_STATUSES}

    assert {"OUTCOME_UNKNOWN"} == reasons


@pytest.mark.parametrize("name", OPERATOR_REASONS)
def test_an_operator_can_give_a_code_a_meaning(name):
    """Rows 6 to 15 of the contract are open to codes that the page does not list."""
    reading = Reading(reason_by_code={"RBC9999": OPERATOR_REASONS[name]})

    assert name == reason_of(envelope("RBC9999"), status=503, reading=reading)


def test_an_operator_cannot_change_a_known_code():
    """A known code keeps its meaning, whatever the settings say."""
    reading = Reading(reason_by_code={"RBC3007": OPERATOR_REASONS["PROVIDER_REFUSED"]})

    assert "ACCEPTED" == reason_of(envelope("RBC3007"), reading=reading)


# Without a code, the HTTP status decides


def test_every_http_status_has_a_verdict():
    """Without an envelope, a status is one of rows 12 to 15 of the contract, or the outcome is unknown."""
    expected = dict.fromkeys(ALL_STATUSES, "OUTCOME_UNKNOWN")
    expected |= {401: "PROVIDER_CREDENTIALS_REJECTED", 429: "PROVIDER_THROTTLED"}
    expected |= dict.fromkeys((301, 307, 308, 404, 405), "PROVIDER_MISCONFIGURED")
    expected |= dict.fromkeys((400, 413, 414, 415, 422, 431), "PROVIDER_REFUSED")

    assert expected == {status: reason_of(b"<html>", status=status) for status in ALL_STATUSES}


@pytest.mark.parametrize("body", NO_ENVELOPES)
def test_a_body_without_a_code_leaves_the_verdict_to_the_status(body):
    """Whatever is no envelope is an unknown outcome under 200, and proves what its status proves."""
    by_status = {status: reason_of(body, status=status) for status in (200, 302, 400, 401, 404, 429, 503)}

    assert {
        200: "OUTCOME_UNKNOWN",
        302: "OUTCOME_UNKNOWN",
        400: "PROVIDER_REFUSED",
        401: "PROVIDER_CREDENTIALS_REJECTED",
        404: "PROVIDER_MISCONFIGURED",
        429: "PROVIDER_THROTTLED",
        503: "OUTCOME_UNKNOWN",
    } == by_status


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_code_that_cannot_be_told_is_an_unknown_outcome_under_any_status(body):
    """A body that may say "accepted" is not overruled by a status that would mean "refused"."""
    reading = Reading(refusing_statuses=frozenset({403}))

    assert {"OUTCOME_UNKNOWN"} == {
        reason_of(body, status=status, reading=reading) for status in (200, 400, 401, 403, 404, 429)
    }


def test_an_operator_can_name_a_status_that_refuses():
    """`refusing_statuses` speaks only where there is no envelope."""
    reading = Reading(refusing_statuses=frozenset({403}))

    assert "PROVIDER_REFUSED" == reason_of(b"<html>", status=403, reading=reading)
    assert "OUTCOME_UNKNOWN" == reason_of(envelope("RBC9999"), status=403, reading=reading)
    assert "OUTCOME_UNKNOWN" == reason_of(b"<html>", status=402, reading=reading)


# However it is written


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("\ufeff".encode() + envelope(), id="with a byte order mark"),
        pytest.param(envelope().decode().encode("utf-16"), id="in UTF-16 with a byte order mark"),
        pytest.param(envelope().decode().encode("utf-16-be"), id="in UTF-16 without one"),
        pytest.param(envelope().decode().encode("utf-32"), id="in UTF-32"),
        pytest.param('{"code":"RBC3007","message":"Zugestellt an Müller"}'.encode("latin-1"), id="in Latin-1"),
        pytest.param(b" \r\n\t" + envelope() + b"\n", id="among white space"),
        pytest.param(b'{"code":"RBC\\u0033007"}', id="with an escape in the code"),
        pytest.param(b'{"code":"RBC3007"}', id="without message, data and error"),
        pytest.param(b'{"code":"RBC3007","message":17,"data":"","error":null}', id="with a message that is a number"),
        pytest.param(b'{"code":"RBC3007","data":NaN,"error":Infinity}', id="with NaN beside the code"),
        pytest.param(b'{"code":"RBC3007","data":' + b"9" * 10_000 + b"}", id="with an integer of 10,000 digits"),
        pytest.param(b'{"code":"RBC3007","data":1e999}', id="with a number beyond a double"),
        pytest.param(b'{"code":"RBC3007","code":"RBC3007"}', id="with the code twice"),
        pytest.param(b'{"code":"RBC3007","data":{"code":"x","code":"y"}}', id="with two codes further inside"),
    ],
)
def test_a_readable_code_is_read(body):
    """What surrounds a code does not hide it."""
    assert "ACCEPTED" == reason_of(body, status=404)
    assert "RBC3007" == verdict(body).code


@pytest.mark.parametrize("code", REASON_BY_CODE)
@pytest.mark.parametrize(
    "value",
    [[], {}, None, "", 0, 1.5, True, [[]], [None], [{}], {"to": None}, {"to": [{}]}, {"error": None}, {"scalar": []}],
    ids=repr,
)
def test_data_and_error_of_any_shape_change_no_verdict(code, value):
    """Only RBC3109 looks into `data`, and there a single recipient is accused whatever it holds."""
    assert REASON_BY_CODE[code] == verdict(envelope(code, data=value)).reason
    assert REASON_BY_CODE[code] == verdict(envelope(code, error=value)).reason


@settings(deadline=None)
@given(
    body=st.binary() | st.text().map(str.encode) | st.sampled_from([sample.values[0] for sample in NO_ENVELOPES]),
    status=st.integers(100, 599),
    retry_after=st.text(),
)
def test_any_bytes_have_a_verdict(body, status, retry_after):
    """Reading a reply never fails."""
    assert isinstance(verdict(body, status=status, retry_after=retry_after), Verdict)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([ANN, BOB, KEY]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["to", "x"]), inner, max_size=3),
)


@settings(deadline=None)
@given(code=st.sampled_from(sorted(REASON_BY_CODE)), message=ANY_JSON, data=ANY_JSON, error=ANY_JSON)
def test_any_json_beside_a_known_code_has_a_verdict_without_a_secret(code, message, data, error):
    """Reading an envelope never fails, and neither the key nor a number comes out of it."""
    call = to_numbers(ANN, BOB)

    read = verdict(envelope(code, message, data, error), call=call)

    shown = " ".join([read.message, *(each.description for each in read.violations)])
    assert KEY not in shown
    assert ANN.removeprefix("+") not in shown
    assert len(read.message) <= TEXT_LIMIT


@pytest.mark.parametrize("depth", [100, 400, 900])
@pytest.mark.parametrize("code", ["RBC3004", "RBC3109"])
def test_nesting_that_can_just_be_read_has_a_verdict(code, depth):
    """What the JSON parser takes, the rest takes too."""
    nested = "[" * depth + "]" * depth
    body = f'{{"code":"{code}","data":{nested},"error":{{"to":{nested}}}}}'.encode()

    assert isinstance(verdict(body, call=to_numbers(ANN, BOB)), Verdict)


# RBC3004: which fields


@pytest.mark.parametrize(
    ("name", "field"),
    [
        pytest.param("to", "call.recipients", id="to"),
        pytest.param("target", "call.target", id="target"),
        pytest.param("retry", "call.retry", id="retry"),
        pytest.param("bridge", "call.bridge", id="bridge"),
        pytest.param("prefix", "call.prefix", id="prefix"),
        pytest.param("interval", "call.retry_interval", id="interval"),
        pytest.param("delay", "call.delay", id="delay"),
        pytest.param("time", "call.schedule_time", id="time"),
        pytest.param("timeout", "call.timeout", id="timeout"),
        pytest.param("callback", "call.callbacks", id="callback"),
        pytest.param("dlrurl", "call.dlr_url", id="dlrurl"),
        pytest.param("custom", "call.custom", id="custom"),
        pytest.param("campaign_name", "call", id="a field that the contract does not list"),
        pytest.param("moon_phase", "call", id="a field that nobody knows"),
        pytest.param("error", "call", id="error, which is no field"),
        pytest.param("scalar", "call", id="scalar, which is no field"),
        pytest.param("", "call", id="an empty name"),
    ],
)
def test_invalid_inputs_are_named_by_our_fields(name, field):
    """RBC3004 maps a field to a text; both come back, in our names."""
    read = verdict(envelope("RBC3004", error={name: "has to be filled"}))

    assert (Violation(field, "PROVIDER_RBC3004", "has to be filled"),) == read.violations


@pytest.mark.parametrize(
    ("error", "descriptions"),
    [
        pytest.param({}, [], id="an empty object"),
        pytest.param([], [], id="an empty list, as PHP writes an empty object"),
        pytest.param(None, [], id="null"),
        pytest.param("", [], id="an empty text"),
        pytest.param("wrong", ["wrong"], id="a text"),
        pytest.param(["wrong", "also wrong"], ["wrong; also wrong"], id="a list of texts"),
        pytest.param({"to": ["wrong", "also wrong"]}, ["wrong; also wrong"], id="texts of a field in a list"),
        pytest.param({"to": ["wrong", None, "", [], "also wrong"]}, ["wrong; also wrong"], id="texts with gaps"),
        pytest.param({"to": {"0": "wrong"}}, ["wrong"], id="texts of a field in an object"),
        pytest.param({"to": "a", "delay": "b"}, ["a", "b"], id="two fields, in their order"),
        pytest.param({"to": ""}, ["the provider named this field without a reason"], id="a field without a text"),
        pytest.param({"to": None}, ["the provider named this field without a reason"], id="a field with null"),
        pytest.param({"delay": 901}, ["901"], id="a field with a number"),
        pytest.param({"delay": True}, ["True"], id="a field with true"),
        pytest.param({"to": f"{ANN} is {KEY}"}, ["+*********** is [REDACTED]"], id="a text with a number and the key"),
    ],
)
def test_the_texts_of_invalid_inputs_are_found_in_every_shape(error, descriptions):
    """Whatever shape `error` has, its texts are handed on, masked."""
    read = verdict(envelope("RBC3004", error=error))

    assert "PROVIDER_INVALID_INPUT" == name_of(read.reason)
    assert descriptions == [each.description for each in read.violations]


# RBC3109: whose number


@pytest.mark.parametrize(
    ("numbers", "prefix", "data", "indexes"),
    [
        pytest.param([ANN, BOB, CAY], "", [ANN, BOB, CAY], [0, 1, 2], id="all of them"),
        pytest.param([ANN, BOB, CAY], "", [BOB], [1], id="one of them"),
        pytest.param([ANN, BOB, CAY], "", [CAY, ANN], [0, 2], id="two of them, in another order"),
        pytest.param([ANN, BOB], "", ["13236550108"], [1], id="without +"),
        pytest.param([ANN, BOB], "", [13236550108], [1], id="as a JSON number"),
        pytest.param([ANN, BOB], "", ["+1 (323) 655-0108"], [1], id="with separators"),
        pytest.param([ANN, BOB, CAY], "", f"{ANN},{CAY}", [0, 2], id="as a comma-separated string"),
        pytest.param([ANN, BOB, CAY], "", [f"{ANN}, {CAY}"], [0, 2], id="as a comma-separated string in a list"),
        pytest.param([ANN, BOB], "", {"to": BOB}, [1], id="as an object"),
        pytest.param([ANN, BOB], "", [{"to": BOB}], [1], id="as a list of objects"),
        pytest.param([ANN, BOB, CAY], "", [{"to": [BOB, CAY]}], [1, 2], id="as an object with a list"),
        pytest.param(["3236550107", "3236550108"], "1", ["+13236550108"], [1], id="with the prefix that was applied"),
        pytest.param(["3236550107", "3236550108"], "+1", ["13236550108"], [1], id="with the prefix, without +"),
        pytest.param(["3236550107", "3236550108"], "+1", ["3236550108"], [1], id="as the caller wrote it"),
        pytest.param([ANN, "3236550108"], "+1", [ANN, "+13236550108"], [0, 1], id="with and without the prefix"),
        pytest.param([ANN, BOB], "", ["+19995550100"], [], id="a number that was not given"),
        pytest.param([ANN, BOB], "", ["3236550108"], [], id="a number cut short"),
        pytest.param([ANN, BOB], "", ["+13236xxxxx8"], [], id="a number masked by the provider"),
        pytest.param([ANN, BOB], "", [], [], id="none"),
        pytest.param([ANN, BOB], "", None, [], id="null"),
        pytest.param([ANN, BOB], "", [[ANN]], [0], id="as a list in a list"),
        pytest.param(
            [ANN, BOB], "", [{"to": f"{ANN},{BOB}", "target": []}], [], id="the request repeated, which accuses nobody"
        ),
        pytest.param([ANN, BOB], "", {"to": f"{ANN},{BOB}", "target": []}, [], id="the request repeated as an object"),
    ],
)
def test_invalid_numbers_are_named_by_their_recipients(numbers, prefix, data, indexes):
    """However the provider writes a number, it is found; a refusal it is only when it names everybody."""
    read = verdict(envelope("RBC3109", data=data), call=to_numbers(*numbers, prefix=prefix))

    assert [f"call.recipients[{index}].number" for index in indexes] == fields_of(read)
    assert ("INVALID_NUMBER" if len(indexes) == len(numbers) else "OUTCOME_UNKNOWN") == name_of(read.reason)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param([ANN], id="it is listed"),
        pytest.param(["+19995550100"], id="another is listed"),
        pytest.param([], id="none is listed"),
        pytest.param(None, id="there is no list"),
    ],
)
def test_a_single_recipient_is_the_invalid_one(data):
    """With one recipient RBC3109 leaves no question whose number it is."""
    read = verdict(envelope("RBC3109", data=data))

    assert "INVALID_NUMBER" == name_of(read.reason)
    assert ["call.recipients[0].number"] == fields_of(read)
    assert "PROVIDER_RBC3109" == read.violations[0].reason


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        pytest.param([BOB], ["call.recipients[1].number"], id="one is listed"),
        pytest.param([], [], id="none is listed"),
    ],
)
def test_an_operator_can_say_that_one_invalid_number_refuses_all(data, fields):
    """With `invalid_number_refuses_all`, good numbers beside a bad one are not dialed."""
    reading = Reading(invalid_number_refuses_all=True)

    read = verdict(envelope("RBC3109", data=data), call=to_numbers(ANN, BOB), reading=reading)

    assert "INVALID_NUMBER" == name_of(read.reason)
    assert fields == fields_of(read)


def test_no_number_stands_in_a_violation():
    """A bad number is named by its index."""
    read = verdict(envelope("RBC3109", data=[ANN, BOB]), call=to_numbers(ANN, BOB))

    assert ANN.removeprefix("+")[:4] not in str(read.violations)


# What was not found


@pytest.mark.parametrize(
    ("code", "call", "resource"),
    [
        pytest.param("RBC3115", PLAIN, Resource("flow", "SG_1"), id="the flow"),
        pytest.param("RBC3115", WHOLE, Resource("flow", "call.target"), id="a flow, where none was asked for"),
        pytest.param("RBC3114", WHOLE, Resource("sound", "13,34"), id="a sound"),
        pytest.param("RBC3114", PLAIN, Resource("sound", "call.target"), id="a sound, where none was asked for"),
        pytest.param("RBC3119", WHOLE, Resource("bridge", "call.bridge"), id="the bridge, named by its field"),
        pytest.param("RBC3119", PLAIN, Resource("bridge", "the account's bridge"), id="the account's own bridge"),
        pytest.param("RBC3108", PLAIN, None, id="nothing, for another refusal"),
        pytest.param("RBC3007", PLAIN, None, id="nothing, for an acceptance"),
    ],
)
def test_what_the_provider_did_not_find_is_named(code, call, resource):
    """A resource is named as the caller named it, but never by a phone number."""
    assert resource == verdict(envelope(code), call=call_from(call)).resource


def test_a_long_list_of_sounds_is_cut():
    """A resource's name stays short, so that the status fits into its limit."""
    sounds = {"items": [{"sounds": {"soundIds": list(range(1, 101))}}]}

    read = verdict(envelope("RBC3114"), call=call_from(PLAIN, ivr=None, playlist=sounds))

    assert len(read.resource.name) <= TEXT_LIMIT


# The provider's words


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        pytest.param("Invalid number", "Invalid number", id="words"),
        pytest.param("has to be 15 to 900", "has to be 15 to 900", id="up to 3 digits"),
        pytest.param("code 9001", "code ****", id="4 digits"),
        pytest.param("to +13236550107 and 3236550108", "to +*********** and **********", id="numbers"),
        pytest.param("+1-323-655-0107", "+*-***-***-****", id="a number with dashes"),
        pytest.param("+1 323 655 0107", "+* *** *** ****", id="a number with spaces"),
        pytest.param("1.323.655.0107", "*.***.***.****", id="a number with dots"),
        pytest.param("+1 (323) 655-0107", "+* (***) ***-****", id="a number with parentheses"),
        pytest.param("1\u2011323\u2013655\u20100107", "*\u2011***\u2013***\u2010****", id="a number with other dashes"),
        pytest.param("1\n323\t655\u200b0107", "* *** *** ****", id="a number with control characters"),
        pytest.param("٣٢٣٦٥٥", "******", id="digits of another script"),
        pytest.param(f"the key {KEY} is wrong", "the key [REDACTED] is wrong", id="the key echoed"),
        pytest.param("a\r\nb\x00c\u2028d\ud800e", "a  b c d e", id="control characters and half a surrogate pair"),
        pytest.param(" padded\n", "padded", id="white space around it"),
        pytest.param("Ä" * 200, "Ä" * 200, id="200 characters"),
        pytest.param("Ä" * 201, "Ä" * 200, id="201 characters"),
        pytest.param("x" * 198 + "13236550107", "x" * 198 + "**", id="a number across the limit"),
        pytest.param("x" * 190 + KEY, "x" * 190 + "[REDACTED]", id="the key across the limit"),
        pytest.param("x" * 100_000, "x" * 200, id="an endless message"),
    ],
)
def test_the_message_is_shown_without_numbers_or_key(message, shown):
    """The provider's words are for people: printable, short, every run of 4 or more digits masked, the key hidden."""
    assert shown == verdict(envelope("RBC3108", message)).message


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        pytest.param("RBC9999", "RBC9999", id="one like the known ones"),
        pytest.param("9999", "9999", id="a number"),
        pytest.param("ERR_TOO-MANY.2", "ERR_TOO-MANY.2", id="words"),
        pytest.param("C13236550107", "C***********", id="one with a phone number in it"),
        pytest.param(KEY, "[REDACTED]", id="the key"),
        pytest.param(f"K-{KEY}", "K-[REDACTED]", id="one with the key in it"),
        pytest.param("a\nb", "a b", id="one with a control character"),
        pytest.param("A" * 33, "A" * 32, id="a long one"),
    ],
)
def test_an_unheard_of_code_is_shown_as_it_is(code, shown):
    """An operator must see a code to look it up; a number or the key in its place is hidden."""
    assert shown == verdict(envelope(code)).code


# When to come back


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 120 ", 120, id="seconds among spaces"),
        pytest.param("Tue, 24 Nov 2026 10:02:00 GMT", 120, id="an HTTP date"),
        pytest.param("Tuesday, 24-Nov-26 10:02:00 GMT", 120, id="an HTTP date of RFC 850"),
        pytest.param("Tue Nov 24 10:02:00 2026", 120, id="an HTTP date of asctime"),
        pytest.param("Tue, 24 Nov 2026 12:02:00 +0200", 120, id="a date with another offset"),
        pytest.param("Tue, 24 Nov 2026 09:00:00 GMT", None, id="a date that has passed"),
        pytest.param("Wed, 24 Nov 2100 10:00:00 GMT", 86_400, id="a date far ahead, cut to a day"),
        pytest.param("86401", 86_400, id="more than a day, cut to a day"),
        pytest.param("9" * 5000, 86_400, id="a number beyond a double, cut to a day"),
        pytest.param("0", None, id="zero"),
        pytest.param("-5", None, id="a negative number"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("soon", None, id="words"),
        pytest.param("", None, id="nothing"),
        pytest.param("120, 60", None, id="two values"),
        pytest.param("١٢٠", None, id="digits of another script"),
        pytest.param("Tue, 99 Nov 2026 10:02:00 GMT", None, id="no date"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 -9999", None, id="a date with an offset of days"),
        pytest.param(f"Tue, 24 Nov {'9' * 20} 10:02:00 GMT", None, id="a year that no clock can hold"),
    ],
)
def test_retry_after_says_how_long_to_wait(header, seconds):
    """Seconds or an HTTP date, at most a day; anything else says nothing."""
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert expected == verdict(b"", status=429, retry_after=header).retry_after


def test_an_operators_throttling_code_brings_its_retry_after():
    """A code that means throttling is answered like an HTTP 429."""
    reading = Reading(reason_by_code={"RBC9999": OPERATOR_REASONS["PROVIDER_THROTTLED"]})

    assert timedelta(seconds=7) == verdict(envelope("RBC9999"), reading=reading, retry_after="7").retry_after


@pytest.mark.parametrize("status", [200, 401, 503])
def test_only_throttling_says_when_to_come_back(status):
    """Where a repeat would be wrong, or no use, nobody is told when to."""
    assert verdict(b"", status=status, retry_after="7").retry_after is None


# Completeness


def test_every_reason_that_a_reply_can_have_is_in_the_error_table():
    """Every known code and every telling status has a published reason, and that a row with a gRPC code."""
    reasons = {*REASON_BY_CODE.values(), *REASON_BY_STATUS.values(), *OPERATOR_REASONS.values()} - {None}

    assert set() == reasons - ROW_BY_REASON.keys()
    assert set() == {name_of(reason) for reason in reasons if ROW_BY_REASON[reason].dispatch != DISPATCH_REJECTED}


def test_an_operator_can_use_rows_6_to_15():
    """The settings take the reasons of the contract's rows 6 to 15 by their short names."""
    assert [name_of(number) for number in range(6, 16)] == list(OPERATOR_REASONS)


def test_every_field_of_the_form_has_our_name():
    """Whatever field we render and the contract lists, an RBC3004 can name; `campaign_name` it does not list."""
    delayed = call_from(WHOLE)
    scheduled = call_from(WHOLE, delay=None, scheduleTime="2026-11-24T12:00:00Z")

    rendered = {name for call in (delayed, scheduled) for name, _ in to_form(call, bridge="", custom="")}

    assert rendered - {"campaign_name"} == FIELD_BY_PROVIDER_FIELD.keys()


def test_our_names_are_fields_of_the_contract():
    """Each is a field or a oneof of OutboundCallRequest."""
    request = OutboundCallRequest.DESCRIPTOR
    known = {f"call.{name}" for name in (*request.fields_by_name, *request.oneofs_by_name)}

    assert set() == set(FIELD_BY_PROVIDER_FIELD.values()) - known
