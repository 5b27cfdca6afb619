"""Reads a request's form as strictly as the provider's page allows, or says field by field what is wrong with it.

A pure function of the bytes: what depends on a clock, an account or the magic numbers comes after it. A field the page
does not have is refused (`retry_count` in the page's sample is a slip), and so are a field sent twice and an empty one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from gateway.sandbox.callback import Callback, read_callback, read_url
from gateway.sandbox.phone import check_country_code, check_unique, read_number, read_prefix, read_recipients
from gateway.sandbox.refusal import FieldError
from gateway.sandbox.retry import Retry, read_retry
from gateway.sandbox.target import TargetItem, read_target
from gateway.sandbox.timing import (
    DELAY_SECONDS,
    INTERVAL_SECONDS,
    Timeout,
    read_seconds,
    read_time,
    read_timeout,
)
from gateway.sandbox.urlencoded import Pair, decode

FIELDS: Final = (
    "to",
    "retry",
    "bridge",
    "prefix",
    "target",
    "dlrurl",
    "time",
    "timeout",
    "callback",
    "delay",
    "custom",
    "interval",
    "campaign_name",
)
LONGEST_CUSTOM: Final = 100

# Here a plus sign is part of the value, so an unescaped one, which decodes to a space, is the caller's classic mistake.
_FIELDS_WITH_PLUS: Final = frozenset({"to", "bridge", "prefix", "time"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A value out of range that the provider replaced, without a word, by the nearer bound."""

    field: str
    given: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedForm:
    """Everything a request asks for; None for a field that was not sent.

    Numbers are as sent, `delay` and `interval` in seconds and after wrapping, `time` aware with the offset sent.
    `fields`, each field's decoded text in the order sent, takes no part in comparisons: two spellings of one request
    are equal.
    """

    to: tuple[str, ...]
    target: tuple[TargetItem, ...]
    retry: Retry | None = None
    bridge: str | None = None
    prefix: str | None = None
    dlrurl: str | None = None
    time: datetime | None = None
    timeout: Timeout | None = None
    callback: Callback | None = None
    delay: int | None = None
    custom: str | None = None
    interval: int | None = None
    campaign_name: str | None = None
    wrapped: tuple[Wrapped, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class InvalidForm:
    """A form that is refused: why, a text for each field, and what could be decoded of it.

    The key `body` stands for the encoding as a whole. Of a field sent twice, `fields` has the first.
    """

    errors: Mapping[str, str]
    fields: Mapping[str, str]


def parse(body: bytes) -> ParsedForm | InvalidForm:
    """Reads a request's body."""
    try:
        reading = _Reading(decode(body))
    except FieldError as exc:
        return InvalidForm({"body": f"body {exc}"}, {})
    form = ParsedForm(
        to=reading.required("to", read_recipients, ()),
        retry=reading.optional("retry", read_retry),
        bridge=reading.optional("bridge", read_number),
        prefix=reading.optional("prefix", read_prefix),
        target=reading.required("target", read_target, ()),
        dlrurl=reading.optional("dlrurl", read_url),
        time=reading.optional("time", read_time),
        timeout=reading.optional("timeout", read_timeout),
        callback=reading.optional("callback", read_callback),
        delay=reading.wrapping("delay", DELAY_SECONDS),
        custom=reading.optional("custom", _read_custom),
        interval=reading.wrapping("interval", INTERVAL_SECONDS),
        campaign_name=reading.optional("campaign_name", str),
        wrapped=tuple(reading.wrapped),
        fields=reading.fields,
    )
    _check_numbers(form, reading)
    return InvalidForm(reading.errors, reading.fields) if reading.errors else form


class _Reading:
    """The fields of one form, while they are read; gathers what is wrong with them."""

    def __init__(self, pairs: tuple[Pair, ...]) -> None:
        self.fields: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.wrapped: list[Wrapped] = []
        self._raw = {pair.name: pair.raw_value for pair in pairs}
        for pair in pairs:
            if pair.name in self.fields:
                self.refuse(pair.name, "is sent more than once")
            elif pair.name not in FIELDS:
                self.refuse(pair.name, "is unknown")
            self.fields.setdefault(pair.name, pair.value)

    def refuse(self, name: str, why: object) -> None:
        """Notes what is wrong with a field; the first finding stands."""
        self.errors.setdefault(name, f"{name} field {why}")

    def required(self, name: str, read: Callable[[str], T], blank: T) -> T:
        """Returns what a mandatory field says, or `blank` and a refusal."""
        if name not in self.fields:
            self.refuse(name, "has to be filled")
        value = self.optional(name, read)
        return blank if value is None else value

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Returns what a field says; None if it was not sent, and with a refusal if it cannot be read."""
        if name not in self.fields:
            return None
        try:
            self._check_text(name)
            return read(self.fields[name])
        except FieldError as exc:
            self.refuse(name, exc)
            return None

    def wrapping(self, name: str, bounds: tuple[int, int]) -> int | None:
        """Returns what a field of seconds comes to between its bounds, and notes a value that was wrapped."""
        given = self.optional(name, read_seconds)
        if given is None:
            return None
        least, most = bounds
        used = min(max(given, least), most)
        if used != given:
            self.wrapped.append(Wrapped(name, given, used))
        return used

    def _check_text(self, name: str) -> None:
        if not self.fields[name]:
            raise FieldError("has to be filled")
        if name in _FIELDS_WITH_PLUS and "+" in self._raw[name]:
            raise FieldError("has a plus sign that was not sent as %2B, so it was read as a space")


def _read_custom(text: str) -> str:
    if len(text) > LONGEST_CUSTOM:
        raise FieldError(f"has {len(text)} characters: the most is {LONGEST_CUSTOM}")
    return text


def _check_numbers(form: ParsedForm, reading: _Reading) -> None:
    """Checks what `to` and `bridge` owe to `prefix`, unless the prefix itself could not be read."""
    if "prefix" in reading.errors:
        return
    numbers_by_field = {"to": form.to, "bridge": (form.bridge,) if form.bridge else ()}
    for name, numbers in numbers_by_field.items():
        try:
            check_country_code(numbers, form.prefix)
            check_unique(numbers, form.prefix)
        except FieldError as exc:
            reading.refuse(name, exc)
