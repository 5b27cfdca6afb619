"""From a command line or a file to a request. What the gateway checks is left to the gateway."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.caller.options import Options, UsageError
from voicegateway.v1.outbound_call_pb2 import OutboundCallRequest, SpokenMessage
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest

_MOST_SECONDS: Final = 315_576_000_000  # in a Duration
_MOST_RETRIES: Final = 2**31 - 1

EMPTY_ID: Final = "{} is empty, as of a variable that is not set: give one that is kept for repeats, or none"
"""One that was made up instead would make a repeat of the same command a second call."""


def request_from(options: Options) -> PlaceCallRequest:
    """Builds a request from options.

    Raises:
        UsageError: The options contradict each other.
    """
    if options.flow and options.played:
        raise UsageError(
            "a call is connected to a flow, or plays sounds and messages: give --flow, or --say and --sound"
        )
    call = OutboundCallRequest(prefix=options.prefix or "", bridge=options.bridge or "", custom=options.custom or "")
    for number in options.to:
        call.recipients.add(number=number)
    if options.flow:
        call.ivr.flow_id = options.flow
    _play(call, options.played)
    _time(call, options)
    return PlaceCallRequest(call=call)


def request_from_file(name: str, text: str) -> PlaceCallRequest:
    """Reads a request as JSON, in the proto's names or in camelCase.

    Raises:
        UsageError: It is no PlaceCallRequest; says where.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats)
        if not isinstance(document, dict):
            raise UsageError(f"{name}: is no PlaceCallRequest: must be a JSON object")
        if "" in (document.get("request_id"), document.get("requestId")):
            raise UsageError(EMPTY_ID.format(f"{name}: request_id"))
        return ParseDict(document, PlaceCallRequest())
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}: is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ParseError as error:
        raise UsageError(f"{name}: is no PlaceCallRequest: {error}") from None
    except _RepeatError as error:
        raise UsageError(f"{name}: has {error} twice in one object") from None
    except RecursionError:
        raise UsageError(f"{name}: is nested too deeply") from None
    except ValueError:
        raise UsageError(f"{name}: is not JSON that a request is made of: it holds an endless number") from None


class _RepeatError(Exception):
    """Names a field that one object of a JSON document has twice."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    spellings: dict[str, str] = {}
    for name, _ in pairs:
        field = re.sub("_([a-z0-9])", lambda found: found[1].upper(), name)  # in camelCase, the other spelling
        if field in spellings:
            raise _RepeatError(name if name == spellings[field] else f"{spellings[field]}, as {name},")
        spellings[field] = name
    return dict(pairs)


def read(name: str, standard_input: str | None) -> str:
    """Reads a file's text; `-` is standard input.

    Raises:
        UsageError: It cannot be read.
    """
    if standard_input is not None:
        return standard_input
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name}: is not UTF-8") from None


def timestamp(time: datetime) -> Timestamp:
    """Renders a time that says its offset."""
    value = Timestamp()
    value.FromDatetime(time.astimezone(UTC).replace(tzinfo=None))
    return value


def _play(call: OutboundCallRequest, played: Sequence[tuple[str, str]]) -> None:
    spoken: SpokenMessage | None = None
    for option, value in played:
        if option == "--say":
            spoken = call.playlist.items.add().message
            spoken.text = value
        elif option == "--sound":
            spoken = None
            _add_sound(call, value)
        elif spoken is None:
            raise UsageError(f"{option} belongs to the --say before it, and there is none")
        else:
            setattr(spoken, option.removeprefix("--"), value)


def _add_sound(call: OutboundCallRequest, value: str) -> None:
    """Adds a sound to the list it continues: one after the other is one item."""
    if not (re.fullmatch(r"[0-9]{1,19}", value) and int(value) < 2**63):
        raise UsageError(f"--sound wants the number of a sound, such as 13, not {value!r}")
    items = call.playlist.items
    item = items[-1] if items and items[-1].HasField("sounds") else items.add()
    item.sounds.sound_ids.append(int(value))


def _time(call: OutboundCallRequest, options: Options) -> None:
    if options.delay is not None and options.at is not None:
        raise UsageError("a call starts after --delay or --at a time, not both")
    if options.delay is not None:
        call.delay.seconds = _at_most(_MOST_SECONDS, "--delay", options.delay)
    if options.at is not None:
        call.schedule_time.CopyFrom(timestamp(options.at))
    if options.retry is not None:
        call.retry_count = _at_most(_MOST_RETRIES, "--retry", options.retry)
    if options.interval is not None:
        call.retry_interval.seconds = _at_most(_MOST_SECONDS, "--interval", options.interval)
    if options.timeout is not None:
        call.timeout.seconds = _at_most(_MOST_SECONDS, "--timeout", options.timeout)


def _at_most(most: int, option: str, value: int) -> int:
    """Passes on what the field can hold; whether it makes sense is the gateway's to say."""
    if abs(value) > most:
        raise UsageError(f"{option} wants a number within ±{most}")
    return value
