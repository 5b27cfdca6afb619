"""What events say to a person: pure, and complete for whatever the contract has."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from google.protobuf.json_format import ParseDict
from rich.console import Console

from gateway.caller import story
from gateway.caller.ending import exit_status_of, in_words
from gateway.caller.final_record import SOURCE_IN_WORDS, resolution_of, rows_of
from gateway.caller.live_page import LivePage
from gateway.caller.outcome_words import STALE, WORDS_BY_DISPOSITION, WORDS_BY_STATE, what_changed
from gateway.caller.page import Page
from gateway.caller.story import AFTER_ALL_BY_DISPATCH, STYLE_BY_DISPATCH, WORDS_BY_DISPATCH, Story
from gateway.kaleyra.reports import DISPOSITION_BY_STATUS
from voicegateway.v1.outbound_call_pb2 import (
    Dispatch,
    Disposition,
    OutboundCall,
    RecipientOutcome,
    RecipientState,
    ResolutionSource,
)
from voicegateway.v1.outbound_call_service_pb2 import CallEvent

CALL_ID = "01M886X7Z2BZS71WBSBQMZMWQ6"


def outcome(state: str, disposition: str = "", **fields: Any) -> RecipientOutcome:
    told = {"recipient": {"number": "+13236550166"}, "state": f"RECIPIENT_STATE_{state}", **fields}
    return ParseDict(told | ({"disposition": f"DISPOSITION_{disposition}"} if disposition else {}), RecipientOutcome())


def event(kind: str, dispatch: str = "ACCEPTED", call_id: str = CALL_ID, **fields: Any) -> CallEvent:
    told = {
        "type": f"CALL_EVENT_TYPE_{kind}",
        "dispatch": f"DISPATCH_{dispatch}",
        "call_id": call_id,
        "request_id": "reminder-1",
        "occur_time": "2026-11-25T02:14:54Z",
    }
    return ParseDict(told | fields, CallEvent())


RINGS, PICKED_UP = outcome("RINGING", attempts=1), outcome("ANSWERED", attempts=1)
BUSY = outcome("ENDED", "BUSY", attempts=1, provider_status="BUSY")
OVER = outcome(
    "ENDED", "ANSWERED", attempts=2, provider_status="ANSWER", ring_duration="6s", billed_duration="31.5s", keypress="1"
)


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        pytest.param(None, RINGS, "ringing", id="rings"),
        pytest.param(RINGS, PICKED_UP, "answered", id="is answered"),
        pytest.param(PICKED_UP, outcome("ANSWERED", attempts=1, keypress="42"), "pressed 42", id="a key is pressed"),
        pytest.param(PICKED_UP, OVER, "ended: answered, rang 6 s, billed 31.5 s, pressed 1", id="ends"),
        pytest.param(RINGS, BUSY, "ended: busy", id="is busy"),
        pytest.param(
            BUSY, outcome("RINGING", "BUSY", attempts=2), "redialed: ringing again, attempt 2", id="is redialed"
        ),
        pytest.param(
            BUSY, outcome("ENDED", "BUSY", attempts=2), "ended: busy", id="is redialed, and only the end is told"
        ),
        pytest.param(BUSY, OVER, "ended: answered, rang 6 s, billed 31.5 s, pressed 1", id="a late report says more"),
        pytest.param(
            RINGS,
            outcome("ENDED", "UNREACHABLE", provider_status="NOROUTE"),
            "ended: unreachable (NOROUTE)",
            id="the provider's word says more",
        ),
        pytest.param(RINGS, outcome("ENDED", "OTHER", provider_status="a\x1b[2Jb"), r"(a\x1b[2Jb)", id="an escape"),
        pytest.param(RINGS, outcome("RINGING", stale=True), STALE, id="no news"),
        pytest.param(None, outcome("WAITING", stale=True), STALE, id="no news at all"),
        pytest.param(OVER, OVER, "more is known", id="nothing that is shown"),
        pytest.param(
            outcome("ENDED", "ANSWERED"),
            outcome("ENDED", "ANSWERED", ring_duration="6s"),
            "rang 6 s",
            id="more of what is shown",
        ),
    ],
)
def test_what_changed_is_said_in_a_few_words(before, now, words):
    """The same outcome reads differently after another one."""
    assert what_changed(before, now).endswith(words)


@pytest.mark.parametrize(
    ("dispatches", "words"),
    [
        pytest.param(["SENDING", "ACCEPTED"], "accepted by the provider", id="accepted"),
        pytest.param(["SENDING", "REJECTED"], "refused by the provider: nobody was dialed", id="refused"),
        pytest.param(["OUTCOME_UNKNOWN", "ACCEPTED"], "not unknown any more: the provider accepted it", id="resolved"),
        pytest.param(["OUTCOME_UNKNOWN", "REJECTED"], "not unknown any more: nobody was dialed", id="resolved as none"),
        pytest.param(["NOT_SENT", "SENDING"], "sent once more: the attempt before dialed nobody", id="another attempt"),
        pytest.param(["ACCEPTED"], "accepted by the provider", id="what was before is not known"),
    ],
)
def test_what_happened_to_the_request_is_said_by_what_was_before(dispatches, words):
    """An outcome that was unknown is told as not unknown any more."""
    told = Story()
    lines = [told.line(event("DISPATCH_CHANGED", dispatch)) for dispatch in dispatches]

    assert ("the call", words) == (lines[-1].who, lines[-1].what)


def test_each_recipient_is_told_by_what_was_told_of_him():
    """Of two, and of two calls: a key that one presses is his."""
    told, lines = Story(), []
    for number, call_id in (("+13236550166", CALL_ID), ("+13236550107", CALL_ID), ("+13236550166", CALL_ID[::-1])):
        for keypress in ("", "1"):
            changed = event("RECIPIENT_CHANGED", call_id=call_id)
            changed.recipient.CopyFrom(outcome("ANSWERED", attempts=1, keypress=keypress))
            changed.recipient.recipient.number = number
            lines.append(told.line(changed).what)

    assert ["answered", "pressed 1"] * 3 == lines


def test_the_tables_are_complete():
    """Each value of the contract has its words, and nothing else has."""

    def named(enum: Any) -> set[int]:
        return set(enum.values()) - {0}

    assert named(Dispatch) == set(WORDS_BY_DISPATCH)
    assert named(Dispatch) >= set(AFTER_ALL_BY_DISPATCH) | set(STYLE_BY_DISPATCH)
    assert named(RecipientState) == set(WORDS_BY_STATE)
    assert named(Disposition) == set(WORDS_BY_DISPOSITION)
    assert named(ResolutionSource) == set(SOURCE_IN_WORDS)


def test_what_is_newer_than_this_program_is_said_to_be():
    """New values may appear; nothing breaks."""
    newer = RecipientOutcome(state=77, disposition=77, provider_status="NEW")
    told = Story().line(CallEvent(call_id=CALL_ID, type=77, dispatch=77))

    assert "does not know" in what_changed(None, newer)
    assert "does not know" in told.what
    assert "77" in " ".join(rows_of(OutboundCall(recipients=[newer]), None)[1])
    assert 6 == exit_status_of(OutboundCall(dispatch=77))


def test_what_was_told_of_old_calls_is_forgotten(monkeypatch):
    """Who follows an account for months does not fill the memory; a forgotten call is introduced again."""
    monkeypatch.setattr(story, "MOST_CALLS", 2)
    told = Story()
    first = [told.line(event("CREATED", call_id=call_id)).is_first for call_id in ("A", "B", "A", "C", "A", "B")]

    assert [True, True, False, True, False, True] == first
    assert 2 == len(told._calls)


# The page


def shown(*events: CallEvent, width: int = 110) -> str:
    file = io.StringIO()
    page = LivePage(Page(Console(file=file, width=width)), is_one_call=True)
    for each in events:
        page.event(each)
    return file.getvalue()


def test_another_day_is_told_once():
    """The lines have times only; history of another day says which."""
    times = [datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((23, 12), (23, 13), (25, 12))]
    events = [event("CREATED") for _ in times]
    for each, moment in zip(events, times, strict=True):
        each.occur_time.FromDatetime(moment.astimezone(UTC).replace(tzinfo=None))
    with time_machine.travel(times[-1] + timedelta(minutes=1)):
        lines = [line.strip() for line in shown(*events).splitlines()]

    days = [moment.astimezone().strftime("%Y-%m-%d") for moment in times]
    assert [days[0], days[2]] == [line for line in lines if line[:3] == "202"]
    assert days[0] == lines[0]


def test_the_words_stand_in_one_column():
    """Whoever is called is known from the beginning, so that no line moves."""
    call = {"recipients": [{"recipient": {"number": "+13236550166", "reference": "patient-8812"}}]}
    rings = event("RECIPIENT_CHANGED")
    rings.recipient.CopyFrom(RINGS)
    rings.recipient.recipient.reference = "patient-8812"
    first, second = shown(event("CREATED", "SENDING", call=call), rings).splitlines()[-2:]

    assert first.index("recorded") == second.index("ringing")


# The end


def call(*recipients: RecipientOutcome, dispatch: str = "ACCEPTED", **fields: Any) -> OutboundCall:
    told = ParseDict({"dispatch": f"DISPATCH_{dispatch}", **fields}, OutboundCall())
    told.recipients.extend(recipients)
    return told


@pytest.mark.parametrize(
    ("record", "status", "words"),
    [
        pytest.param(call(OVER), 0, "answered", id="answered"),
        pytest.param(call(OVER, OVER), 0, "2 of 2 answered", id="everybody"),
        pytest.param(call(BUSY), 7, "not answered", id="busy"),
        pytest.param(call(OVER, BUSY), 7, "1 of 2 answered", id="not everybody"),
        pytest.param(call(PICKED_UP), 8, "not told", id="answered, and its end is not told"),
        pytest.param(call(OVER, RINGS, BUSY), 8, "not told for 1 of 3, 1 answered", id="not told for one"),
        pytest.param(call(), 8, "not told", id="nobody is left in the record"),
        pytest.param(call(dispatch="REJECTED"), 3, "not told", id="refused"),
        pytest.param(call(dispatch="NOT_SENT"), 4, "not told", id="not sent"),
        pytest.param(call(RINGS, dispatch="OUTCOME_UNKNOWN"), 6, "not told", id="unknown"),
        pytest.param(call(RINGS, dispatch="SENDING"), 6, "not told", id="on its way"),
    ],
)
def test_the_end_is_told_apart(record, status, words):
    """A script reads the status, a person the words."""
    assert (status, words) == (exit_status_of(record), in_words(record))


def test_a_resolution_is_told_by_its_source():
    """What was never unknown has none."""
    resolved = call(OVER, resolution={"source": "RESOLUTION_SOURCE_OPERATOR", "note": "seen in the portal"})

    assert "Its outcome was unknown at first, and became known by an operator." == resolution_of(resolved)
    assert "" == resolution_of(call(OVER))


@pytest.mark.parametrize(("width", "has_reference"), [(None, True), (106, True), (76, False)])
def test_the_table_fits_the_terminal(width, has_reference):
    """Where there is little room the references go, and then what does not fit stands in a second line."""
    record = call(OVER, outcome("ENDED", "UNREACHABLE", provider_status="CHANUNAVAIL", attempts=3))
    for each in record.recipients:
        each.recipient.reference = "patient-8812"
    rows = rows_of(record, width)

    assert has_reference == ("patient-8812" in rows[1][0])
    assert all(len(line) <= (width or 200) for lines in rows for line in lines)
    assert [False, False, True] == ["UNREACHABLE (CHANUNAVAIL)" in lines[0] for lines in rows]
    assert "keypress" in rows[0][-1]


def test_a_plain_status_is_the_providers_for_its_disposition():
    """Only a status that is the same word as the disposition goes without saying."""
    plain = {"ANSWER": "ANSWERED", "BUSY": "BUSY", "NOANSWER": "NOT_ANSWERED", "REJECTED": "REJECTED"}

    assert {s: Disposition.Name(DISPOSITION_BY_STATUS[s]).removeprefix("DISPOSITION_") for s in plain} == plain
