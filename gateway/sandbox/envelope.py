"""The provider's replies: `{"code", "message", "data", "error"}` in the shapes its page shows.

No HTTP status of any code is documented, so every envelope goes with a 200, the most misleading choice: a caller has to
decide by the code in the body.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from gateway.sandbox.answer import Answer
from gateway.sandbox.form import ParsedForm

MESSAGE_BY_CODE: Final[Mapping[str, str]] = {
    "RBC3007": "Submitted Successfully",
    "RBC201": "API key does not exist",
    "RBC3004": "Invalid Inputs, Validation Error.",
    "RBC3108": "Schedule time has to be 15 min greater from now",
    "RBC3109": "Invalid number",
    "RBC3114": "Sound file(s) not found",
    "RBC3115": "IVR not found",
    "RBC3119": "Bridge number not found",
    "RBC9999": "No such code is on the provider's page",
}

# The fields the page echoes. Of the rest (delay, interval, timeout, callback, custom) no sample shows an echo.
_ECHOED: Final = ("to", "bridge", "time", "prefix", "campaign_name", "dlrurl", "retry")
# The page shows `source` in its one sample with these, and in no other.
_WITH_SOURCE: Final = frozenset({"campaign_name", "dlrurl", "retry", "callback"})


def accepted(form: ParsedForm) -> Answer:
    """Returns RBC3007, with the request's echo; there is no call id in it."""
    return _envelope("RBC3007", _echo(form), {})


def refused(code: str, form: ParsedForm) -> Answer:
    """Returns a refusal that echoes the request: RBC3108, RBC3114, RBC3115 or RBC3119."""
    return _envelope(code, [_echo(form)], {"scalar": MESSAGE_BY_CODE[code]})


def invalid_numbers(numbers: Sequence[str]) -> Answer:
    """Returns RBC3109, naming the bad numbers as they were sent."""
    return _envelope("RBC3109", list(numbers), {"scalar": MESSAGE_BY_CODE["RBC3109"]})


def invalid_inputs(errors: Mapping[str, str], now: datetime) -> Answer:
    """Returns RBC3004, with a text for each bad field."""
    return _envelope("RBC3004", [{"apiStartTime": now.timestamp()}], dict(errors))


def unknown_key() -> Answer:
    """Returns RBC201."""
    return _envelope("RBC201", [], {"error": MESSAGE_BY_CODE["RBC201"]})


def unheard_of() -> Answer:
    """Returns a code that no page explains: more codes exist than the page shows."""
    return _envelope("RBC9999", [], {"scalar": MESSAGE_BY_CODE["RBC9999"]})


def _envelope(code: str, data: object, error: Mapping[str, str]) -> Answer:
    envelope = {"code": code, "message": MESSAGE_BY_CODE[code], "data": data, "error": error}
    return Answer(code, json.dumps(envelope).encode())


def _echo(form: ParsedForm) -> dict[str, object]:
    """Returns the request's echo. Its `retry` is a string with JSON in it, as the page has it; its target is JSON."""
    echo: dict[str, object] = {name: form.fields[name] for name in _ECHOED if name in form.fields}
    echo["target"] = json.loads(form.fields["target"])
    if _WITH_SOURCE & form.fields.keys():
        echo["source"] = "API"
    return echo
