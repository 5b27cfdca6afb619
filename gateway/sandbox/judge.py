"""Decides what the provider would answer to a request, and whose phones would ring.

In which order the provider looks for mistakes is unknown. Here it is: account, key, size, content type, fields, time,
magic values. Also unknown is what it says to a wrong SID (HTTP 404, as for any wrong URL) and to a wrong content type
(RBC3004).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.sandbox import envelope
from gateway.sandbox.answer import Answer
from gateway.sandbox.form import InvalidForm, ParsedForm, Wrapped, parse
from gateway.sandbox.magic import Rings, behaviour_of, is_valid, magic_of
from gateway.sandbox.phone import international
from gateway.sandbox.timing import is_in_window

_FORM: Final = "application/x-www-form-urlencoded"
_NO_ACCOUNT: Final = Answer("HTTP 404", b"Not Found", 404, "text/plain")
_TOO_LARGE: Final = Answer("HTTP 413", b"Content Too Large", 413, "text/plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as it came in. Of its key, only whether it is one of the account's; `body` is None if too large."""

    sid: str
    sid_known: bool
    key_valid: bool
    content_type: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a request gets, and what was understood of it: fields as sent, errors, what was wrapped, who rang.

    `form` is what it asks for, when that is sound. `called` are the phones that something comes of: those that rang,
    and those that the provider accepted and then did not dial.
    """

    answer: Answer
    fields: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    wrapped: tuple[Wrapped, ...] = ()
    rang: tuple[str, ...] = ()
    form: ParsedForm | None = None
    called: tuple[str, ...] = ()


def judge(arrival: Arrival, now: datetime) -> Judgement:
    """Judges a request that arrived at `now`; a refused one still shows the fields it had, where they can be read."""
    if not arrival.sid_known:
        return Judgement(_NO_ACCOUNT, _fields(arrival))
    if not arrival.key_valid:
        return Judgement(envelope.unknown_key(), _fields(arrival))
    if arrival.body is None:
        return Judgement(_TOO_LARGE)
    if not _is_form(arrival.content_type):
        return _invalid({"Content-Type": f"Content-Type header has to be {_FORM}"}, {}, now)
    match parse(arrival.body):
        case InvalidForm(errors, fields):
            return _invalid(errors, fields, now)
        case form:
            return _judge_form(form, now)


def _judge_form(form: ParsedForm, now: datetime) -> Judgement:
    if form.time is not None and not is_in_window(form.time, now):
        return Judgement(envelope.refused("RBC3108", form), form.fields, wrapped=form.wrapped)
    magic = magic_of(form)
    answer = envelope.accepted(form) if magic is None else magic.answer(form, now)
    called = () if magic is not None and magic.rings is Rings.NOBODY else _valid(form)
    rang = tuple(number for number in called if behaviour_of(number).dialed)
    return Judgement(answer, form.fields, wrapped=form.wrapped, rang=rang, form=form, called=called)


def _valid(form: ParsedForm) -> tuple[str, ...]:
    return tuple(international(number, form.prefix) for number in form.to if is_valid(number, form.prefix))


def _invalid(errors: Mapping[str, str], fields: Mapping[str, str], now: datetime) -> Judgement:
    return Judgement(envelope.invalid_inputs(errors, now), fields, errors)


def _fields(arrival: Arrival) -> Mapping[str, str]:
    return parse(arrival.body).fields if arrival.body else {}


def _is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == _FORM
