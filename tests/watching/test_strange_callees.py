"""Reports that tell a callee which is no number: they prove that the call was accepted, and are about nobody."""

import faults
import pytest
from event_stream import outcome_in_words
from watched_gateway import to

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED


@pytest.mark.parametrize(
    "callee",
    [
        pytest.param("sip:agent7@pbx.example", id="an address"),
        pytest.param("anonymous", id="a word"),
        pytest.param("13236550198,13236550199", id="two numbers"),
        pytest.param("13236550199", id="somebody else's number"),
    ],
)
async def test_the_only_recipient_is_not_taken_for_somebody_else(watched, callee):
    """Only where no callee was told at all, a report is about the only recipient."""
    watched.provider.behave(faults.says(b""))
    error = await watched.refused(to("+13236550107"))
    status = await watched.report("call_end", callee=callee, status="BUSY")
    call = await watched.call(call_id=error.info.metadata["call_id"])

    assert (200, DISPATCH_ACCEPTED) == (status, call.dispatch)
    assert ["...0107 WAITING"] == [outcome_in_words(each) for each in call.recipients]
