"""A stream about one call: all that became of it, in order, whenever somebody begins to watch."""

import faults
import pytest
from event_stream import story
from google.protobuf.json_format import ParseDict
from raw_provider import ACCEPTED, reply
from watched_gateway import ONE, TWO, to

from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_SENDING,
    RECIPIENT_STATE_ENDED,
    RESOLUTION_SOURCE_REPORT,
    OutboundCallRequest,
)
from voicegateway.v1.outbound_call_service_pb2 import CALL_EVENT_TYPE_CREATED

WHOLE = [
    "CREATED SENDING",
    "DISPATCH_CHANGED ACCEPTED",
    "RECIPIENT_CHANGED ...0107 RINGING",
    "RECIPIENT_CHANGED ...0107 ANSWERED",
    "RECIPIENT_CHANGED ...0108 RINGING",
    "RECIPIENT_CHANGED ...0107 ENDED ANSWERED",
    "RECIPIENT_CHANGED ...0108 ENDED BUSY",
]


async def happens(watched):
    """Two phones: one is answered, one is busy."""
    await watched.report("call_start", callee=ONE, id="a")
    await watched.report("call_answer", callee=ONE, id="a")
    await watched.report("call_start", callee=TWO, id="b")
    await watched.report("call_end", callee=ONE, id="a", status="ANSWER", billsec="11", keypress="1")
    await watched.report("call_end", callee=TWO, id="b", status="BUSY")


async def test_early_and_late_see_the_same(watched):
    """Who watches from the beginning, who comes in the middle, and who comes when all is over: one history."""
    early = None

    async def watches_when_sent(connection):
        nonlocal early
        await connection.receive()
        early = watched.watch(request_id="reminder-8812")
        await early.event()
        await connection.send(reply(ACCEPTED))

    watched.provider.behave(watches_when_sent)
    call = await watched.place(to(ONE, TWO), requestId="reminder-8812")
    await watched.report("call_start", callee=ONE, id="a")
    middle = watched.watch(call_id=call.call_id)
    in_the_middle = await middle.events(3)
    await happens(watched)
    seen = [[early.responses[0].event, *await early.rest()], in_the_middle + await middle.rest()]
    late = await watched.watch(call_id=call.call_id).rest()

    assert WHOLE == story(late)
    assert [late, late] == seen
    assert sorted({event.sequence for event in late}) == [event.sequence for event in late]


async def test_what_an_event_says(watched):
    """The first has the call with its request; those about a phone have its outcome, as GetCall shows it."""
    call = await watched.place(to(ONE, TWO))
    await happens(watched)
    events = await watched.watch(call_id=call.call_id).rest()
    recorded = await watched.call(call_id=call.call_id)

    created = events[0].call
    assert CALL_EVENT_TYPE_CREATED == events[0].type
    assert (call.call_id, call.request_id, "default", DISPATCH_SENDING) == (
        created.call_id,
        created.request_id,
        created.account,
        created.dispatch,
    )
    assert ParseDict(to(ONE, TWO), OutboundCallRequest()) == created.request
    assert [ONE, TWO] == [each.recipient.number for each in created.recipients]
    assert {(call.call_id, call.request_id)} == {(event.call_id, event.request_id) for event in events}
    assert list(recorded.recipients) == [events[5].recipient, events[6].recipient]
    assert recorded.recipients[0].recipient == events[2].recipient.recipient
    assert ("1", 11) == (events[5].recipient.keypress, events[5].recipient.billed_duration.seconds)
    assert [DISPATCH_SENDING, *[DISPATCH_ACCEPTED] * 6] == [event.dispatch for event in events]
    assert [False] * 6 == [event.HasField("call") for event in events[1:]]
    times = [event.occur_time.ToNanoseconds() for event in events]
    assert sorted(times) == times


async def test_a_report_that_says_nothing_new_is_no_event(watched):
    """Repeats change nothing, and are not told."""
    call = await watched.place()
    for _ in range(3):
        assert 200 == await watched.report("call_start", callee=ONE, id="a")
    await watched.report("call_end", callee=ONE, id="a", status="BUSY")

    assert ["RINGING", "ENDED BUSY"] == [
        words.removeprefix("RECIPIENT_CHANGED ...0107 ")
        for words in story(await watched.watch(call_id=call.call_id).rest())[2:]
    ]


async def test_an_unknown_outcome_is_resolved_by_a_report(watched):
    """The provider's answer was lost; the phone rings all the same, and the record says how that became known."""
    watched.provider.behave(faults.says(b""))
    error = await watched.refused()
    call_id = error.info.metadata["call_id"]
    stream = watched.watch(call_id=call_id)
    before = story(await stream.events(2))
    await watched.plays(ONE, "ANSWER")
    after = story(await stream.rest())
    recorded = await watched.call(call_id=call_id)

    assert ["CREATED SENDING", "DISPATCH_CHANGED OUTCOME_UNKNOWN"] == before
    assert "DISPATCH_CHANGED ACCEPTED" == after[0]
    assert "RECIPIENT_CHANGED ...0107 ENDED ANSWERED" == after[-1]
    assert (DISPATCH_ACCEPTED, RESOLUTION_SOURCE_REPORT, RECIPIENT_STATE_ENDED) == (
        recorded.dispatch,
        recorded.resolution.source,
        recorded.recipients[0].state,
    )
    assert not recorded.HasField("error")


async def test_a_report_overtakes_the_answer(watched):
    """The phone rings before the provider has answered: accepted then, and told once."""
    stream = None

    async def reports_first(connection):
        nonlocal stream
        await connection.receive()
        stream = watched.watch(request_id="reminder-8812")
        await stream.event()
        await watched.report("call_start", callee=ONE, id="a")
        await connection.send(reply(ACCEPTED))

    watched.provider.behave(reports_first)
    call = await watched.place(requestId="reminder-8812")
    await watched.report("call_end", callee=ONE, id="a", status="BUSY")

    assert DISPATCH_ACCEPTED == call.dispatch
    assert "RBC3007" == (await watched.call(call_id=call.call_id)).provider_reply.code
    assert [
        "DISPATCH_CHANGED ACCEPTED",
        "RECIPIENT_CHANGED ...0107 RINGING",
        "RECIPIENT_CHANGED ...0107 ENDED BUSY",
    ] == story(await stream.rest())


@pytest.mark.parametrize(
    ("status", "recorded"),
    [
        pytest.param(401, "REJECTED", id="a refusal that leaves the id free"),
        pytest.param(400, "REJECTED", id="a refusal that spends it"),
    ],
)
async def test_a_report_overrules_a_refusal(watched, status, recorded):
    """Whoever reports about a call has accepted it; nothing else may be dialed with this id."""
    watched.provider.reply({}, status)
    error = await watched.refused(requestId="reminder-8812")
    await watched.plays(ONE, "ANSWER")
    again = await watched.running.place_call(requestId="reminder-8812")

    assert recorded == error.dispatch
    assert (True, DISPATCH_ACCEPTED, RECIPIENT_STATE_ENDED) == (
        again.replayed,
        again.call.dispatch,
        again.call.recipients[0].state,
    )
    assert 1 == len(watched.provider.posts)
