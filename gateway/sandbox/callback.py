"""Where the provider calls back while a call goes on: `callback` and `dlrurl`.

[page] Each event has a list of callback profiles and a list of URLs, which are fetched by GET with parameters such as
`{{caller}}` replaced. [docs] At most 10 of each; whether per event or in all is unknown, so the sandbox counts per
event.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.sandbox.refusal import FieldError
from gateway.sandbox.strict_json import as_list, as_object, as_text, load

MOST_PER_EVENT: Final = 10

_SPACE_OR_CONTROL: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class CallbackEvent:
    """Whom one event is told to."""

    profiles: tuple[str, ...]
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Callback:
    """The three events; None for one that was not sent."""

    call_start: CallbackEvent | None = None
    call_answer: CallbackEvent | None = None
    call_end: CallbackEvent | None = None


def read_callback(text: str) -> Callback:
    """Returns the events of `callback`; raises FieldError."""
    document = as_object(load(text), "a value")
    if not document or document.keys() - {"call_start", "call_answer", "call_end"}:
        raise FieldError("has other events than call_start, call_answer and call_end, or none")
    return Callback(**{event: _event(event, value) for event, value in document.items()})


def read_url(text: str) -> str:
    """Returns an http or https URL as sent; raises FieldError."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and not _SPACE_OR_CONTROL.search(text)
    except ValueError:
        valid = False
    if not valid:
        raise FieldError("has a value that is not an http or https URL")
    return text


def _event(event: str, value: object) -> CallbackEvent:
    document = as_object(value, f"a {event}")
    if document.keys() != {"callback_profile", "url"}:
        raise FieldError(f"has a {event} with other keys than callback_profile and url")
    return CallbackEvent(
        profiles=_texts(document["callback_profile"], f"a callback_profile in {event}"),
        urls=tuple(read_url(each) for each in _texts(document["url"], f"a url in {event}")),
    )


def _texts(value: object, what: str) -> tuple[str, ...]:
    texts = tuple(as_text(each, what) for each in as_list(value, what))
    if len(texts) > MOST_PER_EVENT:
        raise FieldError(f"has {what} with {len(texts)} entries: the most is {MOST_PER_EVENT}")
    return texts
