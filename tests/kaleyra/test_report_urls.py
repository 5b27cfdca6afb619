"""The gateway's own URLs: where they go, what they ask for, and that nothing of the caller's is touched."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbound_calls import PLAIN, WHOLE, call_from
from strategies import valid_calls

from gateway.kaleyra.form import encode, to_form
from gateway.kaleyra.report_urls import ReportAddress
from gateway.kaleyra.reports import VARIABLES, Report, ReportKind, disposition_of, read_report
from gateway.sandbox.form import ParsedForm, parse
from gateway.settings import Receiver
from voicegateway.v1.outbound_call_pb2 import DISPOSITION_UNSPECIFIED

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TOKEN = "0123456789abcdef" * 2
SYNTAXES = ["double", "bare", "single"]
EVENTS = ["call_start", "call_answer", "call_end"]
URL = "https://calls.example.com/r"


IN_BRACES = (
    "a_id={{id}}&a_status={{status}}&a_ringtime={{ringtime}}&a_billsec={{billsec}}&a_callee={{callee}}"
    "&a_caller={{caller}}&a_bridge={{bridge}}&a_keypress={{keypress}}&a_credits={{credits}}&a_flow_id={{flow_id}}"
    "&a_call_type={{call_type}}"
)


def address(**settings):
    fields = {"listen": "127.0.0.1:8081", "public_url": "https://gateway.example.com"} | settings
    return ReportAddress.of(Receiver.model_validate(fields))


def urls(**settings):
    return address(**settings).with_token(TOKEN)


def form_of(call, **settings):
    return dict(to_form(call, bridge="", custom="c", reports=urls(**settings)))


def callback_of(call, **settings):
    return json.loads(form_of(call, **settings)["callback"])


# What they look like


def test_by_default_they_are_these():
    """`dlrurl` asks for every variable twice, a callback once, each in the order of the provider's documents."""
    form = form_of(call_from(PLAIN))

    assert (
        f"https://gateway.example.com/reports/{TOKEN}?a_id={{{{id}}}}&b_id=id&a_status={{{{status}}}}&b_status=status"
        "&a_ringtime={{ringtime}}&b_ringtime=ringtime&a_billsec={{billsec}}&b_billsec=billsec"
        "&a_callee={{callee}}&b_callee=callee&a_caller={{caller}}&b_caller=caller&a_bridge={{bridge}}&b_bridge=bridge"
        "&a_keypress={{keypress}}&b_keypress=keypress&a_credits={{credits}}&b_credits=credits"
        "&a_flow_id={{flow_id}}&b_flow_id=flow_id&a_call_type={{call_type}}&b_call_type=call_type"
    ) == form["dlrurl"]
    assert {
        event: {
            "callback_profile": [],
            "url": [f"https://gateway.example.com/reports/{TOKEN}/{event}?{IN_BRACES}"],
        }
        for event in EVENTS
    } == json.loads(form["callback"])


WAYS = {"double": ("a_{}", "{{{{{}}}}}"), "bare": ("b_{}", "{}"), "single": ("c_{}", "{{{}}}")}


@pytest.mark.parametrize("placeholders", [("double",), ("bare",), ("single",), ("single", "double", "bare")])
def test_each_way_of_writing_a_variable_can_be_chosen(placeholders):
    """Every variable stands once in each chosen way, in the order chosen; for each kind of URL apart."""
    asked = [(WAYS[way][0].format(name), WAYS[way][1].format(name)) for name, way in product(VARIABLES, placeholders)]

    form = form_of(call_from(PLAIN), dlr_placeholders=placeholders)
    assert asked == parse_qsl(urlsplit(form["dlrurl"]).query, strict_parsing=True)
    callback = callback_of(call_from(PLAIN), callback_placeholders=placeholders)
    assert [[asked]] * 3 == [
        [parse_qsl(urlsplit(url).query, strict_parsing=True) for url in callback[event]["url"]] for event in EVENTS
    ]


def test_every_documented_variable_is_asked_for():
    """What the provider's documents list, in this order; one that nobody reads may help a person."""
    listed = "id status ringtime billsec callee caller bridge keypress credits flow_id call_type"

    assert listed.split() == [*VARIABLES]


@pytest.mark.parametrize(
    ("public_url", "start"),
    [
        pytest.param("https://calls.example.com/voice", "https://calls.example.com/voice/reports/", id="a path"),
        pytest.param("https://calls.example.com/voice/", "https://calls.example.com/voice/reports/", id="a slash"),
        pytest.param("http://127.0.0.1:8081", "http://127.0.0.1:8081/reports/", id="in the clear, with a port"),
        pytest.param("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443/reports/", id="IPv6"),
    ],
)
def test_they_begin_with_the_public_url(public_url, start):
    """Whatever stands before the gateway may have a path of its own."""
    form = form_of(call_from(PLAIN), public_url=public_url)
    callback = json.loads(form["callback"])

    assert form["dlrurl"].startswith(f"{start}{TOKEN}?")
    assert [True] * 3 == [callback[event]["url"][0].startswith(f"{start}{TOKEN}/{event}?") for event in EVENTS]


def test_the_longest_is_shorter_than_a_callers_may_be():
    """A provider that takes a caller's URLs takes these."""
    longest = urls(
        public_url="https://calls.example.com/".ljust(1000, "x"),
        dlr_placeholders=SYNTAXES,
        callback_placeholders=SYNTAXES,
    )

    assert [] == [
        url for url in (longest.dlr, *longest.of_events(call_from(PLAIN).callbacks).values()) if len(url) > 2048
    ]


def test_a_repr_shows_no_token():
    """Whoever has the token could report anything of this call."""
    assert TOKEN not in repr(urls())


def test_braces_arrive_as_braces():
    """In the form they are escaped as anything else, and decode to what the provider looks for."""
    body = encode(to_form(call_from(PLAIN), bridge="", custom="c", reports=urls()))

    assert b"{" not in body
    assert b"%7B%7Bstatus%7D%7D" in body
    assert form_of(call_from(PLAIN)) == dict(parse_qsl(body.decode(), strict_parsing=True))


# Where they go


def test_they_stand_where_a_callers_would():
    """The order of the form is the provider's page's, with the gateway's URLs as without."""
    names = [name for name, _ in to_form(call_from(PLAIN, delay="5s"), bridge="", custom="c", reports=urls())]

    assert ["to", "target", "dlrurl", "callback", "delay", "custom"] == names


def test_a_callers_dlr_url_is_its_own():
    """There is one `dlrurl`, and who sets it has it."""
    form = form_of(call_from(WHOLE))

    assert "https://calls.example.com/r?a={id}&b={{status}}" == form["dlrurl"]


def counts(**events):
    """A call with so many URLs an event."""
    return call_from(PLAIN, callbacks={event: {"urls": [URL] * count} for event, count in events.items() if count})


@pytest.mark.parametrize(
    ("counted", "start", "answer", "end", "ours"),
    [
        pytest.param("per_event", 0, 0, 0, EVENTS, id="per event: no URL"),
        pytest.param("per_event", 9, 9, 9, EVENTS, id="per event: room for one more in each"),
        pytest.param("per_event", 10, 9, 10, ["call_answer"], id="per event: two are full"),
        pytest.param("per_event", 10, 10, 10, [], id="per event: all are full"),
        pytest.param("in_all", 0, 0, 0, EVENTS, id="in all: no URL"),
        pytest.param("in_all", 3, 2, 2, EVENTS, id="in all: room for three"),
        pytest.param("in_all", 4, 2, 2, ["call_answer", "call_end"], id="in all: room for two"),
        pytest.param("in_all", 9, 0, 0, ["call_end"], id="in all: room for one"),
        pytest.param("in_all", 0, 10, 0, [], id="in all: none"),
        pytest.param("in_all", 6, 5, 0, [], id="in all: one more than that"),
        pytest.param("in_all", 10, 10, 10, [], id="in all: many more"),
    ],
)
def test_an_event_with_room_has_ours(counted, start, answer, end, ours):
    """The end of a call tells most, its start least: where room is short, that is the order."""
    callback = callback_of(counts(callStart=start, callAnswer=answer, callEnd=end), urls_counted=counted)

    assert ours == [event for event in EVENTS if TOKEN in "".join(callback.get(event, {"url": []})["url"])]


@settings(deadline=None)
@given(call=valid_calls(NOW), counted=st.sampled_from(["per_event", "in_all"]), data=st.data())
def test_nothing_of_the_callers_is_touched(call, counted, data):
    """Its URLs come first, its profiles stay, no limit is passed because of ours; the sandbox takes every such form."""
    ways = st.lists(st.sampled_from(SYNTAXES), min_size=1, unique=True)
    chosen = {"dlr_placeholders": data.draw(ways), "callback_placeholders": data.draw(ways), "urls_counted": counted}
    ours = urls(**chosen)
    parsed = parse(encode(to_form(call, bridge="", custom="c", reports=ours)))
    plain = to_form(call, bridge="", custom="c")

    assert isinstance(parsed, ParsedForm), parsed
    assert (call.dlr_url or ours.dlr) == parsed.dlrurl
    sent = {event: getattr(parsed.callback, event) for event in EVENTS} if parsed.callback else {}
    for event, told in sent.items():
        own = getattr(call.callbacks, event)
        added = told.urls[len(own.urls) :] if told else ()
        assert ((), ()) == (tuple(own.urls), tuple(own.profile_ids)) or told
        if told:
            assert (tuple(own.urls), tuple(own.profile_ids)) == (told.urls[: len(own.urls)], told.profiles)
            assert added in {(), (ours.of_events(call.callbacks).get(event),)}
            assert len(told.urls) <= 10
    given_urls = sum(len(getattr(call.callbacks, event).urls) for event in EVENTS)
    sent_urls = sum(len(told.urls) for told in sent.values() if told)
    assert counted == "per_event" or sent_urls <= max(10, given_urls)
    others = [(name, value) for name, value in plain if name not in {"dlrurl", "callback"}]
    assert others == [field for field in to_form(call, bridge="", custom="c", reports=ours) if field in others]


# What comes back


def substituted(url, values, syntax):
    """A URL as a provider of one syntax fetches it: as far as it finds its variables."""
    start, _, query = url.partition("?")
    if syntax == "bare":
        pairs = [pair.partition("=") for pair in query.split("&")]
        return f"{start}?" + "&".join(
            f"{name}={quote(values[text], safe='') if text in values else text}" for name, _, text in pairs
        )
    for name, value in values.items():
        query = query.replace(WAYS[syntax][1].format(name), quote(value, safe=""))
    return f"{start}?{query}"


TEXTS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="{}"), min_size=1)
SECONDS = st.integers(0, 30 * 86_400)
VALUES = st.fixed_dictionaries(
    {
        "id": TEXTS.map(lambda text: text[:128]),
        "status": TEXTS.map(lambda text: text[:64]),
        "ringtime": SECONDS.map(str),
        "billsec": SECONDS.map(str),
        "callee": st.from_regex(r"\+?[1-9][0-9]{3,14}", fullmatch=True),
        "caller": TEXTS,
        "bridge": TEXTS,
        "keypress": st.text("0123456789*#abc", min_size=1, max_size=100),
        "credits": st.decimals(0, 1000, places=4).map(str),
        "flow_id": TEXTS,
        "call_type": TEXTS,
    }
).filter(lambda values: not {value.lower() for value in values.values()} & {*VARIABLES})


def meant(kind, values):
    ended = kind in {ReportKind.DLR, ReportKind.END}
    return Report(
        kind=kind,
        received=NOW,
        provider_call_id=values["id"],
        status=values["status"],
        disposition=disposition_of(values["status"]) if ended else DISPOSITION_UNSPECIFIED,
        callee=values["callee"].removeprefix("+"),
        ring_duration=timedelta(seconds=int(values["ringtime"])),
        billed_duration=timedelta(seconds=int(values["billsec"])),
        keypress=values["keypress"],
        credits=values["credits"],
    )


def came_back(url, values, syntax, kind):
    fetched = urlsplit(substituted(url, values, syntax))
    assert not fetched.fragment
    return read_report(kind, parse_qsl(fetched.query, keep_blank_values=True), NOW)


@settings(deadline=None)
@given(
    values=VALUES,
    syntax=st.sampled_from(SYNTAXES),
    others=st.lists(st.sampled_from(SYNTAXES), unique=True),
    kind=st.sampled_from(ReportKind),
)
def test_what_was_substituted_comes_back(values, syntax, others, kind):
    """Whichever way the provider substitutes, if it is among those asked for, its values are read."""
    ways = list(dict.fromkeys([*others, syntax]))
    ours = urls(dlr_placeholders=ways, callback_placeholders=ways)
    url = ours.dlr if kind is ReportKind.DLR else ours.of_events(call_from(PLAIN).callbacks)[kind.value]

    assert meant(kind, values) == came_back(url, values, syntax, kind)


@settings(deadline=None)
@given(values=VALUES)
def test_braces_around_a_substituted_variable_do_no_harm(values):
    """A provider of `{status}` leaves a pair of braces around what was asked for as `{{status}}`."""
    url = urls(dlr_placeholders=["double"]).dlr

    assert meant(ReportKind.DLR, values) == came_back(url, values, "single", ReportKind.DLR)


@pytest.mark.parametrize(
    ("asked", "syntax"),
    [
        pytest.param("double", "bare", id="asked double, of a provider of bare names"),
        pytest.param("single", "bare", id="asked single, of a provider of bare names"),
        pytest.param("bare", "double", id="asked bare, of a provider of double braces"),
        pytest.param("single", "double", id="asked single, of a provider of double braces"),
    ],
)
def test_what_was_not_substituted_comes_back_as_nothing(asked, syntax):
    """The report still came, which proves that the call was accepted."""
    values = dict.fromkeys(VARIABLES, "1")

    report = came_back(urls(dlr_placeholders=[asked]).dlr, values, syntax, ReportKind.DLR)

    assert Report(kind=ReportKind.DLR, received=NOW) == report


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_value_that_is_a_variables_name_is_lost(name, syntax):
    """It cannot be told from a name that nobody substituted."""
    values = dict.fromkeys(VARIABLES, name)

    report = came_back(urls(dlr_placeholders=SYNTAXES).dlr, values, syntax, ReportKind.DLR)

    assert Report(kind=ReportKind.DLR, received=NOW) == report
