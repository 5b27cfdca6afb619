"""Any valid call arrives at the provider as it was meant; any invalid one does not leave."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import pytest_asyncio
from gateway_under_test import refusal_of, running_gateway
from google.protobuf.json_format import ParseDict
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from raw_provider import RawProvider
from strategies import valid_calls

from gateway.kaleyra.form import encode, to_form
from gateway.rules import Rules
from gateway.sandbox.form import ParsedForm, parse
from gateway.sandbox.retry import RetryCount, RetryRules
from gateway.sandbox.target import Flow, Message, Sounds
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest, PlaylistItem, Recipient, RetryStatus
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CALL_ID = "01KB5Y4W2M6T9V3C8D1E7F0GHJ"
BRIDGE = "+13236550199"
URL = "https://calls.example.com/"

RULES = Rules([PlaceCallRequest], now=lambda: NOW)

THROUGH_A_SERVER = settings(deadline=None, derandomize=False, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Without shrinking: through a server that takes minutes."""

VALID_TODAY = st.deferred(lambda: valid_calls(datetime.now(UTC)))
"""By the clock of when the tests begin: that may be many minutes after they were collected."""


# Valid


@settings(deadline=None, derandomize=False)
@given(call=valid_calls(NOW))
def test_any_valid_call_reads_back_as_it_was_meant(call):
    """A call that the rules allow renders to a form in which the sandbox's parser finds the same call again."""
    form = parse(encode(to_form(call, bridge=BRIDGE, custom=CALL_ID)))

    assert [] == RULES.violations(PlaceCallRequest(call=call, request_id="test-0000001"))
    assert isinstance(form, ParsedForm), form
    assert () == form.wrapped
    assert as_sent(call) == read_back(form)


def as_sent(call):
    """The call with the gateway's own defaults, and without what is never sent."""
    sent = OutboundCallRequest()
    sent.CopyFrom(call)
    sent.bridge = call.bridge or BRIDGE
    sent.custom = call.custom or CALL_ID
    for recipient in sent.recipients:
        recipient.ClearField("reference")
    if not sent.callbacks.ListFields():
        sent.ClearField("callbacks")
    return sent


def read_back(form):
    """The call that asks for what a form asks for."""
    call = OutboundCallRequest(
        recipients=[Recipient(number=number) for number in form.to],
        prefix=form.prefix,
        bridge=form.bridge,
        schedule_time=form.time,
        dlr_url=form.dlrurl,
        custom=form.custom,
        campaign_name=form.campaign_name,
    )
    for name, seconds in (("delay", form.delay), ("retry_interval", form.interval)):
        if seconds is not None:
            getattr(call, name).FromTimedelta(timedelta(seconds=seconds))
    read_target(form.target, call)
    read_retry(form.retry, call)
    read_timeout(form.timeout, call)
    read_callback(form.callback, call)
    return call


def read_target(items, call):
    for item in items:
        match item:
            case Flow(flow_id):
                call.ivr.flow_id = flow_id
            case Sounds(sound_ids):
                call.playlist.items.add().sounds.sound_ids.extend(sound_ids)
            case Message(text, language, speed):
                spoken = {"text": text, "language": language or "", "speed": speed or ""}
                call.playlist.items.append(PlaylistItem(message=spoken))


def read_retry(retry, call):
    match retry:
        case RetryCount(count):
            call.retry_count = count
        case RetryRules(rules):
            for rule in rules:
                statuses = [RetryStatus.Value(f"RETRY_STATUS_{status.upper()}") for status in rule.statuses]
                call.retry_rules.rules.add(count=rule.count, statuses=statuses)


def read_timeout(timeout, call):
    if timeout is not None and timeout.text.isdigit():
        call.timeout.FromTimedelta(timedelta(seconds=timeout.value))
    elif timeout is not None:
        call.timeout_json = timeout.text


def read_callback(callback, call):
    for name in ("call_start", "call_answer", "call_end"):
        event = getattr(callback, name, None)
        if event is not None:
            targets = getattr(call.callbacks, name)
            targets.profile_ids.extend(event.profiles)
            targets.urls.extend(event.urls)


# Invalid


def playlist(*items):
    return {"playlist": {"items": list(items)}}


def message(**changes):
    return playlist({"message": {"text": "words"} | changes})


def rules(*rules):
    return {"retry_rules": {"rules": list(rules)}}


def told(**targets):
    return {"callbacks": {"call_answer": targets}}


def numbers(*numbers, **more):
    return {"recipients": [{"number": number} for number in numbers], **more}


def times_no_message_can_hold(request):
    request.call.delay.seconds = 2**60


def nanos_no_message_can_hold(request):
    request.call.schedule_time.nanos = -1


def unknown_field(request):
    request.call.MergeFromString(b"\xf8\x07\x01")


def unknown_field_of_a_recipient(request):
    request.call.recipients[0].MergeFromString(b"\xf8\x07\x01")


def no_call(request):
    request.ClearField("call")


def bad_request_id(request):
    request.request_id = "short"


def bad_account(request):
    request.account = "No Account"


BREAKS = [
    pytest.param({"recipients": []}, "call.recipients", id="no recipient"),
    pytest.param(numbers(*(f"+1323655{n:04}" for n in range(101))), "call.recipients", id="101 recipients"),
    pytest.param(numbers("+123"), "call.recipients[0].number", id="a number of 3 digits"),
    pytest.param(numbers("+1234567890123456"), "call.recipients[0].number", id="a number of 16 digits"),
    pytest.param(numbers("+1 323 655 0107"), "call.recipients[0].number", id="a number with spaces"),
    pytest.param(numbers("+13236550107\n"), "call.recipients[0].number", id="a number with a newline after it"),
    pytest.param(numbers("+١٣٢٣٦٥٥٠١٠٧"), "call.recipients[0].number", id="a number in another script's digits"),
    pytest.param(numbers("+13236550107,+13236550108"), "call.recipients[0].number", id="two numbers in one"),
    pytest.param(numbers("+13236550107", "+13236550107"), "call", id="a number twice"),
    pytest.param(
        numbers("+13236550107", "3236550107", prefix="1"), "call", id="a number twice, with and without the prefix"
    ),
    pytest.param(numbers("3236550107", prefix=""), "call", id="a number without a country"),
    pytest.param(
        {"recipients": [{"number": "+13236550107", "reference": "r" * 101}]},
        "call.recipients[0].reference",
        id="a reference of 101 characters",
    ),
    pytest.param(
        {"recipients": [{"number": "+13236550107", "reference": "a\nb"}]},
        "call.recipients[0].reference",
        id="a reference with a newline",
    ),
    pytest.param({"prefix": "12345"}, "call.prefix", id="a prefix of 5 digits"),
    pytest.param({"prefix": "+"}, "call.prefix", id="a prefix without digits"),
    pytest.param({"bridge": "+123"}, "call.bridge", id="a bridge of 3 digits"),
    pytest.param(numbers("+13236550107", prefix="", bridge="3236550100"), "call", id="a bridge without a country"),
    pytest.param({"ivr": None, "playlist": None}, "call.target", id="no target"),
    pytest.param({"ivr": {"flow_id": ""}}, "call.ivr.flow_id", id="a flow without an id"),
    pytest.param({"ivr": {"flow_id": "S" * 65}}, "call.ivr.flow_id", id="a flow id of 65 characters"),
    pytest.param({"ivr": {"flow_id": 'SG"]},'}}, "call.ivr.flow_id", id="a flow id that would break out of the JSON"),
    pytest.param(playlist(), "call.playlist.items", id="an empty playlist"),
    pytest.param(playlist(*[{"sounds": {"sound_ids": [1]}}] * 21), "call.playlist.items", id="21 items"),
    pytest.param(playlist({}), "call.playlist.items[0].item", id="an item that is nothing"),
    pytest.param(playlist({"sounds": {}}), "call.playlist.items[0].sounds.sound_ids", id="no sound"),
    pytest.param(playlist({"sounds": {"sound_ids": [0]}}), "call.playlist.items[0].sounds.sound_ids[0]", id="sound 0"),
    pytest.param(
        playlist({"sounds": {"sound_ids": [13] * 101}}), "call.playlist.items[0].sounds.sound_ids", id="101 sounds"
    ),
    pytest.param(message(text=""), "call.playlist.items[0].message.text", id="an empty text"),
    pytest.param(message(text="x" * 4001), "call.playlist.items[0].message.text", id="a text of 4001 characters"),
    pytest.param(message(text="a\tb"), "call.playlist.items[0].message.text", id="a text with a tab"),
    pytest.param(message(text="a\x85b"), "call.playlist.items[0].message.text", id="a text with a C1 control"),
    pytest.param(message(language="en_US"), "call.playlist.items[0].message.language", id="a language with _"),
    pytest.param(message(speed="Fast"), "call.playlist.items[0].message.speed", id="a speed with a capital"),
    pytest.param(message(speed="x" * 21), "call.playlist.items[0].message.speed", id="a speed of 21 characters"),
    pytest.param({"retry_count": -1}, "call.retry_count", id="-1 retries"),
    pytest.param({"retry_count": 101}, "call.retry_count", id="101 retries"),
    pytest.param(rules(), "call.retry_rules.rules", id="no rule"),
    pytest.param(rules(*[{"count": 1}] * 11), "call.retry_rules.rules", id="11 rules"),
    pytest.param(rules({"count": 0}), "call.retry_rules.rules[0].count", id="a rule for nothing"),
    pytest.param(rules({"count": 101}), "call.retry_rules.rules[0].count", id="a rule for 101 retries"),
    pytest.param(rules({"count": 1, "statuses": [4, 4]}), "call.retry_rules.rules[0].statuses", id="a status twice"),
    pytest.param(rules({"count": 1, "statuses": [0]}), "call.retry_rules.rules[0].statuses[0]", id="status 0"),
    pytest.param(rules({"count": 1, "statuses": [99]}), "call.retry_rules.rules[0].statuses[0]", id="status 99"),
    pytest.param({"retry_interval": "14s"}, "call.retry_interval", id="an interval of 14 s, which would be wrapped"),
    pytest.param({"retry_interval": "61s"}, "call.retry_interval", id="an interval of 61 s, which would be wrapped"),
    pytest.param({"retry_interval": "20.5s"}, "call.retry_interval", id="an interval with a half second"),
    pytest.param({"delay": "-1s"}, "call.delay", id="a delay of -1 s, which would be wrapped"),
    pytest.param({"delay": "901s"}, "call.delay", id="a delay of 901 s, which would be wrapped"),
    pytest.param({"delay": "0.001s"}, "call.delay", id="a delay with milliseconds"),
    pytest.param(times_no_message_can_hold, "call.delay", id="a delay that no Duration can hold"),
    pytest.param({"schedule_time": "2020-01-01T00:00:00Z"}, "call.schedule_time", id="a time that has passed"),
    pytest.param({"schedule_time": "9999-01-01T00:00:00Z"}, "call.schedule_time", id="a time too far ahead"),
    pytest.param({"schedule_time": "2026-11-24T10:00:00.5Z"}, "call.schedule_time", id="a time with a half second"),
    pytest.param(nanos_no_message_can_hold, "call.schedule_time", id="a time that no Timestamp can hold"),
    pytest.param({"timeout": "0s"}, "call.timeout", id="a timeout of nothing"),
    pytest.param({"timeout": "3601s"}, "call.timeout", id="a timeout of more than an hour"),
    pytest.param({"timeout": "1.5s"}, "call.timeout", id="a timeout with a half second"),
    pytest.param({"timeout_json": ""}, "call.timeout_json", id="a JSON timeout that is empty"),
    pytest.param({"timeout_json": "60"}, "call.timeout_json", id="a JSON timeout that is a number"),
    pytest.param({"timeout_json": "[60"}, "call.timeout_json", id="a JSON timeout that is cut"),
    pytest.param({"timeout_json": "[NaN]"}, "call.timeout_json", id="a JSON timeout with NaN"),
    pytest.param({"timeout_json": '["a\tb"]'}, "call.timeout_json", id="a JSON timeout with a bare tab in a text"),
    pytest.param({"timeout_json": "[" * 33 + "]" * 33}, "call.timeout_json", id="a JSON timeout nested 33 deep"),
    pytest.param({"timeout_json": f"[{'6' * 2047}]"}, "call.timeout_json", id="a JSON timeout of 2049 characters"),
    pytest.param({"dlr_url": "ftp://calls.example.com/"}, "call.dlr_url", id="a dlr_url that is not http"),
    pytest.param({"dlr_url": "https://"}, "call.dlr_url", id="a dlr_url without a host"),
    pytest.param({"dlr_url": f"{URL}a b"}, "call.dlr_url", id="a dlr_url with a space"),
    pytest.param({"dlr_url": f"{URL}a\nb"}, "call.dlr_url", id="a dlr_url with a newline"),
    pytest.param({"dlr_url": URL.ljust(2049, "x")}, "call.dlr_url", id="a dlr_url of 2049 characters"),
    pytest.param(told(), "call.callbacks.call_answer", id="a callback to nobody"),
    pytest.param(told(profile_ids=["c"] * 11), "call.callbacks.call_answer.profile_ids", id="11 profiles"),
    pytest.param(told(profile_ids=[""]), "call.callbacks.call_answer.profile_ids[0]", id="a profile without an id"),
    pytest.param(told(urls=[URL] * 11), "call.callbacks.call_answer.urls", id="11 URLs"),
    pytest.param(told(urls=[URL, "//x"]), "call.callbacks.call_answer.urls[1]", id="a callback URL without a scheme"),
    pytest.param({"custom": "x" * 101}, "call.custom", id="a custom of 101 characters"),
    pytest.param({"custom": "é"}, "call.custom", id="a custom that is not ASCII"),
    pytest.param({"custom": "a\nb"}, "call.custom", id="a custom with a newline"),
    pytest.param({"campaign_name": "x" * 101}, "call.campaign_name", id="a campaign_name of 101 characters"),
    pytest.param({"campaign_name": "a\x7fb"}, "call.campaign_name", id="a campaign_name with a control character"),
    pytest.param(unknown_field, "call", id="an unknown field"),
    pytest.param(unknown_field_of_a_recipient, "call.recipients[0]", id="an unknown field of a recipient"),
    pytest.param(no_call, "call", id="no call"),
    pytest.param(bad_request_id, "request_id", id="a request_id that is too short"),
    pytest.param(bad_account, "account", id="an account with a space"),
]
"""One way each to break a request: what to change, and the field that is accused."""


def broken(call, change):
    """A request that is valid but for one change."""
    request = PlaceCallRequest(call=call, request_id="test-0000001")
    if callable(change):
        change(request)
        return request
    for name in change:
        request.call.ClearField(name)
    fields = {name: value for name, value in change.items() if value is not None}
    ParseDict(fields, request.call)
    return request


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def running():
    """One gateway for all examples: starting one for each would take longer than the examples."""
    async with RawProvider.listening() as provider, running_gateway(provider.url, {}) as gateway:
        yield SimpleNamespace(gateway=gateway, provider=provider)


@pytest.mark.parametrize(("change", "field"), BREAKS)
@settings(THROUGH_A_SERVER, max_examples=3)
@given(call=VALID_TODAY)
async def test_an_invalid_call_is_refused_before_a_byte_leaves(running, change, field, call):
    """Whatever else a call says, one broken rule is enough: it is named, and nothing is sent."""
    running.provider.posts.clear()

    error = await refusal_of(running.gateway.stub.PlaceCall(broken(call, change)))

    assert "INVALID_REQUEST" == error.reason
    assert "NOT_SENT" == error.dispatch
    assert field in [accused for accused, _ in error.violations]
    assert [] == running.provider.posts


@settings(THROUGH_A_SERVER, max_examples=20)
@given(call=VALID_TODAY)
async def test_a_valid_call_is_sent_once_as_it_was_rendered(running, call):
    """What arrives at the provider is the form of the call, byte for byte, in one POST."""
    running.provider.posts.clear()

    answer = await running.gateway.stub.PlaceCall(PlaceCallRequest(call=call, request_id=uuid4().hex))

    assert call == answer.call.request
    [post] = running.provider.posts
    assert encode(to_form(call, bridge="", custom=answer.call.call_id)) == post.body
