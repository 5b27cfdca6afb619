r"""From a request to the provider's form: pure, one line a field, in the order of the provider's page.

Source: the provider's page "Outbound Calling API", and what facts about it are known: target formats 1 to 4, retry as
a count or as rules, callbacks with both keys, times as `Y-m-d\TH:i:sP`.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote_plus

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.kaleyra.report_urls import EVENTS, ReportUrls
from voicegateway.v1.outbound_call_pb2 import (
    Callbacks,
    CallbackTargets,
    OutboundCallRequest,
    PlaylistItem,
    RetryRule,
    RetryStatus,
)

Form = list[tuple[str, str]]
"""The form's fields, decoded, in the order sent."""

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


def to_form(  # noqa: C901 - one line a field is the point
    call: OutboundCallRequest, *, bridge: str, custom: str, reports: ReportUrls | None = None
) -> Form:
    """Renders a valid request as the provider's form fields.

    Args:
        call: The request, as given.
        bridge: The account's own bridge, for a request that names none; empty for none.
        custom: The reference for a request that names none: the call id.
        reports: The gateway's own URLs, when it listens for reports: beside the caller's, which come first.
    """
    form: Form = [("to", ",".join(recipient.number for recipient in call.recipients))]
    if call.HasField("retry_count"):
        form.append(("retry", str(call.retry_count)))
    if call.HasField("retry_rules"):
        form.append(("retry", _json([_rule(rule) for rule in call.retry_rules.rules])))
    if call.bridge or bridge:
        form.append(("bridge", call.bridge or bridge))
    if call.prefix:
        form.append(("prefix", call.prefix))
    form.append(("target", _json(_target(call))))
    if dlr_url := call.dlr_url or (reports.dlr if reports else ""):
        form.append(("dlrurl", dlr_url))
    if call.HasField("schedule_time"):
        form.append(("time", _time(call.schedule_time)))
    if call.HasField("timeout"):
        form.append(("timeout", str(call.timeout.seconds)))
    if call.HasField("timeout_json"):
        form.append(("timeout", call.timeout_json))
    if callback := _callback(call.callbacks, reports.of_events(call.callbacks) if reports else {}):
        form.append(("callback", _json(callback)))
    if call.HasField("delay"):
        form.append(("delay", str(call.delay.seconds)))
    form.append(("custom", call.custom or custom))
    if call.HasField("retry_interval"):
        form.append(("interval", str(call.retry_interval.seconds)))
    if call.campaign_name:
        form.append(("campaign_name", call.campaign_name))
    return form


def encode(form: Form) -> bytes:
    """Encodes a form as UTF-8; `+` becomes `%2B`, since a bare one would arrive as a space."""
    return "&".join(f"{name}={_escaped(value)}" for name, value in form).encode("ascii")


def _escaped(text: str) -> str:
    """Escapes a text as urllib does, several times as fast: through a table in C, a long one character by character."""
    if len(text) < _LONG or not text.isascii():
        return text.encode().decode("latin-1").translate(_ESCAPE_BY_BYTE)
    for character, escape in _ESCAPES:
        if character in text:
            text = text.replace(character, escape)
    return text


_LONG: Final = 100
"""From here on, a few passes over a text cost less than a look into the table for each of its characters."""

_ESCAPE_BY_BYTE: Final = {byte: quote_plus(bytes([byte])) for byte in range(256)}
_ESCAPES: Final = [
    (character, _ESCAPE_BY_BYTE[ord(character)])
    for character in dict.fromkeys("%+" + "".join(map(chr, range(0x80))))
    if _ESCAPE_BY_BYTE[ord(character)] != character
]
"""The same for ASCII: `%` and `+` first, since they are what others become."""


def _target(call: OutboundCallRequest) -> list[dict[str, Any]]:
    if call.WhichOneof("target") == "ivr":
        return [{"ivr": [call.ivr.flow_id]}]
    return [_item(item) for item in call.playlist.items]


def _item(item: PlaylistItem) -> dict[str, Any]:
    if item.WhichOneof("item") == "sounds":
        return {"sound": list(item.sounds.sound_ids)}
    message = item.message
    spoken = {"text": message.text, "language": message.language, "speed": message.speed}
    return {"message": {name: value for name, value in spoken.items() if value}}


def _rule(rule: RetryRule) -> dict[str, Any]:
    statuses = [RetryStatus.Name(status).removeprefix("RETRY_STATUS_").lower() for status in rule.statuses]
    return {"count": rule.count, "status": statuses}


def _callback(callbacks: Callbacks, ours: Mapping[str, str]) -> dict[str, Any]:
    """The events keep the provider's names, which are ours."""
    named = {event for event in EVENTS if event in ours or callbacks.HasField(event)}
    return {event: _targets(getattr(callbacks, event), ours.get(event)) for event in EVENTS if event in named}


def _targets(targets: CallbackTargets, ours: str | None) -> dict[str, list[str]]:
    return {"callback_profile": list(targets.profile_ids), "url": [*targets.urls, *([ours] if ours else [])]}


def _time(time: Timestamp) -> str:
    return time.ToDatetime(UTC).isoformat(timespec="seconds")


_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
