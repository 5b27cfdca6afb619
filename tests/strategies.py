"""Hypothesis strategies over the whole contract: any call that its rules allow."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from gateway.kaleyra.numbers import readings
from gateway.rules import SCHEDULE_WINDOW
from voicegateway.v1.outbound_call_pb2 import (
    Callbacks,
    CallbackTargets,
    Ivr,
    OutboundCallRequest,
    Playlist,
    PlaylistItem,
    Recipient,
    RetryRule,
    RetryRules,
    RetryStatus,
    SoundList,
    SpokenMessage,
)

_MARGIN = timedelta(minutes=5)
"""Keeps a drawn schedule_time valid while a test runs."""

_DIGITS = "0123456789"
_ANY_CHARACTER = st.sampled_from(' "\\&+%=;,{}\u2028\xa0') | st.characters(codec="utf-8", exclude_categories=("Cc",))
"""Any but control characters; often one that JSON, forms or careless code would change."""

_SLUG = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
_STATUSES = [status for status in RetryStatus.values() if status]


def valid_calls(now: datetime) -> st.SearchStrategy[OutboundCallRequest]:
    """Draws any call that the contract allows at a time: every field, at every limit, in every combination."""
    return st.builds(
        _call,
        st.booleans().flatmap(_numbering),
        st.fixed_dictionaries({}, optional=_options(now)),
        _targets(),
    )


def line(limit: int, least: int = 0) -> st.SearchStrategy[str]:
    """Draws any text without control characters."""
    return st.text(_ANY_CHARACTER, min_size=least, max_size=limit)


def urls() -> st.SearchStrategy[str]:
    """Draws http and https URLs with anything in their paths, up to the longest."""
    rest = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40)
    plain = st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "HTTPS", "hTTp"]),
        st.sampled_from(
            ["calls.example.com", "localhost", "192.0.2.1", "[2001:db8::1]", "me@a-b.example", "1.example"]
        ),
        st.sampled_from(["", ":8080"]),
        st.sampled_from(["", "/", "/r?a={id}&b={{status}}", "?", "#"]) | rest.map("/{}".format),
    )
    return plain | plain.map(lambda url: f"{url}/".ljust(2048, "x"))


def json_texts() -> st.SearchStrategy[str]:
    """Draws JSON arrays and objects of at most 2048 characters, however they are written."""
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | line(20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(line(8), inner, max_size=4),
        max_leaves=8,
    )
    written = st.builds(
        lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent),
        st.lists(values, max_size=4) | st.dictionaries(line(8), values, max_size=4),
        st.booleans(),
        st.sampled_from([None, 1, "\t"]),
    )
    deepest = st.just("[" * 32 + "]" * 32)
    longest = st.just("[60".ljust(2047) + "]")
    return written.filter(lambda text: len(text) <= 2048) | deepest | longest


def _call(numbers: dict[str, Any], options: dict[str, Any], target: dict[str, Any]) -> OutboundCallRequest:
    for oneof in ("retry", "start", "timeout_setting"):
        options |= options.pop(oneof, {})
    return OutboundCallRequest(**numbers, **options, **target)


@st.composite
def _numbering(draw: st.DrawFn, with_prefix: bool) -> dict[str, Any]:
    """Draws recipients, prefix and bridge that fit each other."""
    prefix = draw(st.from_regex(r"\+?[0-9]{1,4}", fullmatch=True)) if with_prefix else ""
    number = _number(prefix)
    numbers = draw(st.lists(number, min_size=1, max_size=5) | st.just([f"+1323655{n:04}" for n in range(100)]))
    references = draw(st.lists(line(100), min_size=len(numbers), max_size=len(numbers)) | st.just([""] * len(numbers)))
    recipients = [
        Recipient(number=each, reference=reference)
        for each, reference in zip(_each_once(numbers, prefix), references, strict=False)
    ]
    return {"recipients": recipients, "prefix": prefix, "bridge": draw(st.just("") | number)}


def _number(prefix: str) -> st.SearchStrategy[str]:
    digits = st.text(_DIGITS, min_size=4, max_size=15)
    if not prefix:
        return digits.map("+{}".format)
    country = prefix.removeprefix("+")
    beginning_with_it = st.text(_DIGITS, min_size=4, max_size=15 - len(country)).map(lambda rest: country + rest)
    return digits | digits.map("+{}".format) | beginning_with_it


def _each_once(numbers: list[str], prefix: str) -> list[str]:
    """Leaves out every number that could ring the same phone as one before it."""
    taken: set[str] = set()
    kept = []
    for number in numbers:
        phones = readings(number, prefix) | {number.removeprefix("+")}
        if not phones & taken:
            taken |= phones
            kept.append(number)
    return kept


def _options(now: datetime) -> dict[str, st.SearchStrategy[Any]]:
    earliest, latest = now + SCHEDULE_WINDOW[0] + _MARGIN, now + SCHEDULE_WINDOW[1] - _MARGIN
    schedule = st.datetimes(earliest.replace(tzinfo=None), latest.replace(tzinfo=None), timezones=st.just(UTC))
    return {
        "retry": _one_of(
            retry_count=st.integers(0, 100),
            retry_rules=st.lists(_rules(), min_size=1, max_size=10).map(lambda rules: RetryRules(rules=rules)),
        ),
        "retry_interval": _seconds(15, 60),
        "start": _one_of(
            delay=_seconds(0, 900),
            schedule_time=schedule.map(lambda time: time.replace(microsecond=0)),
        ),
        "timeout_setting": _one_of(timeout=_seconds(1, 3600), timeout_json=json_texts()),
        "dlr_url": urls(),
        "callbacks": st.builds(Callbacks, **dict.fromkeys(("call_start", "call_answer", "call_end"), _event())),
        "custom": st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=100),
        "campaign_name": line(100),
    }


def _one_of(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draws one field of a oneof, by its name."""
    return st.one_of(*(st.fixed_dictionaries({name: strategy}) for name, strategy in strategies.items()))


def _seconds(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda seconds: timedelta(seconds=seconds))


def _rules() -> st.SearchStrategy[RetryRule]:
    statuses = st.lists(st.sampled_from(_STATUSES), unique=True)
    return st.builds(RetryRule, count=st.integers(1, 100), statuses=statuses)


def _event() -> st.SearchStrategy[CallbackTargets | None]:
    profiles, addresses = st.lists(_SLUG, max_size=10), st.lists(urls(), max_size=10)
    targets = st.builds(CallbackTargets, profile_ids=profiles, urls=addresses)
    return st.none() | targets.filter(lambda event: event.profile_ids or event.urls)


def _targets() -> st.SearchStrategy[dict[str, Any]]:
    sounds = st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=100)
    item = _one_of(sounds=st.builds(SoundList, sound_ids=sounds), message=_messages())
    items = st.lists(item.map(lambda fields: PlaylistItem(**fields)), min_size=1, max_size=20)
    return _one_of(ivr=st.builds(Ivr, flow_id=_SLUG), playlist=st.builds(Playlist, items=items))


def _messages() -> st.SearchStrategy[SpokenMessage]:
    short = st.text(_ANY_CHARACTER | st.just("\n"), min_size=1, max_size=60)
    return st.builds(
        SpokenMessage,
        text=short | short.map(lambda text: (text * 4000)[:4000]),
        language=st.just("") | st.from_regex(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", fullmatch=True),
        speed=st.from_regex(r"[a-z-]{0,20}", fullmatch=True),
    )
