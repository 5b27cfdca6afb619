"""Reports over HTTP, whatever way they come, and the record that they make."""

import json

import faults
import pytest
from event_stream import outcome_in_words
from gateway_under_test import TO_A_FLOW
from raw_provider import ACCEPTED, reply
from watched_gateway import ON_SQLITE, ONE, THREE, TWO, to

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, DISPATCH_OUTCOME_UNKNOWN, RESOLUTION_SOURCE_REPORT
from voicegateway.v1.outbound_call_service_pb2 import ListCallsRequest

TOLD = {
    "id": "a-1",
    "callee": ONE,
    "status": "ANSWER",
    "ringtime": "7",
    "billsec": "11",
    "keypress": "1",
    "credits": "0.5",
}


def in_words(call):
    return [outcome_in_words(each) for each in call.recipients]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("kind", "state"),
    [
        pytest.param("call_start", "RINGING", id="call_start"),
        pytest.param("call_answer", "ANSWERED", id="call_answer"),
        pytest.param("call_end", "ENDED ANSWERED", id="call_end"),
        pytest.param("", "ENDED ANSWERED", id="dlrurl"),
    ],
)
async def test_every_kind_by_either_method(watched, method, kind, state):
    """What a report was fetched for says how far the call got; the rest is what it tells."""
    call = await watched.place(to(ONE, TWO))
    status = await watched.report(kind, method=method, **TOLD)
    recorded = await watched.call(call_id=call.call_id)
    outcome = recorded.recipients[0]

    assert 200 == status
    assert [f"...0107 {state}", "...0108 WAITING"] == in_words(recorded)
    assert ("a-1", 1, "ANSWER", "1", "0.5", 7, 11, True) == (
        outcome.provider_call_id,
        outcome.attempts,
        outcome.provider_status,
        outcome.keypress,
        outcome.credits,
        outcome.ring_duration.seconds,
        outcome.billed_duration.seconds,
        outcome.times_estimated,
    )


async def test_a_body_of_json(watched):
    """The same as a form."""
    call = await watched.place()
    url = f"http://{watched.receiver}/reports/{watched.token()}/call_end"
    answer = await watched.http.post(url, content=json.dumps(TOLD), headers={"content-type": "application/json"})

    assert 200 == answer.status_code
    assert ["...0107 ENDED ANSWERED"] == in_words(await watched.call(call_id=call.call_id))


async def test_the_urls_that_the_provider_was_given(watched):
    """It fetches them as they are, with its own values in place of the variables' names, in one syntax of the two."""
    call = await watched.place()
    form = dict(watched.provider.posts[0].form)
    substituted = form["dlrurl"]
    for name, value in TOLD.items():
        substituted = substituted.replace(f"{{{{{name}}}}}", value.replace("+", "%2B"))
    answer = await watched.http.get(substituted.replace("http://127.0.0.1:1", f"http://{watched.receiver}"))
    outcome = (await watched.call(call_id=call.call_id)).recipients[0]

    assert 200 == answer.status_code
    assert ("...0107 ENDED ANSWERED", "a-1", "1") == (
        outcome_in_words(outcome),
        outcome.provider_call_id,
        outcome.keypress,
    )


async def test_a_report_without_a_callee(watched):
    """Of the only recipient, if there is only one; of nobody among several."""
    one = await watched.place()
    await watched.report("call_end", status="BUSY")
    several = await watched.place(to(ONE, TWO))
    await watched.report("call_end", status="BUSY")

    assert ["...0107 ENDED BUSY"] == in_words(await watched.call(call_id=one.call_id))
    assert ["...0107 WAITING", "...0108 WAITING"] == in_words(await watched.call(call_id=several.call_id))


async def test_a_report_about_nobody_of_the_call(watched):
    """It changes no recipient, and still proves that the provider has taken the call."""
    watched.provider.behave(faults.says(b""))
    error = await watched.refused(to(ONE, TWO))
    call_id = error.info.metadata["call_id"]
    before = await watched.call(call_id=call_id)
    status = await watched.report("call_end", callee=THREE, status="BUSY")
    after = await watched.call(call_id=call_id)

    assert (200, DISPATCH_OUTCOME_UNKNOWN, DISPATCH_ACCEPTED) == (status, before.dispatch, after.dispatch)
    assert RESOLUTION_SOURCE_REPORT == after.resolution.source
    assert ["...0107 WAITING", "...0108 WAITING"] == in_words(after)


async def test_a_token_that_nobody_knows(watched):
    """404, and nothing changes."""
    call = await watched.place()
    status = await watched.report("call_end", token="0" * 32, callee=ONE, status="BUSY")

    assert 404 == status
    assert call == await watched.call(call_id=call.call_id)


async def test_each_attempt_of_a_call_has_a_token_and_all_are_good(watched):
    """A late report of the first, which was refused, counts for the call."""
    watched.provider.behave(faults.says(reply({}, 429)))
    await watched.refused(requestId="reminder-8812")
    first = watched.token()
    watched.provider.reply(ACCEPTED)
    call = await watched.place(requestId="reminder-8812")
    second = watched.token()
    statuses = [
        await watched.report("call_start", token=first, callee=ONE, id="a"),
        await watched.report("call_end", token=second, callee=ONE, id="a", status="BUSY"),
    ]

    recorded = await watched.call(call_id=call.call_id)

    assert first != second
    assert [200, 200] == statuses
    assert ["...0107 ENDED BUSY"] == in_words(recorded)
    assert recorded.recipients[0].HasField("start_time")


async def test_tokens_are_nobody_elses(watched):
    """A report about one call says nothing about another to the same number."""
    one, other = await watched.place(), await watched.place()
    await watched.report("call_end", one.call_id, callee=ONE, status="BUSY")

    assert ["...0107 ENDED BUSY"] == in_words(await watched.call(call_id=one.call_id))
    assert ["...0107 WAITING"] == in_words(await watched.call(call_id=other.call_id))


@ON_SQLITE
@pytest.mark.parametrize(
    ("call", "callee"),
    [
        pytest.param(to("+13236550107"), "13236550107", id="without its plus sign"),
        pytest.param(to("+13236550107"), "0013236550107", id="with an international prefix"),
        pytest.param(to("3236550107", prefix="+1"), "+13236550107", id="with the prefix of the request"),
        pytest.param(to("3236550107", prefix="+1"), "3236550107", id="without the prefix of the request"),
    ],
)
async def test_numbers_as_they_may_be_written(watched, call, callee):
    """Whoever is meant is found."""
    placed = await watched.place(call)
    await watched.report("call_end", callee=callee, status="BUSY")

    assert ["...0107 ENDED BUSY"] == in_words(await watched.call(call_id=placed.call_id))


async def test_reads_show_the_recipients(watched):
    """GetCall and ListCalls alike; a call of which nothing is heard shows everybody waiting."""
    heard, unheard = await watched.place(to(ONE, TWO)), await watched.place(TO_A_FLOW)
    await watched.plays(TWO, "ANSWER", call_id=heard.call_id)
    listed = await watched.running.stub.ListCalls(ListCallsRequest())

    assert ["...0107 WAITING", "...0108 ENDED ANSWERED"] == in_words(await watched.call(call_id=heard.call_id))
    assert [["...0107 WAITING"], ["...0107 WAITING", "...0108 ENDED ANSWERED"]] == [
        in_words(call) for call in listed.calls
    ]
    assert [unheard.call_id, heard.call_id] == [call.call_id for call in listed.calls]
    assert [TWO, TWO] == [call.recipients[1].recipient.number for call in (heard, listed.calls[1])]
    assert listed.calls[1].update_time.ToNanoseconds() > heard.update_time.ToNanoseconds()
