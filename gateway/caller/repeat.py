"""What a repeat with the same request_id would do: it is safe whatever the answer was, and not always of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.caller.answer import Answer

TRIES_AGAIN: Final = "nobody was dialed, so it tries again"
WAITS: Final = "it waits for the first attempt, and dials only if that one dialed nobody"
LOOKS_FIRST: Final = "it is told what is recorded, and dials only if nobody was dialed yet"
ONLY_LOOKS: Final = "it sends nothing, and is told what is known by then"
SENDS_NOTHING: Final = "it is a dry run, too, and sends nothing"

WHAT_BY_DISPATCH: Final[Mapping[str, str]] = {
    "DISPATCH_NOT_SENT": TRIES_AGAIN,
    "DISPATCH_SENDING": WAITS,
    "DISPATCH_ACCEPTED": ONLY_LOOKS,
    "DISPATCH_REJECTED": TRIES_AGAIN,
    "DISPATCH_OUTCOME_UNKNOWN": ONLY_LOOKS,
}
"""What a repeat does where the gateway advises it, by what it said of the phones."""


def what_a_repeat_does(answer: Answer) -> str:
    """Says it in words; empty where there is no point in one."""
    if answer.response is not None or answer.did_not_arrive:
        return ""
    if not answer.reason:
        return LOOKS_FIRST
    if answer.reason == "ERROR_REASON_OUTCOME_UNKNOWN":
        return ONLY_LOOKS
    if answer.advice != "RETRY_ADVICE_REPEAT":
        return ""
    return WHAT_BY_DISPATCH.get(answer.dispatch, LOOKS_FIRST)


def call_to_look_up(answer: Answer) -> str:
    """The id of a call that a person should look at; empty where there is none."""
    return answer.facts.get("call_id", "") if answer.advice == "RETRY_ADVICE_LOOK_UP" else ""
