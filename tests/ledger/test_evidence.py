"""Reports in any order, any number of times, make one record."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wishes import wish

from gateway.kaleyra.reports import Report, ReportKind
from gateway.ledger import transitions
from gateway.ledger.evidence import PRECEDENCE, decoded, encoded, merged, rank
from gateway.ledger.evidence import Attempt as Heard
from gateway.ledger.recipients import is_over
from gateway.ledger.record import Record, hashed, outcomes
from gateway.ledger.transitions import Outcome
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPOSITION_ANSWERED,
    DISPOSITION_BUSY,
    DISPOSITION_NOT_ANSWERED,
    DISPOSITION_OTHER,
    DISPOSITION_REJECTED,
    DISPOSITION_UNSPECIFIED,
    RECIPIENT_STATE_ANSWERED,
    RECIPIENT_STATE_ENDED,
    RECIPIENT_STATE_RINGING,
    RECIPIENT_STATE_WAITING,
    Disposition,
    OutboundCallRequest,
    RecipientOutcome,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOKEN = hashed(b"token")
TWO = [{"number": "+13236550107"}, {"number": "+13236550108"}]
RETRIES = st.sampled_from(
    [
        {},
        {"retry_count": 1},
        {"retry_count": 3},
        {"retry_rules": {"rules": [{"count": 2, "statuses": ["RETRY_STATUS_BUSY"]}]}},
        {"retry_rules": {"rules": [{"count": 1, "statuses": []}]}},
        {"retry_interval": "20s"},
    ]
)
REPORTS = st.builds(
    Report,
    kind=st.sampled_from(ReportKind),
    received=st.integers(0, 3600).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    provider_call_id=st.sampled_from(["", "a", "b", "c"]),
    status=st.sampled_from(["", "BUSY", "ANSWER", "Unheard-Of", "NOANSWER"]),
    disposition=st.sampled_from(Disposition.values()),
    callee=st.sampled_from(["", "13236550107", "13236550108", "4471"]),
    ring_duration=st.none() | st.integers(0, 60).map(lambda seconds: timedelta(seconds=seconds)),
    billed_duration=st.none() | st.integers(0, 60).map(lambda seconds: timedelta(seconds=seconds)),
    keypress=st.sampled_from(["", "1", "12", "#"]),
    credits=st.sampled_from(["", "0.1", "0.02"]),
)


def placed(**call: object) -> Record:
    """A record whose reports bear TOKEN, on its way."""
    record = transitions.reserve(None, replace(wish(**call), token=TOKEN), NOW)
    assert record is not None
    return record


def after(record: Record, *reports: Report) -> Record:
    """The record once these reports have come, in this order."""
    for report in reports:
        record = transitions.report(record, TOKEN, report, NOW) or record
    return record


def outcomes_after(*reports: Report, **call: object) -> list[RecipientOutcome]:
    record = after(placed(**call), *reports)
    return list(outcomes(record.outcomes, OutboundCallRequest.FromString(record.request).recipients))


def told(kind: ReportKind, provider_call_id: str = "a", **rest: object) -> Report:
    return Report(kind=kind, received=NOW, provider_call_id=provider_call_id, **rest)  # type: ignore[arg-type]


START, ANSWER = told(ReportKind.START), told(ReportKind.ANSWER)
ENDED = told(ReportKind.END, status="ANSWER", disposition=DISPOSITION_ANSWERED)
BUSY = told(ReportKind.END, status="BUSY", disposition=DISPOSITION_BUSY)
START_AGAIN = told(ReportKind.START, "b")


@given(st.lists(REPORTS, max_size=8), RETRIES, st.sampled_from([TWO, TWO[:1]]), st.randoms(use_true_random=False))
def test_any_order_and_repetition_makes_the_same_record(reports, retries, recipients, chance):
    """Whatever subset comes twice, and in whatever order, the same set of reports leads to the same record."""
    call = retries | {"recipients": recipients}
    shuffled = reports + chance.sample(reports, k=chance.randint(0, len(reports)))
    chance.shuffle(shuffled)
    record = placed(**call)

    one, other = after(record, *reports), after(record, *shuffled)
    assert one == other


@given(st.lists(REPORTS, max_size=8), RETRIES)
def test_what_is_known_only_grows(reports, retries):
    """An attempt once seen stays, a disposition is only overruled by a higher one, and a repeat changes nothing."""
    record = placed(recipients=TWO[:1], **retries)
    attempts, disposition = 0, DISPOSITION_UNSPECIFIED
    for report in reports:
        record = after(record, report)
        [outcome] = outcomes(record.outcomes, OutboundCallRequest.FromString(record.request).recipients)

        assert outcome.attempts >= attempts
        assert rank(outcome.disposition) >= rank(disposition)
        assert transitions.report(record, TOKEN, report, NOW) is None
        attempts, disposition = outcome.attempts, outcome.disposition


@given(st.lists(REPORTS, max_size=8))
def test_without_a_redial_a_state_only_moves_forward(reports):
    """A report that is late about its call's beginning changes no state."""
    record, state = placed(recipients=TWO[:1]), RECIPIENT_STATE_WAITING
    for report in reports:
        record = after(record, report)
        [outcome] = outcomes(record.outcomes, OutboundCallRequest.FromString(record.request).recipients)

        assert outcome.state >= state
        state = outcome.state


@given(st.lists(REPORTS, max_size=8))
def test_evidence_reads_back_as_it_was_written(reports):
    """What the ledger keeps of it loses nothing."""
    stored = after(placed(recipients=TWO), *reports).evidence

    assert stored == (encoded(decoded(stored)) if stored else b"")


@pytest.mark.parametrize(
    ("reports", "state", "disposition"),
    [
        pytest.param([], RECIPIENT_STATE_WAITING, DISPOSITION_UNSPECIFIED, id="nothing was heard"),
        pytest.param([START], RECIPIENT_STATE_RINGING, DISPOSITION_UNSPECIFIED, id="it rings"),
        pytest.param([START, ANSWER], RECIPIENT_STATE_ANSWERED, DISPOSITION_UNSPECIFIED, id="somebody picked up"),
        pytest.param([START, ANSWER, ENDED], RECIPIENT_STATE_ENDED, DISPOSITION_ANSWERED, id="it ended"),
        pytest.param([ENDED, ANSWER, START], RECIPIENT_STATE_ENDED, DISPOSITION_ANSWERED, id="out of order"),
        pytest.param([BUSY], RECIPIENT_STATE_ENDED, DISPOSITION_BUSY, id="only the end was reported"),
        pytest.param([ANSWER, BUSY], RECIPIENT_STATE_ENDED, DISPOSITION_ANSWERED, id="who picked up has answered"),
        pytest.param([told(ReportKind.END)], RECIPIENT_STATE_ENDED, DISPOSITION_UNSPECIFIED, id="an end of no kind"),
        pytest.param([told(ReportKind.DLR)], RECIPIENT_STATE_WAITING, DISPOSITION_UNSPECIFIED, id="nothing to read"),
        pytest.param(
            [told(ReportKind.DLR, billed_duration=timedelta(seconds=5))],
            RECIPIENT_STATE_ENDED,
            DISPOSITION_UNSPECIFIED,
            id="a bill without a status",
        ),
        pytest.param([BUSY, START_AGAIN], RECIPIENT_STATE_ENDED, DISPOSITION_BUSY, id="a redial that nobody asked for"),
    ],
)
def test_reports_make_an_outcome(reports, state, disposition):
    """How far it got, and how it ended."""
    [outcome] = outcomes_after(*reports)

    assert (state, disposition) == (outcome.state, outcome.disposition)


@pytest.mark.parametrize(
    ("retry", "ended", "state"),
    [
        pytest.param({"retry_count": 1}, BUSY, RECIPIENT_STATE_RINGING, id="one redial is asked for"),
        pytest.param({"retry_count": 0}, BUSY, RECIPIENT_STATE_ENDED, id="none is"),
        pytest.param({"retry_count": 1}, ENDED, RECIPIENT_STATE_ENDED, id="who answered is not redialed"),
        pytest.param(
            {"retry_rules": {"rules": [{"count": 1, "statuses": ["RETRY_STATUS_BUSY"]}]}},
            BUSY,
            RECIPIENT_STATE_RINGING,
            id="a rule for this end",
        ),
        pytest.param(
            {"retry_rules": {"rules": [{"count": 1, "statuses": ["RETRY_STATUS_NOANSWER"]}]}},
            BUSY,
            RECIPIENT_STATE_ENDED,
            id="a rule for another end",
        ),
        pytest.param(
            {"retry_rules": {"rules": [{"count": 1, "statuses": ["RETRY_STATUS_ANSWER"]}]}},
            ENDED,
            RECIPIENT_STATE_RINGING,
            id="a rule that rings who answered",
        ),
        pytest.param(
            {"retry_rules": {"rules": [{"count": 1, "statuses": ["RETRY_STATUS_NOANSWER"]}]}},
            told(ReportKind.END, status="REJECTED", disposition=DISPOSITION_REJECTED),
            RECIPIENT_STATE_RINGING,
            id="which rule is for this end is unknown",
        ),
        pytest.param({"retry_interval": "20s"}, BUSY, RECIPIENT_STATE_RINGING, id="an interval alone"),
    ],
)
def test_a_redial_brings_it_back_as_far_as_the_request_allows(retry, ended, state):
    """ENDED becomes RINGING again only for a redial that the request asks for."""
    [outcome] = outcomes_after(START, ended, START_AGAIN, **retry)
    [reordered] = outcomes_after(START_AGAIN, ended, START, **retry)

    assert (state, 2) == (outcome.state, outcome.attempts)
    assert outcome == reordered


def test_the_best_end_of_all_attempts_stands():
    """Busy, then answered: it was answered, at the second attempt, with that one's id and bill."""
    answered = told(
        ReportKind.DLR, "b", status="ANSWER", disposition=DISPOSITION_ANSWERED, billed_duration=timedelta(seconds=9)
    )
    [outcome] = outcomes_after(START, BUSY, START_AGAIN, answered, retry_count=2)

    assert (RECIPIENT_STATE_ENDED, DISPOSITION_ANSWERED, "ANSWER") == (
        outcome.state,
        outcome.disposition,
        outcome.provider_status,
    )
    assert ("b", 2, 9) == (outcome.provider_call_id, outcome.attempts, outcome.billed_duration.seconds)


def test_reports_without_an_id_belong_to_the_only_attempt():
    """The provider may leave the id empty: then they are still one call, and no attempt is counted for them."""
    nameless = replace(ENDED, provider_call_id="", keypress="1")
    [outcome] = outcomes_after(START, nameless)
    [unnamed] = outcomes_after(replace(START, provider_call_id=""), nameless)

    assert (RECIPIENT_STATE_ENDED, "a", 1, "1") == (
        outcome.state,
        outcome.provider_call_id,
        outcome.attempts,
        outcome.keypress,
    )
    assert (RECIPIENT_STATE_ENDED, "", 0) == (unnamed.state, unnamed.provider_call_id, unnamed.attempts)


NAMELESS_BUSY = told(ReportKind.DLR, "", status="BUSY", disposition=DISPOSITION_BUSY, credits="0.1")
NAMELESS_ANSWER = replace(NAMELESS_BUSY, status="ANSWER", disposition=DISPOSITION_ANSWERED, keypress="1")
BUSY_AGAIN = replace(BUSY, provider_call_id="b")


@pytest.mark.parametrize(
    ("reports", "state", "disposition", "over"),
    [
        pytest.param([START, BUSY, NAMELESS_BUSY], RECIPIENT_STATE_ENDED, DISPOSITION_BUSY, False, id="one attempt"),
        pytest.param(
            [START, BUSY, NAMELESS_BUSY, START_AGAIN], RECIPIENT_STATE_RINGING, DISPOSITION_BUSY, False, id="a redial"
        ),
        pytest.param(
            [START, BUSY, NAMELESS_BUSY, START_AGAIN, told(ReportKind.ANSWER, "")],
            RECIPIENT_STATE_ANSWERED,
            DISPOSITION_ANSWERED,
            False,
            id="a nameless answer is that of the attempt that goes on",
        ),
        pytest.param(
            [START, BUSY, NAMELESS_BUSY, START_AGAIN, NAMELESS_ANSWER],
            RECIPIENT_STATE_ENDED,
            DISPOSITION_ANSWERED,
            True,
            id="a nameless end as answered ends it",
        ),
        pytest.param(
            [START, BUSY, NAMELESS_BUSY, START_AGAIN, NAMELESS_BUSY],
            RECIPIENT_STATE_RINGING,
            DISPOSITION_BUSY,
            False,
            id="whose end it is that came twice, nobody knows",
        ),
        pytest.param(
            [START, BUSY, NAMELESS_BUSY, START_AGAIN, BUSY_AGAIN],
            RECIPIENT_STATE_ENDED,
            DISPOSITION_BUSY,
            True,
            id="both have ended",
        ),
        pytest.param(
            [START, START_AGAIN, NAMELESS_BUSY],
            RECIPIENT_STATE_RINGING,
            DISPOSITION_BUSY,
            False,
            id="one of two has ended",
        ),
    ],
)
def test_reports_without_an_id_make_no_attempt_beside_others(reports, state, disposition, over):
    """One redial is asked for: it is not taken for made, nor an attempt for going on, by reports of any attempt."""
    record = after(placed(retry_count=1), *reports)
    shuffled = after(placed(retry_count=1), *reversed(reports))
    [outcome] = outcomes(record.outcomes, ())
    call = OutboundCallRequest.FromString(record.request)

    assert (state, disposition) == (outcome.state, outcome.disposition)
    assert over == is_over(call, decoded(record.evidence))
    assert record.outcomes == shuffled.outcomes


def test_a_nameless_start_is_no_attempt_that_goes_on_beside_others():
    """Both that are known have ended; a third one, which the request would allow, nobody has heard of."""
    [outcome] = outcomes_after(told(ReportKind.START, ""), BUSY, BUSY_AGAIN, retry_count=2)

    assert (RECIPIENT_STATE_ENDED, 2) == (outcome.state, outcome.attempts)


def test_a_nameless_end_is_no_redial_of_who_answered():
    """Two redials of whoever answered are asked for, and one has been made: it may ring once more."""
    again = replace(ENDED, provider_call_id="b")
    rules = {"retry_rules": {"rules": [{"count": 2, "statuses": []}]}}
    record = after(placed(**rules), START, ENDED, NAMELESS_ANSWER, START_AGAIN, again)

    assert not is_over(OutboundCallRequest.FromString(record.request), decoded(record.evidence))


def test_a_nameless_end_of_attempts_that_go_on_ends_them_where_no_redial_is_asked_for():
    """Which of the two is shown is the later id; its end is when that report came."""
    [outcome] = outcomes_after(START, START_AGAIN, NAMELESS_BUSY)

    assert (RECIPIENT_STATE_ENDED, "b", "0.1") == (outcome.state, outcome.provider_call_id, outcome.credits)
    assert outcome.HasField("end_time")


def test_what_only_a_nameless_report_of_the_same_end_told_is_shown():
    """The key and the price come with `dlrurl` alone, which names no attempt."""
    answered = told(ReportKind.END, "b", status="ANSWER", disposition=DISPOSITION_ANSWERED)
    [outcome] = outcomes_after(START, BUSY, NAMELESS_ANSWER, START_AGAIN, answered, retry_count=1)
    [other] = outcomes_after(START, BUSY, NAMELESS_BUSY, START_AGAIN, answered, retry_count=1)

    assert ("b", "1", "0.1") == (outcome.provider_call_id, outcome.keypress, outcome.credits)
    assert ("b", "", "") == (other.provider_call_id, other.keypress, other.credits)


@pytest.mark.parametrize(
    ("callee", "changed"),
    [
        pytest.param("13236550108", [1], id="as it was written"),
        pytest.param("", [], id="of two, nobody knows whom"),
        pytest.param("4471", [], id="another number"),
    ],
)
def test_a_report_changes_the_recipient_that_it_names(callee, changed):
    """And nobody else; it proves all the same that the call was accepted."""
    record = after(placed(recipients=TWO), replace(BUSY, callee=callee))
    ended = [place for place, each in enumerate(outcomes(record.outcomes, ())) if each.state == RECIPIENT_STATE_ENDED]

    assert changed == ended
    assert DISPATCH_ACCEPTED == record.dispatch


def test_times_are_when_reports_came_and_are_told_to_be():
    """A late report about the beginning puts it no later than the end."""
    late = replace(START, received=NOW + timedelta(minutes=5))
    [outcome] = outcomes_after(replace(ENDED, received=NOW + timedelta(minutes=1)), late)

    assert outcome.times_estimated
    assert (NOW + timedelta(minutes=1)).timestamp() == outcome.start_time.seconds == outcome.end_time.seconds
    assert not outcome.HasField("answer_time")


def test_a_status_that_nobody_knows_is_kept_and_shown():
    """Also where it came from an event at which it means nothing certain."""
    [outcome] = outcomes_after(told(ReportKind.END, status="Teleported", disposition=DISPOSITION_OTHER))
    [ringing] = outcomes_after(told(ReportKind.START, status="PROGRESS"))

    assert ("Teleported", DISPOSITION_OTHER) == (outcome.provider_status, outcome.disposition)
    assert ("PROGRESS", DISPOSITION_UNSPECIFIED) == (ringing.provider_status, ringing.disposition)


def test_every_disposition_has_its_place():
    """The precedence names each one once."""
    assert sorted(Disposition.values()) == sorted(PRECEDENCE)


def test_an_end_of_higher_precedence_stands_in_either_order():
    """Two statuses for one attempt: the higher one, whichever came first."""
    lower = Heard(ended=1, disposition=DISPOSITION_NOT_ANSWERED, status="NOANSWER")
    higher = Heard(ended=2, disposition=DISPOSITION_BUSY, status="BUSY")

    assert ("BUSY", 1) == (merged(lower, higher).status, merged(lower, higher).ended)
    assert merged(lower, higher) == merged(higher, lower)


def test_so_many_attempts_are_kept_and_no_more():
    """Whoever knows a token cannot make a record grow without end."""
    record = placed()
    ids = [f"id-{number:05}" for number in range(1100)]
    random.Random(7).shuffle(ids)
    for each in ids:
        record = after(record, told(ReportKind.START, each))
    [outcome] = outcomes(record.outcomes, ())

    assert 1001 == outcome.attempts


def test_silence_is_told_of_who_has_not_ended_and_an_end_takes_it_back():
    """Nothing is made up about them: their state stays as it was."""
    reserved = transitions.reserve(
        None, replace(wish(recipients=TWO), token=TOKEN, stale_after=timedelta(hours=1)), NOW
    )
    accepted = transitions.finish(reserved, 1, reserved.owner, Outcome(error=None), NOW)
    record = after(accepted, replace(BUSY, callee="13236550107"), replace(START, callee="13236550108"))
    stale = transitions.go_stale(record, NOW + timedelta(hours=1, seconds=1))
    ended = after(stale, replace(ENDED, callee="13236550108"))

    assert transitions.go_stale(record, NOW + timedelta(hours=1)) is None
    assert [(RECIPIENT_STATE_ENDED, False), (RECIPIENT_STATE_RINGING, True)] == [
        (each.state, each.stale) for each in outcomes(stale.outcomes, ())
    ]
    assert transitions.go_stale(stale, NOW + timedelta(days=9)) is None
    assert [False, False] == [each.stale for each in outcomes(ended.outcomes, ())]
