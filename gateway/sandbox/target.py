"""What the callee hears: the four formats of `target`.

[page] Format 1 is a flow, 2 sounds, 3 text, 4 sounds and text in the order they are played. A flow together with
anything else, or two flows, are in no format.
"""

from dataclasses import dataclass
from typing import TypeAlias

from gateway.sandbox.refusal import FieldError
from gateway.sandbox.strict_json import as_integer, as_list, as_object, as_text, load


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow of the account: `{"ivr": ["SG_..."]}`."""

    flow_id: str


@dataclass(frozen=True, slots=True)
class Sounds:
    """Sounds of the account, in playing order: `{"sound": [13, 34]}`."""

    sound_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A text to speak: `{"message": {"text": ...}}`. What languages and speeds exist is unknown; None when not sent."""

    text: str
    language: str | None = None
    speed: str | None = None


TargetItem: TypeAlias = Flow | Sounds | Message


def read_target(text: str) -> tuple[TargetItem, ...]:
    """Returns the items of `target` in order; raises FieldError."""
    items = tuple(_item(each) for each in as_list(load(text), "a value"))
    if not items:
        raise FieldError("has to have at least one item")
    if len(items) > 1 and any(isinstance(item, Flow) for item in items):
        raise FieldError("has an ivr together with something else")
    return items


def _item(value: object) -> TargetItem:
    item = as_object(value, "an item")
    match list(item):
        case ["ivr"]:
            return _flow(item["ivr"])
        case ["sound"]:
            return _sounds(item["sound"])
        case ["message"]:
            return _message(item["message"])
    raise FieldError("has an item without exactly one of the keys ivr, sound and message")


def _flow(value: object) -> Flow:
    match as_list(value, "an ivr"):
        case [flow_id]:
            return Flow(as_text(flow_id, "a flow id"))
    raise FieldError("has an ivr without exactly one flow id")


def _sounds(value: object) -> Sounds:
    sound_ids = tuple(as_integer(each, "a sound id", least=1) for each in as_list(value, "a sound"))
    if not sound_ids:
        raise FieldError("has a sound without a sound id")
    return Sounds(sound_ids)


def _message(value: object) -> Message:
    message = as_object(value, "a message")
    if unknown := message.keys() - {"text", "language", "speed"}:
        raise FieldError(f"has a message with the unknown key {min(unknown)!r}")
    return Message(
        text=as_text(message.get("text"), "a message text"),
        language=as_text(message["language"], "a message language") if "language" in message else None,
        speed=as_text(message["speed"], "a message speed") if "speed" in message else None,
    )
