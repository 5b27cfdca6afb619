"""What is released stays: `buf breaking` guards the wire, this guards the rules, and every name a caller may use."""

import json
from pathlib import Path

from surface import contract
from tightening import taken_from_callers

RELEASED = Path(__file__).parents[2] / "released" / "v1.rules.json"

WAY_OUT = """
Callers who were built on the released contract would break. Leave it as it was, and put what is new into a new field,
value or method. If breaking them is meant: `tools/generate --baseline`, and a paragraph in docs/decisions.md.
"""


def test_nothing_is_taken_from_callers_of_the_released_contract():
    """No message, field, value or RPC is gone or renumbered, and no rule is stricter."""
    released = json.loads(RELEASED.read_text(encoding="utf-8"))

    taken = taken_from_callers(released, contract())

    assert not taken, "\n".join([*taken, WAY_OUT])


def test_the_released_contract_covers_every_kind_of_element():
    """The baseline is not empty: an RPC, an error reason and a rule are in it, as anyone would look them up."""
    released = json.loads(RELEASED.read_text(encoding="utf-8"))

    assert {"is": "value 17"} == released["voicegateway.v1.ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN"]
    assert {
        "is": "rpc (voicegateway.v1.WatchCallsRequest) returns (stream voicegateway.v1.WatchCallsResponse)"
    } == released["voicegateway.v1.OutboundCallService.WatchCalls"]
    assert {
        "is": "repeated voicegateway.v1.Recipient = 1",
        "rules": {"repeated.min_items": 1, "repeated.max_items": 100},
        "refused_when_unset": True,
    } == released["voicegateway.v1.OutboundCallRequest.recipients"]
