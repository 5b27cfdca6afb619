"""The one table of magic values: what a caller sends to see the provider, or a phone, do what seldom happens.

docs/sandbox.md has the same table for people.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, TypeAlias

from gateway.sandbox import envelope
from gateway.sandbox.answer import LATE_SECONDS, Answer, Delivery
from gateway.sandbox.behaviour import ANSWER, LATE_REPORT_SECONDS, ORDINARY, Behaviour, Reporting
from gateway.sandbox.form import ParsedForm
from gateway.sandbox.phone import international
from gateway.sandbox.target import Flow, Sounds

AnswerMaker: TypeAlias = Callable[[ParsedForm, datetime], Answer]


class Rings(Enum):
    """Whose phone would have rung, which an answer does not always tell."""

    NOBODY = "nobody"
    EVERYONE = "everyone"
    OTHERS = "the others"


@dataclass(frozen=True, slots=True)
class Magic:
    """A value out of the ordinary: where in a request it works, and what comes of it.

    The answer is to the whole request, the behaviour that of the one phone.
    """

    place: str
    value: str
    about: str
    rings: Rings
    answer: AnswerMaker
    behaviour: Behaviour = ORDINARY


def _refused(code: str) -> AnswerMaker:
    return lambda form, _: envelope.refused(code, form)


def _http(status: int, text: str, **headers: str) -> AnswerMaker:
    return lambda *_: Answer(f"HTTP {status}", text.encode(), status, "text/plain", headers)


def _accepted(verdict: str, delivery: Delivery) -> AnswerMaker:
    return lambda form, _: replace(envelope.accepted(form), verdict=verdict, delivery=delivery)


def _unknown_key(*_: object) -> Answer:
    return envelope.unknown_key()


def _invalid_input(_: ParsedForm, now: datetime) -> Answer:
    return envelope.invalid_inputs({"to": "to field has a magic number"}, now)


def _invalid_numbers(form: ParsedForm, _: datetime) -> Answer:
    return envelope.invalid_numbers([number for number in form.to if not is_valid(number, form.prefix)])


def _unheard_of(*_: object) -> Answer:
    return envelope.unheard_of()


def _html(*_: object) -> Answer:
    return Answer("HTML page", b"<!DOCTYPE html>\n<title>Welcome</title>\n<h1>It works!</h1>\n", media_type="text/html")


def _truncated(form: ParsedForm, _: datetime) -> Answer:
    whole = envelope.accepted(form).body
    return Answer("truncated JSON", whole[: len(whole) // 2])


def _empty(*_: object) -> Answer:
    return Answer("empty body")


def _phone(value: str, about: str, *statuses: str, reporting: Reporting = Reporting.ONCE, keypress: str = "") -> Magic:
    behaviour = Behaviour(statuses or ORDINARY.statuses, keypress, reporting)
    return Magic("recipient", value, about, Rings.EVERYONE, _accepted("RBC3007", Delivery.WHOLE), behaviour)


# Of several magic values in one request, the one highest in the table decides about its answer.
MAGIC: Final = (
    Magic("bridge", "+13236550199", "RBC3119 Bridge number not found", Rings.NOBODY, _refused("RBC3119")),
    Magic("flow", "SG_missing", "RBC3115 IVR not found", Rings.NOBODY, _refused("RBC3115")),
    Magic("sound", "404", "RBC3114 Sound file(s) not found", Rings.NOBODY, _refused("RBC3114")),
    Magic("recipient", "+13236550120", "RBC201 API key does not exist", Rings.NOBODY, _unknown_key),
    Magic("recipient", "+13236550121", "RBC3004 Validation Error, on `to`", Rings.NOBODY, _invalid_input),
    Magic("recipient", "+13236550122", "RBC3108 Schedule time", Rings.NOBODY, _refused("RBC3108")),
    Magic("recipient", "+13236550123", "RBC3109 Invalid number", Rings.NOBODY, _invalid_numbers),
    Magic("recipient", "+13236550124", "RBC3109 Invalid number", Rings.OTHERS, _invalid_numbers),
    Magic("recipient", "+13236550125", "RBC3114 Sound file(s) not found", Rings.NOBODY, _refused("RBC3114")),
    Magic("recipient", "+13236550126", "RBC3115 IVR not found", Rings.NOBODY, _refused("RBC3115")),
    Magic("recipient", "+13236550127", "RBC3119 Bridge number not found", Rings.NOBODY, _refused("RBC3119")),
    Magic("recipient", "+13236550128", "RBC9999, a code on no page", Rings.NOBODY, _unheard_of),
    Magic("recipient", "+13236550130", "HTTP 401, no envelope", Rings.NOBODY, _http(401, "Unauthorized")),
    Magic("recipient", "+13236550131", "HTTP 403, no envelope", Rings.NOBODY, _http(403, "Forbidden")),
    Magic("recipient", "+13236550132", "HTTP 404, no envelope", Rings.NOBODY, _http(404, "Not Found")),
    Magic(
        "recipient",
        "+13236550133",
        "HTTP 429, no envelope, `Retry-After: 2`",
        Rings.NOBODY,
        _http(429, "Too Many Requests", **{"Retry-After": "2"}),
    ),
    Magic("recipient", "+13236550134", "HTTP 500, no envelope", Rings.EVERYONE, _http(500, "Internal Server Error")),
    Magic("recipient", "+13236550135", "HTTP 503, no envelope", Rings.NOBODY, _http(503, "Service Unavailable")),
    Magic(
        "recipient",
        "+13236550136",
        "HTTP 302, no envelope, to another URL",
        Rings.NOBODY,
        _http(302, "Found", Location="/requests"),
    ),
    Magic("recipient", "+13236550137", "HTTP 400, no envelope", Rings.NOBODY, _http(400, "Bad Request")),
    Magic("recipient", "+13236550140", "HTTP 200 with an HTML page", Rings.NOBODY, _html),
    Magic("recipient", "+13236550141", "HTTP 200 with the first half of RBC3007", Rings.EVERYONE, _truncated),
    Magic("recipient", "+13236550142", "HTTP 200 with an empty body", Rings.EVERYONE, _empty),
    Magic(
        "recipient",
        "+13236550150",
        "no answer, until the client leaves",
        Rings.EVERYONE,
        _accepted("no answer", Delivery.NEVER),
    ),
    Magic(
        "recipient",
        "+13236550151",
        f"RBC3007, after {LATE_SECONDS:g} seconds",
        Rings.EVERYONE,
        _accepted("RBC3007", Delivery.LATE),
    ),
    Magic(
        "recipient",
        "+13236550152",
        "RBC3007, cut off in the middle: less than its content-length",
        Rings.EVERYONE,
        _accepted("half an answer", Delivery.HALF),
    ),
    Magic(
        "recipient",
        "+13236550153",
        "connection reset, after the request was read",
        Rings.EVERYONE,
        _accepted("connection reset", Delivery.RESET),
    ),
    _phone("+13236550160", "busy: BUSY", "BUSY"),
    _phone("+13236550161", "busy at first, then answered: BUSY, ANSWER", "BUSY", ANSWER),
    _phone("+13236550162", "not answered: NOANSWER", "NOANSWER"),
    _phone("+13236550163", "rejected: REJECTED", "REJECTED"),
    _phone("+13236550164", "unreachable: CHANUNAVAIL", "CHANUNAVAIL"),
    Magic(
        "recipient",
        "+13236550165",
        "not dialed, since the flow is paused: FLOW_PAUSED",
        Rings.OTHERS,
        _accepted("RBC3007", Delivery.WHOLE),
        Behaviour(("FLOW_PAUSED",), dialed=False),
    ),
    _phone("+13236550166", "answered, and key 1 is pressed", keypress="1"),
    _phone("+13236550167", "a status on no page: UNHEARD_OF", "UNHEARD_OF"),
    _phone("+13236550168", "failed: FAILED", "FAILED"),
    _phone("+13236550170", "answered; each report twice", reporting=Reporting.TWICE),
    _phone("+13236550171", "answered; reports at the end, the last first", reporting=Reporting.BACKWARDS),
    _phone("+13236550172", f"answered; reports {LATE_REPORT_SECONDS} seconds late", reporting=Reporting.LATE),
    _phone("+13236550173", "answered; no report at all", reporting=Reporting.NEVER),
    _phone("+13236550174", "answered; reports with an empty `id`", reporting=Reporting.WITHOUT_ID),
    _phone("+13236550175", "congestion: CONGESTION", "CONGESTION"),
    _phone("+13236550176", "answered; a report to `dlrurl` only", reporting=Reporting.DLR_ONLY),
    _phone("+13236550177", "answered; reports to `callback` only", reporting=Reporting.CALLBACK_ONLY),
)

_INVALID: Final = frozenset(magic.value for magic in MAGIC if magic.answer is _invalid_numbers)
_BEHAVIOURS: Final = {magic.value: magic.behaviour for magic in MAGIC if magic.place == "recipient"}


def is_valid(number: str, prefix: str | None) -> bool:
    """Tells whether a recipient is none of the numbers that RBC3109 names."""
    return international(number, prefix) not in _INVALID


def behaviour_of(number: str) -> Behaviour:
    """Returns what the phone with this number, country code and all, does."""
    return _BEHAVIOURS.get(number, ORDINARY)


def magic_of(form: ParsedForm) -> Magic | None:
    """Returns the row of the table that decides about a request; None for an ordinary one."""
    values = _values(form)
    return next((magic for magic in MAGIC if (magic.place, magic.value) in values), None)


def _values(form: ParsedForm) -> set[tuple[str, str]]:
    values = {("recipient", international(number, form.prefix)) for number in form.to}
    if form.bridge is not None:
        values.add(("bridge", international(form.bridge, form.prefix)))
    for item in form.target:
        match item:
            case Flow(flow_id):
                values.add(("flow", flow_id))
            case Sounds(sound_ids):
                values.update(("sound", str(sound_id)) for sound_id in sound_ids)
    return values
