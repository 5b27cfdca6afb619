"""The form that a call becomes: every parameter of the page, as text, as bytes, and as a stranger reads it."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outbound_calls import PLAIN, WHOLE, call_from

from gateway.kaleyra.form import encode, to_form
from gateway.sandbox.callback import Callback, CallbackEvent
from gateway.sandbox.form import FIELDS, parse
from gateway.sandbox.retry import RetryCount, RetryRule, RetryRules
from gateway.sandbox.target import Flow, Message, Sounds
from gateway.sandbox.timing import Timeout
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest

CALL_ID = "01KB5Y4W2M6T9V3C8D1E7F0GHJ"
URL = "https://calls.example.com/r?a={id}&b={{status}}&c=1+1#end"
HUNDRED = [f"+1323655{number:04}" for number in range(100)]
EVERYTHING_IN_JSON = ' [{"ring": 60,\t"é\\u00e9":[1.50, -0, 1e2, true, null]}\r\n]'.strip()


def playlist(*items):
    return {"ivr": None, "playlist": {"items": list(items)}}


def message(text, **more):
    return {"message": {"text": text, **more}}


def rules(*pairs):
    return {
        "rules": [
            {"count": count, "statuses": [f"RETRY_STATUS_{each}" for each in each_of]} for count, each_of in pairs
        ]
    }


def callbacks(event, *profiles, urls=()):
    return {"callbacks": {event: {"profileIds": list(profiles), "urls": list(urls)}}}


PARAMETERS = [
    # to
    pytest.param({}, "to", "+13236550107", ("+13236550107",), id="to: one number"),
    pytest.param(
        {"recipients": [{"number": number} for number in HUNDRED]},
        "to",
        ",".join(HUNDRED),
        tuple(HUNDRED),
        id="to: a hundred numbers, in order",
    ),
    pytest.param(
        {"recipients": [{"number": "3236550107"}, {"number": "+442071838750"}], "prefix": "1"},
        "to",
        "3236550107,+442071838750",
        ("3236550107", "+442071838750"),
        id="to: numbers as the caller wrote them",
    ),
    pytest.param(
        {"recipients": [{"number": "+13236550107", "reference": "patient 8812"}]},
        "to",
        "+13236550107",
        ("+13236550107",),
        id="to: without the caller's reference",
    ),
    # prefix
    pytest.param({"prefix": "1"}, "prefix", "1", "1", id="prefix: without +"),
    pytest.param({"prefix": "+1"}, "prefix", "+1", "+1", id="prefix: with +"),
    pytest.param({}, "prefix", None, None, id="prefix: absent"),
    # bridge
    pytest.param({"bridge": "+13236550100"}, "bridge", "+13236550100", "+13236550100", id="bridge: given"),
    pytest.param(
        {"bridge": "3236550100", "prefix": "1"},
        "bridge",
        "3236550100",
        "3236550100",
        id="bridge: that needs the prefix",
    ),
    pytest.param({}, "bridge", None, None, id="bridge: absent"),
    # target
    pytest.param({}, "target", '[{"ivr":["SG_1"]}]', (Flow("SG_1"),), id="target format 1: a flow"),
    pytest.param(
        playlist({"sounds": {"soundIds": [13, 34, 38]}}),
        "target",
        '[{"sound":[13,34,38]}]',
        (Sounds((13, 34, 38)),),
        id="target format 2: sounds as numbers",
    ),
    pytest.param(
        playlist({"sounds": {"soundIds": [2**63 - 1]}}),
        "target",
        '[{"sound":[9223372036854775807]}]',
        (Sounds((2**63 - 1,)),),
        id="target format 2: the largest sound id",
    ),
    pytest.param(
        playlist(message("your message here")),
        "target",
        '[{"message":{"text":"your message here"}}]',
        (Message("your message here"),),
        id="target format 3: a message alone",
    ),
    pytest.param(
        playlist(
            message("one", language="en-US", speed="medium"),
            message("two", language="de"),
            message("three", speed="x-slow"),
        ),
        "target",
        '[{"message":{"text":"one","language":"en-US","speed":"medium"}},'
        '{"message":{"text":"two","language":"de"}},{"message":{"text":"three","speed":"x-slow"}}]',
        (Message("one", "en-US", "medium"), Message("two", "de"), Message("three", None, "x-slow")),
        id="target format 3: several messages, with and without language and speed",
    ),
    pytest.param(
        playlist({"sounds": {"soundIds": [13]}}, message("a"), {"sounds": {"soundIds": [38, 13]}}, message("a")),
        "target",
        '[{"sound":[13]},{"message":{"text":"a"}},{"sound":[38,13]},{"message":{"text":"a"}}]',
        (Sounds((13,)), Message("a"), Sounds((38, 13)), Message("a")),
        id="target format 4: sounds and messages mixed, in order",
    ),
    pytest.param(
        playlist(message('Grüße "你好" \\ 🙂\nzweite Zeile & mehr + 100%')),
        "target",
        '[{"message":{"text":"Grüße \\"你好\\" \\\\ 🙂\\nzweite Zeile & mehr + 100%"}}]',
        (Message('Grüße "你好" \\ 🙂\nzweite Zeile & mehr + 100%'),),
        id="target format 3: any text, intact",
    ),
    pytest.param(
        playlist(message(" \n words \n ")),
        "target",
        '[{"message":{"text":" \\n words \\n "}}]',
        (Message(" \n words \n "),),
        id="target format 3: a text with white space around it, intact",
    ),
    # retry
    pytest.param({}, "retry", None, None, id="retry: absent"),
    pytest.param({"retryCount": 2}, "retry", "2", RetryCount(2), id="retry: a count"),
    pytest.param({"retryCount": 0}, "retry", "0", RetryCount(0), id="retry: a count of nought"),
    pytest.param(
        {"retryRules": rules((2, ["CONGESTION", "CHANUNAVAIL"]), (2, ["NOANSWER", "BUSY"]), (1, []), (2, ["ANSWER"]))},
        "retry",
        '[{"count":2,"status":["congestion","chanunavail"]},{"count":2,"status":["noanswer","busy"]},'
        '{"count":1,"status":[]},{"count":2,"status":["answer"]}]',
        RetryRules(
            (
                RetryRule(2, ("congestion", "chanunavail")),
                RetryRule(2, ("noanswer", "busy")),
                RetryRule(1, ()),
                RetryRule(2, ("answer",)),
            )
        ),
        id="retry: the page's rules, with an empty status list",
    ),
    # interval
    pytest.param({}, "interval", None, None, id="interval: absent"),
    pytest.param({"retryInterval": "15s"}, "interval", "15", 15, id="interval: alone"),
    pytest.param({"retryInterval": "60s", "retryCount": 2}, "interval", "60", 60, id="interval: with a count"),
    pytest.param(
        {"retryInterval": "20s", "retryRules": rules((1, ["BUSY"]))}, "interval", "20", 20, id="interval: with rules"
    ),
    # timeout
    pytest.param({}, "timeout", None, None, id="timeout: absent"),
    pytest.param({"timeout": "1s"}, "timeout", "1", Timeout("1", 1), id="timeout: the shortest"),
    pytest.param({"timeout": "3600s"}, "timeout", "3600", Timeout("3600", 3600), id="timeout: the longest"),
    pytest.param({"timeoutJson": "[60]"}, "timeout", "[60]", Timeout("[60]", [60]), id="timeout: the page's JSON"),
    pytest.param(
        {"timeoutJson": EVERYTHING_IN_JSON},
        "timeout",
        EVERYTHING_IN_JSON,
        Timeout(EVERYTHING_IN_JSON, json.loads(EVERYTHING_IN_JSON)),
        id="timeout: any JSON, byte for byte",
    ),
    # delay and time
    pytest.param({}, "delay", None, None, id="delay: absent"),
    pytest.param({"delay": "0s"}, "delay", "0", 0, id="delay: none, said so"),
    pytest.param({"delay": "900s"}, "delay", "900", 900, id="delay: the longest"),
    pytest.param({}, "time", None, None, id="time: absent"),
    pytest.param(
        {"scheduleTime": "2026-11-24T15:30:41+05:30"},
        "time",
        "2026-11-24T10:00:41+00:00",
        datetime(2026, 11, 24, 10, 0, 41, tzinfo=UTC),
        id="time: in UTC",
    ),
    pytest.param(
        {"scheduleTime": "2027-01-01T00:00:00Z"},
        "time",
        "2027-01-01T00:00:00+00:00",
        datetime(2027, 1, 1, tzinfo=UTC),
        id="time: with seconds, also on the minute",
    ),
    # callback
    pytest.param({}, "callback", None, None, id="callback: absent"),
    pytest.param({"callbacks": {}}, "callback", None, None, id="callback: of no event"),
    *(
        pytest.param(
            callbacks(event, *profiles, urls=urls),
            "callback",
            json.dumps({event: {"callback_profile": profiles, "url": urls}}, separators=(",", ":")),
            Callback(**{event: CallbackEvent(tuple(profiles), tuple(urls))}),
            id=f"callback: {event} to {whom}",
        )
        for event in ("call_start", "call_answer", "call_end")
        for whom, profiles, urls in (
            ("profiles", ["SG_c1", "SG_c2"], []),
            ("URLs", [], [URL, "http://calls.example.com/e?who={{caller}}"]),
            ("both", ["SG_c1"], [URL]),
        )
    ),
    pytest.param(
        {"callbacks": {"callEnd": {"urls": ["http://a.example/"]}, "callStart": {"profileIds": ["SG_c"]}}},
        "callback",
        '{"call_start":{"callback_profile":["SG_c"],"url":[]},"call_end":{"callback_profile":[],"url":["http://a.example/"]}}',
        Callback(call_start=CallbackEvent(("SG_c",), ()), call_end=CallbackEvent((), ("http://a.example/",))),
        id="callback: of two events",
    ),
    # dlrurl
    pytest.param({}, "dlrurl", None, None, id="dlrurl: absent"),
    pytest.param({"dlrUrl": URL}, "dlrurl", URL, URL, id="dlrurl: with &, {id} and {{status}} intact"),
    # custom and campaign_name
    pytest.param({}, "custom", CALL_ID, CALL_ID, id="custom: the call id by default"),
    pytest.param({"custom": "TxxxxT"}, "custom", "TxxxxT", "TxxxxT", id="custom: given"),
    pytest.param({"custom": " a&b=c+d%2B;~"}, "custom", " a&b=c+d%2B;~", " a&b=c+d%2B;~", id="custom: any printable"),
    pytest.param({}, "campaign_name", None, None, id="campaign_name: absent"),
    pytest.param(
        {"campaignName": "Herbst & Grüße + 100%"},
        "campaign_name",
        "Herbst & Grüße + 100%",
        "Herbst & Grüße + 100%",
        id="campaign_name: given",
    ),
]


def form_of(call, bridge=""):
    return to_form(call, bridge=bridge, custom=CALL_ID)


@pytest.mark.parametrize(("changes", "field", "text", "_read"), PARAMETERS)
def test_a_parameter_is_rendered_as_the_page_shows_it(changes, field, text, _read):
    """Each parameter is one field with one text; absent means that the field is not sent."""
    form = form_of(call_from(PLAIN, **changes))

    assert ([] if text is None else [text]) == [value for name, value in form if name == field]


@pytest.mark.parametrize(("changes", "field", "_text", "read"), PARAMETERS)
def test_a_parameter_reads_back_as_it_was_meant(changes, field, _text, read):
    """The sandbox's own strict parser, which shares no code with the gateway, finds what the caller asked for."""
    parsed = parse(encode(form_of(call_from(PLAIN, **changes))))

    assert read == getattr(parsed, field)
    assert () == parsed.wrapped


@pytest.mark.parametrize(
    ("given", "account", "sent"),
    [
        pytest.param("+13236550100", "", ["+13236550100"], id="given"),
        pytest.param("", "+13236550199", ["+13236550199"], id="from the account"),
        pytest.param("+13236550100", "+13236550199", ["+13236550100"], id="given, before the account's"),
        pytest.param("", "", [], id="absent"),
    ],
)
def test_the_bridge_is_the_callers_or_the_accounts(given, account, sent):
    """An account's bridge is used when a request names none."""
    form = form_of(call_from(PLAIN, bridge=given), bridge=account)

    assert sent == [value for name, value in form if name == "bridge"]


def test_the_least_call_is_three_fields():
    """What a caller leaves out is not sent; only `custom` has a default of the gateway's own."""
    expected = [("to", "+13236550107"), ("target", '[{"ivr":["SG_1"]}]'), ("custom", CALL_ID)]

    assert expected == form_of(call_from(PLAIN))


LONG = st.text(st.characters(max_codepoint=0x7F), min_size=100, max_size=200)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.text() | LONG | LONG.map("{}\xfc".format))))
@example([("custom", "".join(map(chr, range(0x80))))])
def test_any_text_is_encoded_as_urllib_encodes_it(form):
    """The table in C stands for urllib's own encoder, byte for byte, and so do the passes over a long text."""
    assert urlencode(form).encode() == encode(form)


def test_a_whole_call_is_these_bytes():
    """Fields stand in the order of the page; a space is `+`, a plus `%2B`, other text UTF-8; JSON is compact."""
    assert (
        b"to=%2B13236550107%2C3236550108"
        b"&retry=%5B%7B%22count%22%3A2%2C%22status%22%3A%5B%22busy%22%2C%22answer%22%5D%7D%2C"
        b"%7B%22count%22%3A1%2C%22status%22%3A%5B%5D%7D%5D"
        b"&bridge=%2B13236550100"
        b"&prefix=%2B1"
        b"&target=%5B%7B%22sound%22%3A%5B13%2C34%5D%7D%2C%7B%22message%22%3A%7B%22text%22%3A%22"
        b"Gr%C3%BC%C3%9Fe%2C+%E4%BD%A0%E5%A5%BD%22%2C%22language%22%3A%22de-DE%22%2C%22speed%22%3A%22x-slow%22%7D%7D%5D"
        b"&dlrurl=https%3A%2F%2Fcalls.example.com%2Fr%3Fa%3D%7Bid%7D%26b%3D%7B%7Bstatus%7D%7D"
        b"&timeout=%5B60%5D"
        b"&callback=%7B%22call_end%22%3A%7B%22callback_profile%22%3A%5B%22SG_c%22%5D%2C"
        b"%22url%22%3A%5B%22https%3A%2F%2Fcalls.example.com%2Fe%3Fwho%3D%7B%7Bcaller%7D%7D%22%5D%7D%7D"
        b"&delay=60"
        b"&custom=order-8812"
        b"&interval=20"
        b"&campaign_name=Herbst+%2B+Winter"
    ) == encode(form_of(call_from(WHOLE)))


@pytest.mark.parametrize(
    "start",
    [
        pytest.param({}, id="delayed"),
        pytest.param({"delay": None, "scheduleTime": "2026-11-24T12:00:00Z"}, id="scheduled"),
    ],
)
def test_the_fields_stand_in_the_order_of_the_page(start):
    """A reader can hold a form against the provider's table from top to bottom."""
    names = [name for name, _ in form_of(call_from(WHOLE, **start))]

    assert [name for name in FIELDS if name in names] == names


# Completeness

NEVER_SENT = {"recipients.reference"}
"""Fields that by contract are the caller's own."""


def leaves(message, path=()):
    """Every field below a message type that holds a value and no message, as a path of descriptors."""
    for field in message.fields:
        inner = field.message_type
        if inner is None or inner in {Duration.DESCRIPTOR, Timestamp.DESCRIPTOR}:
            yield (*path, field)
        else:
            yield from leaves(inner, (*path, field))


def call_with(path, value):
    """A call with nothing but one value in it."""
    message = call = OutboundCallRequest()
    for field in path[:-1]:
        inner = getattr(message, field.name)
        message = inner.add() if field.is_repeated else inner
    last = path[-1]
    if last.message_type is not None:
        getattr(message, last.name).seconds = value
    elif last.is_repeated:
        getattr(message, last.name).append(text_or_number(last, value))
    else:
        setattr(message, last.name, text_or_number(last, value))
    return call


def text_or_number(field, value):
    return str(value) if field.type == field.TYPE_STRING else value


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=".".join(field.name for field in path)) for path in leaves(OutboundCallRequest.DESCRIPTOR)],
)
def test_every_field_of_a_request_reaches_the_form(path):
    """Two calls that differ in one field differ in their forms; else a value would be dropped in silence."""
    never_sent = ".".join(field.name for field in path) in NEVER_SENT

    assert never_sent == (form_of(call_with(path, 1)) == form_of(call_with(path, 2)))
