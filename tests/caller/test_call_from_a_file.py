"""`kaleyra-gateway call --file`: a field is said once, in either of its two spellings."""

import json

import pytest

CALL = '"call": {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1"}}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            '{"requestId": "file-0001", "request_id": "file-0002", ' + CALL + "}",
            "requestId, as request_id, twice",
            id="an id",
        ),
        pytest.param(
            '{"request_id": "file-0001", "requestId": "file-0001", ' + CALL + "}",
            "request_id, as requestId, twice",
            id="the same id",
        ),
        pytest.param(
            '{"validate_only": true, "validateOnly": null, ' + CALL + "}",
            "validate_only, as validateOnly, twice",
            id="a field and nothing",
        ),
        pytest.param(
            '{"call": {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_1", "flowId": "SG_2"}}}',
            "flow_id, as flowId, twice",
            id="deep in the call",
        ),
        pytest.param(
            '{"call": {"recipients": [{"number": "+13236550107"}], "playlist": {"items": [{"sounds": {"sound_ids": [1]'
            ', "soundIds": [2]}}]}}}',
            "sound_ids, as soundIds, twice",
            id="in a list",
        ),
    ],
)
async def test_a_field_in_both_spellings_is_refused(terminal, text, words):
    """One of the two would be dropped in silence: of an id, the one that a repeat needs."""
    outcome = await terminal.call("--file", "-", typed=text)

    assert (2, "") == (outcome.status, outcome.output)
    assert f"kaleyra-gateway call: -: has {words} in one object" in outcome.errors
    assert () == terminal.sandbox.records


async def test_spellings_may_differ_from_field_to_field(terminal):
    """And the same field may stand in each of several objects."""
    recipients = [{"number": "+13236550107"}, {"number": "+13236550108"}]
    rules = [{"count": 1, "statuses": ["RETRY_STATUS_BUSY"]}, {"count": 2, "statuses": ["RETRY_STATUS_NOANSWER"]}]
    call = {"recipients": recipients, "ivr": {"flowId": "SG_1"}, "retry_rules": {"rules": rules}}
    outcome = await terminal.call("--file", "-", "--json", typed=json.dumps({"requestId": "file-0001", "call": call}))

    assert (0, "file-0001") == (outcome.status, outcome.json["request_id"])
