"""The strict parser, held against the provider's page field by field."""

import math
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sandbox_forms import BRIDGE, TO, body, fields

from gateway.sandbox.callback import Callback, CallbackEvent
from gateway.sandbox.form import FIELDS, InvalidForm, ParsedForm, Wrapped, parse
from gateway.sandbox.retry import STATUSES, RetryCount, RetryRule, RetryRules
from gateway.sandbox.target import Flow, Message, Sounds
from gateway.sandbox.timing import Timeout

ROME = timezone(timedelta(hours=1))
EVENT = {"callback_profile": ["SG_c"], "url": ["https://calls.example.com/end?who={{caller}}"]}
SAMPLE_RETRY = """[{"count":2,"status":["congestion", "chanunavail"]},
{"count":2,"status":["noanswer", "busy"]},
{"count":1, "status": []},
{"count": 2, "status": ["answer"]}
]"""


def numbers(count):
    return ",".join(f"+1323655{number:04}" for number in range(count))


@pytest.mark.parametrize(
    ("sent", "field", "read"),
    [
        pytest.param({"to": TO}, "to", (TO,), id="one number"),
        pytest.param({"to": "+1,".replace("1", "1323655") + TO}, "to", ("+1323655", TO), id="two numbers, in order"),
        pytest.param({"to": numbers(100)}, "to", tuple(numbers(100).split(",")), id="a hundred numbers"),
        pytest.param({"to": "3236550107", "prefix": "1"}, "to", ("3236550107",), id="a number that needs the prefix"),
        pytest.param({"prefix": "+1"}, "prefix", "+1", id="a prefix with a plus sign"),
        pytest.param({"prefix": "1234"}, "prefix", "1234", id="a prefix of four digits"),
        pytest.param({"bridge": None}, "bridge", None, id="no bridge"),
        pytest.param({"bridge": BRIDGE}, "bridge", BRIDGE, id="a bridge"),
        pytest.param(
            {"bridge": "3236550100", "prefix": "1"}, "bridge", "3236550100", id="a bridge that needs the prefix"
        ),
        pytest.param({"retry": None}, "retry", None, id="no retry"),
        pytest.param({"retry": "2"}, "retry", RetryCount(2), id="retry as a number"),
        pytest.param({"retry": "0"}, "retry", RetryCount(0), id="retry of nought"),
        pytest.param({"retry": '{"count": 2}'}, "retry", RetryCount(2), id="retry as an object"),
        pytest.param(
            {"retry": SAMPLE_RETRY},
            "retry",
            RetryRules(
                (
                    RetryRule(2, ("congestion", "chanunavail")),
                    RetryRule(2, ("noanswer", "busy")),
                    RetryRule(1, ()),
                    RetryRule(2, ("answer",)),
                )
            ),
            id="retry as the page's sample",
        ),
        pytest.param({"interval": "15"}, "interval", 15, id="the shortest interval"),
        pytest.param({"interval": "60"}, "interval", 60, id="the longest interval"),
        pytest.param({"delay": "0"}, "delay", 0, id="the shortest delay"),
        pytest.param({"delay": "900"}, "delay", 900, id="the longest delay"),
        pytest.param(
            {"time": "2026-11-04T19:55:41+01:00"},
            "time",
            datetime(2026, 11, 4, 19, 55, 41, tzinfo=ROME),
            id="a time with its offset",
        ),
        pytest.param(
            {"time": "2026-11-04T18:55:41-00:00"},
            "time",
            datetime(2026, 11, 4, 18, 55, 41, tzinfo=UTC),
            id="a time without a plus sign",
        ),
        pytest.param({"timeout": "60"}, "timeout", Timeout("60", 60), id="timeout as a number"),
        pytest.param({"timeout": "[60]"}, "timeout", Timeout("[60]", [60]), id="timeout as the page's sample"),
        pytest.param({"timeout": '{"a" : 1}'}, "timeout", Timeout('{"a" : 1}', {"a": 1}), id="timeout as an object"),
        pytest.param(
            {"timeout": '{"a": 1, "a": "\\ud83d"}'},
            "timeout",
            Timeout('{"a": 1, "a": "\\ud83d"}', {"a": "\ud83d"}),
            id="timeout as JSON that others may read otherwise",
        ),
        pytest.param({"timeout": "[1e400]"}, "timeout", Timeout("[1e400]", [math.inf]), id="a timeout without measure"),
        pytest.param({"target": [{"ivr": ["SG_1"]}]}, "target", (Flow("SG_1"),), id="format 1, a flow"),
        pytest.param({"target": [{"sound": [13, 34, 38]}]}, "target", (Sounds((13, 34, 38)),), id="format 2, sounds"),
        pytest.param({"target": [{"message": {"text": "Hi"}}]}, "target", (Message("Hi"),), id="format 3, a text"),
        pytest.param(
            {"target": [{"message": {"text": "नमस्ते + 100 %", "language": "hi-IN", "speed": "slow"}}]},
            "target",
            (Message("नमस्ते + 100 %", "hi-IN", "slow"),),
            id="a text with its language and speed",
        ),
        pytest.param(
            {"target": [{"message": {"text": "a"}}, {"sound": [2]}, {"message": {"text": "b"}}]},
            "target",
            (Message("a"), Sounds((2,)), Message("b")),
            id="format 4, a mixture in order",
        ),
        pytest.param(
            {"callback": {"call_end": EVENT}},
            "callback",
            Callback(call_end=CallbackEvent(tuple(EVENT["callback_profile"]), tuple(EVENT["url"]))),
            id="one callback event",
        ),
        pytest.param(
            {
                "callback": {
                    name: {"callback_profile": [], "url": [f"http://a.example/{name}"]}
                    for name in ("call_start", "call_answer", "call_end")
                }
            },
            "callback",
            Callback(
                CallbackEvent((), ("http://a.example/call_start",)),
                CallbackEvent((), ("http://a.example/call_answer",)),
                CallbackEvent((), ("http://a.example/call_end",)),
            ),
            id="every callback event",
        ),
        pytest.param(
            {"callback": {"call_end": {"callback_profile": ["a"] * 10, "url": ["http://a.example"] * 10}}},
            "callback",
            Callback(call_end=CallbackEvent(("a",) * 10, ("http://a.example",) * 10)),
            id="ten callbacks of each kind",
        ),
        pytest.param(
            {"dlrurl": "https://webhook.site/55?rev=id&rev1={{id}}"},
            "dlrurl",
            "https://webhook.site/55?rev=id&rev1={{id}}",
            id="a dlrurl",
        ),
        pytest.param({"custom": "é" * 100}, "custom", "é" * 100, id="the longest custom, in characters"),
        pytest.param({"campaign_name": "Spring & Co"}, "campaign_name", "Spring & Co", id="a campaign name"),
    ],
)
def test_what_the_page_allows_is_read(sent, field, read):
    """Each form of a field on the page is read as what it means."""
    form = parse(body(**sent))

    assert isinstance(form, ParsedForm)
    assert read == getattr(form, field)
    assert not form.wrapped


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        pytest.param({"to": None}, {"to": "to field has to be filled"}, id="no to"),
        pytest.param({"to": ""}, {"to": "to field has to be filled"}, id="an empty to"),
        pytest.param({"target": None}, {"target": "target field has to be filled"}, id="no target"),
        pytest.param(
            {"to": None, "target": None},
            {"to": "to field has to be filled", "target": "target field has to be filled"},
            id="the page's sample of RBC3004",
        ),
        pytest.param(
            {"retry_count": '{"count":2}'}, {"retry_count": "retry_count field is unknown"}, id="the page's retry_count"
        ),
        pytest.param({"source": "API"}, {"source": "source field is unknown"}, id="source, which is only in replies"),
        pytest.param({"To": TO}, {"To": "To field is unknown"}, id="a field in capitals"),
    ],
)
def test_a_refusal_names_every_field_and_says_why(sent, errors):
    """The errors are exactly the fields that are wrong, in the page's words where it has them."""
    form = parse(body(**sent))

    assert isinstance(form, InvalidForm)
    assert errors == form.errors


def deep(depth):
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("to", numbers(101), id="a hundred and one numbers"),
        pytest.param("to", f"{TO},{TO}", id="a number twice"),
        pytest.param("to", f"{TO},", id="a comma too many"),
        pytest.param("to", f"{TO}, +13236550108", id="a space after a comma"),
        pytest.param("to", "+1 323 655 0107", id="a number with spaces"),
        pytest.param("to", "++13236550107", id="two plus signs"),
        pytest.param("to", "13236550107", id="no plus sign and no prefix"),
        pytest.param("to", "+123", id="three digits"),
        pytest.param("to", "+1234567890123456", id="sixteen digits"),
        pytest.param("to", "+1323655010\u0667", id="a digit that is not ASCII"),
        pytest.param("to", f"{TO}\n", id="a newline after the number"),
        pytest.param("bridge", "13236550100", id="a bridge without plus sign or prefix"),
        pytest.param("bridge", f"{BRIDGE},+13236550101", id="two bridges"),
        pytest.param("bridge", "", id="an empty bridge"),
        pytest.param("prefix", "12345", id="a prefix of five digits"),
        pytest.param("prefix", "+", id="a prefix without digits"),
        pytest.param("prefix", "US", id="a prefix of letters"),
        pytest.param("retry", "-1", id="a negative retry"),
        pytest.param("retry", "2.0", id="a retry with a decimal point"),
        pytest.param("retry", "two", id="a retry in words"),
        pytest.param("retry", '"2"', id="a retry as a string"),
        pytest.param("retry", "[]", id="no retry rule"),
        pytest.param("retry", {}, id="a retry object without count"),
        pytest.param("retry", {"count": -1}, id="a negative count"),
        pytest.param("retry", {"count": "2"}, id="a count as a string"),
        pytest.param("retry", {"count": True}, id="a count as a boolean"),
        pytest.param("retry", {"count": 2, "status": []}, id="a retry rule that is not in an array"),
        pytest.param("retry", [2], id="a retry rule that is a number"),
        pytest.param("retry", [{"count": 2}], id="a retry rule without status"),
        pytest.param("retry", [{"status": ["busy"]}], id="a retry rule without count"),
        pytest.param("retry", [{"count": 0, "status": ["busy"]}], id="a retry rule of nought"),
        pytest.param("retry", [{"count": 1, "status": "busy"}], id="a status outside a list"),
        pytest.param("retry", [{"count": 1, "status": ["BUSY"]}], id="a status in capitals"),
        pytest.param("retry", [{"count": 1, "status": ["failed"]}], id="a status of no retry"),
        pytest.param("retry", [{"count": 1, "status": [["busy"]]}], id="a status that is a list"),
        pytest.param("retry", [{"count": 1, "status": ["busy", "busy"]}], id="a status twice"),
        pytest.param("retry", [{"count": 1, "status": [], "interval": 20}], id="a retry rule with another key"),
        pytest.param("interval", "<20>", id="the page's interval in angle brackets"),
        pytest.param("interval", "20.5", id="half a second of interval"),
        pytest.param("delay", "1m", id="a delay with a unit"),
        pytest.param("delay", "+60", id="a delay with a plus sign"),
        pytest.param("delay", "9" * 5000, id="a delay of five thousand digits"),
        pytest.param("delay", "\u0666\u0660", id="a delay in digits that are not ASCII"),
        pytest.param("time", "2026-11-04T19:55:41Z", id="a time with Z for its offset"),
        pytest.param("time", "2026-11-04T19:55:41", id="a time without an offset"),
        pytest.param("time", "2026-11-04T19:55:41+0530", id="an offset without a colon"),
        pytest.param("time", "2026-11-04T19:55:41.5+05:30", id="a time with a fraction"),
        pytest.param("time", "2026-11-04 19:55:41+05:30", id="a time without its T"),
        pytest.param("time", "2026-02-30T19:55:41+05:30", id="a day that no month has"),
        pytest.param("time", "2026-11-04T19:55:41+05:99", id="an offset that no place has"),
        pytest.param("time", "1793800541", id="a time in seconds"),
        pytest.param("timeout", "sixty", id="a timeout that is not JSON"),
        pytest.param("timeout", '"60"', id="a timeout as a string"),
        pytest.param("timeout", "true", id="a timeout as a boolean"),
        pytest.param("timeout", "null", id="a timeout that is null"),
        pytest.param("timeout", "NaN", id="a timeout that is not a number"),
        pytest.param("timeout", "[-Infinity]", id="an endless timeout"),
        pytest.param("timeout", deep(100_000), id="a timeout nested without end"),
        pytest.param("timeout", "[" + "9" * 5000 + "]", id="a timeout of five thousand digits"),
        pytest.param("target", '[{"ivr":[SG_5]}]', id="the page's unquoted flow id"),
        pytest.param("target", "[]", id="an empty target"),
        pytest.param("target", {"ivr": ["SG_1"]}, id="a target outside an array"),
        pytest.param("target", [["ivr"]], id="an item that is no object"),
        pytest.param("target", [{}], id="an item without a key"),
        pytest.param("target", [{"ivr": ["SG_1"], "sound": [1]}], id="an item with two keys"),
        pytest.param("target", [{"video": [1]}], id="an item of no format"),
        pytest.param("target", [{"ivr": "SG_1"}], id="a flow id outside a list"),
        pytest.param("target", [{"ivr": []}], id="an ivr without a flow id"),
        pytest.param("target", [{"ivr": ["SG_1", "SG_2"]}], id="two flow ids"),
        pytest.param("target", [{"ivr": ["SG_1"]}, {"ivr": ["SG_2"]}], id="two flows"),
        pytest.param("target", [{"ivr": ["SG_1"]}, {"sound": [1]}], id="a flow and a sound"),
        pytest.param("target", [{"ivr": [""]}], id="an empty flow id"),
        pytest.param("target", [{"ivr": [5]}], id="a flow id as a number"),
        pytest.param("target", [{"sound": []}], id="a sound without an id"),
        pytest.param("target", [{"sound": ["13"]}], id="a sound id as a string"),
        pytest.param("target", [{"sound": [13.0]}], id="a sound id with a decimal point"),
        pytest.param("target", [{"sound": [0]}], id="sound nought"),
        pytest.param("target", [{"sound": 13}], id="a sound id outside a list"),
        pytest.param("target", [{"message": "Hi"}], id="a text that is no message"),
        pytest.param("target", [{"message": {}}], id="a message without a text"),
        pytest.param("target", [{"message": {"text": ""}}], id="an empty text"),
        pytest.param("target", [{"message": {"text": 5}}], id="a text as a number"),
        pytest.param("target", [{"message": {"text": "Hi", "language": ""}}], id="an empty language"),
        pytest.param("target", [{"message": {"text": "Hi", "speed": None}}], id="a speed that is null"),
        pytest.param("target", [{"message": {"text": "Hi", "voice": "Anna"}}], id="a message with another key"),
        pytest.param("target", '[{"message":{"text":"\\ud83d"}}]', id="half of a surrogate pair"),
        pytest.param("target", '[{"message":{"text":"a"},"message":{"text":"b"}}]', id="a JSON key twice"),
        pytest.param("callback", '{"call_start":{"callback_profile":[],"url":[]}', id="the page's lost brace"),
        pytest.param("callback", [], id="a callback as a list"),
        pytest.param("callback", {}, id="a callback without an event"),
        pytest.param("callback", {"call_ring": EVENT}, id="an event of no call"),
        pytest.param("callback", {"call_end": []}, id="an event as a list"),
        pytest.param("callback", {"call_end": {"url": EVENT["url"]}}, id="an event without callback_profile"),
        pytest.param("callback", {"call_end": {"callback_profile": ["a"]}}, id="an event without url"),
        pytest.param("callback", {"call_end": EVENT | {"method": "GET"}}, id="an event with another key"),
        pytest.param("callback", {"call_end": EVENT | {"url": EVENT["url"][0]}}, id="a callback URL outside a list"),
        pytest.param("callback", {"call_end": EVENT | {"url": ["ftp://a.example"]}}, id="a callback URL of ftp"),
        pytest.param("callback", {"call_end": EVENT | {"url": [5]}}, id="a callback URL as a number"),
        pytest.param("callback", {"call_end": EVENT | {"url": EVENT["url"] * 11}}, id="eleven callback URLs"),
        pytest.param("callback", {"call_end": EVENT | {"callback_profile": ["a"] * 11}}, id="eleven callback profiles"),
        pytest.param("callback", {"call_end": EVENT | {"callback_profile": [""]}}, id="an empty callback profile"),
        pytest.param("dlrurl", "webhook.site/55", id="a dlrurl without a scheme"),
        pytest.param("dlrurl", "https:///55", id="a dlrurl without a host"),
        pytest.param("dlrurl", "https://[::1/55", id="a dlrurl with half an address"),
        pytest.param("dlrurl", "https://a.example/a b", id="a dlrurl with a space"),
        pytest.param("dlrurl", "https://a.example/\n", id="a dlrurl with a newline"),
        pytest.param("custom", "a" * 101, id="a custom of a hundred and one characters"),
        pytest.param("custom", "", id="an empty custom"),
        pytest.param("campaign_name", "", id="an empty campaign name"),
    ],
)
def test_what_the_page_does_not_allow_is_refused(field, value):
    """Everything off the page is refused, under the name of the field."""
    form = parse(body(**{field: value}))

    assert isinstance(form, InvalidForm)
    assert {field} == form.errors.keys()
    assert form.errors[field].startswith(f"{field} field ")


@pytest.mark.parametrize(
    ("numbers", "prefix"),
    [
        pytest.param("+13236550107,3236550107", "1", id="once with the prefix and once without"),
        pytest.param("13236550107,3236550107", "+1", id="the prefix with and without its plus sign"),
        pytest.param("+13236550107,13236550107", "1", id="with and without the plus sign"),
    ],
)
def test_one_phone_is_not_rung_twice(numbers, prefix):
    """A number written in two ways is still a number twice."""
    expected = {"to": "to field has a number twice"}

    form = parse(body(to=numbers, prefix=prefix))

    assert isinstance(form, InvalidForm)
    assert expected == form.errors


def test_a_bad_prefix_does_not_blame_the_numbers():
    """Numbers that need the prefix are not refused for a prefix that cannot be read."""
    form = parse(body(to="3236550107", bridge="3236550100", prefix="one"))

    assert isinstance(form, InvalidForm)
    assert {"prefix"} == form.errors.keys()


@pytest.mark.parametrize("field", ["to", "bridge", "prefix", "time"])
def test_a_plus_sign_that_became_a_space_is_caught(field):
    """The classic mistake is refused in words that say what to do."""
    values = fields(prefix="+1", time="2026-11-04T19:55:41+05:30")
    safe_by_field = {name: "+" if name == field else "" for name in values}
    sent = "&".join(f"{name}={quote(value, safe=safe_by_field[name])}" for name, value in values.items())

    form = parse(sent.encode())

    assert isinstance(form, InvalidForm)
    assert {field: f"{field} field has a plus sign that was not sent as %2B, so it was read as a space"} == form.errors


def test_a_plus_sign_is_a_space_where_spaces_are_allowed():
    """Elsewhere `+` is what the encoding makes of a space."""
    expected = "a b+"

    form = parse(body() + b"&custom=a+b%2B")

    assert isinstance(form, ParsedForm)
    assert expected == form.custom


@pytest.mark.parametrize(
    ("field", "given", "used"),
    [
        pytest.param("delay", 901, 900, id="a delay too long"),
        pytest.param("delay", -1, 0, id="a delay too short"),
        pytest.param("interval", 61, 60, id="an interval too long"),
        pytest.param("interval", 14, 15, id="an interval too short"),
        pytest.param("interval", -5, 15, id="a negative interval"),
    ],
)
def test_what_the_provider_wraps_is_wrapped_and_noted(field, given, used):
    """A value out of range is used as the nearer bound, and both are kept."""
    form = parse(body(**{field: str(given)}))

    assert isinstance(form, ParsedForm)
    assert used == getattr(form, field)
    assert (Wrapped(field, given, used),) == form.wrapped


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        pytest.param(b"&custom=%zz", "has a % without two hex digits after it", id="an escape that is none"),
        pytest.param(b"&custom=%4", "has a % without two hex digits after it", id="half an escape"),
        pytest.param(b"&custom=%ff", "has percent-encoded bytes that are not UTF-8", id="bytes that are no UTF-8"),
        pytest.param(b"&custom=%ed%a0%80", "has percent-encoded bytes that are not UTF-8", id="an encoded surrogate"),
        pytest.param("&custom=é".encode(), "has a byte that is not printable ASCII", id="raw UTF-8"),
        pytest.param(b"&custom=a b", "has a byte that is not printable ASCII", id="a raw space"),
        pytest.param(b"\n", "has a byte that is not printable ASCII", id="a newline at the end"),
        pytest.param(b"&custom", "has to be name=value pairs joined by &", id="a name without a value"),
        pytest.param(b"&=a", "has to be name=value pairs joined by &", id="a value without a name"),
        pytest.param(b"&", "has to be name=value pairs joined by &", id="an ampersand too many"),
    ],
)
def test_a_body_that_is_not_a_form_is_refused(sent, why):
    """What decoders usually forgive is refused under the name `body`."""
    form = parse(body() + sent)

    assert isinstance(form, InvalidForm)
    assert {"body"} == form.errors.keys()
    assert form.errors["body"].startswith(f"body {why}")


def test_a_json_body_is_not_a_form():
    """JSON is refused, however good."""
    expected = {"body": "body has to be name=value pairs joined by &"}

    form = parse(b'{"to":"%2B13236550107"}')

    assert isinstance(form, InvalidForm)
    assert expected == form.errors


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_sent_once(field):
    """A repeated field is refused, even with the same value; the first value is the one kept."""
    values = fields(**{field: fields().get(field, "1")})

    same = parse(urlencode([*values.items(), (field, values[field])]).encode())
    other = parse(urlencode([*values.items(), (field, "another")]).encode())

    for form in (same, other):
        assert isinstance(form, InvalidForm)
        assert f"{field} field is sent more than once" == form.errors[field]
        assert values == form.fields


def test_the_fields_are_kept_as_sent_and_do_not_count():
    """A form keeps its decoded fields; two spellings of one request are equal all the same."""
    spaced, tight = '[ {"ivr": ["SG_1"]} ]', '[{"ivr":["SG_1"]}]'

    form = parse(body(target=spaced))

    assert spaced == form.fields["target"]
    assert form == parse(body(target=tight))


ascii_ids = st.text("abcXYZ019_-", min_size=1, max_size=64)
texts = st.text(st.characters(codec="utf-8"), min_size=1)
urls = st.builds("http{}://{}.example/{}".format, st.sampled_from(["", "s"]), ascii_ids.map(lambda _: "a"), ascii_ids)
messages = st.fixed_dictionaries({"text": texts}, optional={"language": ascii_ids, "speed": ascii_ids})
events = st.fixed_dictionaries(
    {"callback_profile": st.lists(ascii_ids, max_size=10), "url": st.lists(urls, max_size=10)}
)
items = st.fixed_dictionaries({"sound": st.lists(st.integers(1, 2**63 - 1), min_size=1)}) | st.fixed_dictionaries(
    {"message": messages}
)
targets = st.lists(items, min_size=1) | ascii_ids.map(lambda flow_id: [{"ivr": [flow_id]}])
rules = st.fixed_dictionaries(
    {"count": st.integers(1, 100), "status": st.lists(st.sampled_from(sorted(STATUSES)), unique=True)}
)
requests = st.fixed_dictionaries(
    {
        "to": st.lists(st.from_regex(r"\+1[0-9]{3,14}", fullmatch=True), min_size=1, max_size=100, unique=True),
        "target": targets,
    },
    optional={
        "retry": st.integers(0, 100) | st.lists(rules, min_size=1),
        "bridge": st.from_regex(r"\+[0-9]{4,15}", fullmatch=True),
        "prefix": st.from_regex(r"\+?[0-9]{1,4}", fullmatch=True),
        "dlrurl": urls,
        "time": st.datetimes(timezones=st.sampled_from([UTC, ROME])).map(lambda time: time.replace(microsecond=0)),
        "timeout": st.lists(st.integers(1, 3600), max_size=3),
        "callback": st.dictionaries(st.sampled_from(["call_start", "call_answer", "call_end"]), events, min_size=1),
        "delay": st.integers(0, 900),
        "custom": st.text(st.characters(codec="utf-8"), min_size=1, max_size=100),
        "interval": st.integers(15, 60),
        "campaign_name": texts,
    },
)


def sent(name, value):
    match name:
        case "to":
            return ",".join(value)
        case "time":
            return value.isoformat()
        case _:
            return value


def plain(value):  # noqa: PLR0911
    """Returns what a parsed value was made of, to compare it with what was sent."""
    match value:
        case Flow(flow_id):
            return {"ivr": [flow_id]}
        case Sounds(sound_ids):
            return {"sound": list(sound_ids)}
        case Message(text, language, speed):
            optional = {"language": language, "speed": speed}
            return {"message": {"text": text} | {name: each for name, each in optional.items() if each is not None}}
        case RetryCount(count):
            return count
        case RetryRules(rules):
            return [{"count": rule.count, "status": list(rule.statuses)} for rule in rules]
        case Callback():
            events = {name: getattr(value, name) for name in ("call_start", "call_answer", "call_end")}
            return {
                name: {"callback_profile": list(event.profiles), "url": list(event.urls)}
                for name, event in events.items()
                if event is not None
            }
        case Timeout(_, document):
            return document
        case tuple():
            return [plain(each) for each in value]
        case _:
            return value


@settings(deadline=None)
@given(requests)
def test_nothing_is_lost_on_the_way(request):
    """Every valid request comes back as it was meant, whatever its characters."""
    form = parse(body(**{"bridge": None} | {name: sent(name, value) for name, value in request.items()}))

    assert isinstance(form, ParsedForm), form
    assert request == {name: plain(getattr(form, name)) for name in FIELDS if getattr(form, name) is not None}


@settings(deadline=None)
@given(st.binary())
@example(b"to=%2B13236550107&target=" + b"%5B" * 200_000)
@example(b"=".join([b"a"] * 1000))
def test_no_bytes_upset_the_parser(sent):
    """Any bytes are answered with what is wrong with them."""
    form = parse(sent)

    assert isinstance(form, InvalidForm)
    assert form.errors


@pytest.mark.parametrize("field", ["retry", "target", "callback", "timeout"])
def test_no_depth_upsets_the_parser(field):
    """JSON is read or refused, however deep; also at the depth where it can be decoded but not encoded."""
    for depth in range(900, 1000):
        form = parse(body(**{field: deep(depth)}))

        assert isinstance(form, ParsedForm) or {field} == form.errors.keys()


@settings(deadline=None)
@given(st.sampled_from(FIELDS), st.text(st.characters(codec="utf-8")))
def test_no_value_upsets_the_parser(field, value):
    """Any text in any field is read, or refused under that field's name."""
    form = parse(body(**{field: value}))

    assert isinstance(form, ParsedForm) or {field} == form.errors.keys()
