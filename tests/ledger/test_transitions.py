"""The table of what may become of a record, walked through exhaustively.

Two replicas, a crash, late and repeated writes, an operator and a report, in every order up to a depth: no state that
can be reached lets a second POST leave unless the one before provably did not, or was provably refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import GatewayError
from gateway.kaleyra.reports import Report, ReportKind
from gateway.ledger import transitions
from gateway.ledger.record import Key, Record, encoded, hashed
from gateway.ledger.transitions import Outcome, Wish
from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_NOT_SENT,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    DISPATCH_SENDING,
    OutboundCallRequest,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SEND_WITHIN = timedelta(seconds=27)
DEPTH = 9
REQUEST = encoded(OutboundCallRequest(custom="T1"))
REPORT = Report(kind=ReportKind.END, received=NOW)
OTHER_REQUEST = encoded(OutboundCallRequest(custom="T2"))

VERDICTS = {
    "accepted": None,
    "refused": reasons.ERROR_REASON_FLOW_NOT_FOUND,
    "throttled": reasons.ERROR_REASON_PROVIDER_THROTTLED,
    "unreachable": reasons.ERROR_REASON_PROVIDER_UNREACHABLE,
    "unknown": reasons.ERROR_REASON_OUTCOME_UNKNOWN,
}
"""What an attempt may end in; None is acceptance."""

RANG_NOBODY = {"throttled", "unreachable"}
"""The endings after which another attempt may leave."""


def outcome(verdict: str) -> Outcome:
    reason = VERDICTS[verdict]
    return Outcome(error=None if reason is None else GatewayError(reason))


@dataclass(frozen=True)
class Attempt:
    """One POST of the model: who made it, under which reservation, and how it truly ended; None while it is out."""

    record: Record
    truth: str | None = None
    told: bool = False


@dataclass(frozen=True)
class World:
    """The ledger, the POSTs that left, and the time."""

    record: Record | None = None
    attempts: tuple[Attempt, ...] = ()
    seconds: int = 0

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)


def wish(owner: str) -> Wish:
    return Wish(
        key=Key("default", "request-1"),
        call_id="01KB5Y4W2M6T9V3C8D1E7F0GHJ",
        request=REQUEST,
        warnings=b"",
        owner=owner,
        age=timedelta(0),
        send_within=SEND_WITHIN,
        token=hashed(owner.encode()),
    )


Finish = Callable[[Record | None, int, str, Outcome, datetime], Record | None]


def steps(world: World, finish: Finish) -> Iterator[tuple[str, World]]:  # noqa: C901 - a step a branch
    """Everything that can happen next."""
    tick = replace(world, seconds=world.seconds + 1)
    owner = f"owner-{len(world.attempts)}"
    reserved = transitions.reserve(world.record, wish(owner), tick.now)
    if reserved is not None:
        yield "a request", replace(tick, record=reserved, attempts=(*world.attempts, Attempt(reserved)))
    for index, attempt in enumerate(world.attempts):
        if attempt.truth is None:
            for verdict in VERDICTS:
                yield f"attempt {index + 1} ends {verdict}", _with(tick, index, replace(attempt, truth=verdict))
        else:
            written = finish(
                world.record, attempt.record.attempt, attempt.record.owner, outcome(attempt.truth), tick.now
            )
            told = _with(tick, index, replace(attempt, told=True))
            yield f"attempt {index + 1} is written", replace(told, record=written or world.record)
    late = replace(world, seconds=world.seconds + 60)
    expired = transitions.expire(world.record, late.now)
    if expired is not None:
        yield "its time passes", replace(late, record=expired)
    crashed = transitions.expire(world.record, tick.now, owner_is_dead=True)
    if crashed is not None:
        yield "its owner crashes", replace(tick, record=crashed)
    for accepted in (True, False):
        found = transitions.resolve(world.record, accepted=accepted, note="looked up", now=late.now)
        if found is not None:
            yield f"an operator says accepted={accepted}", replace(late, record=found)
    for index, attempt in enumerate(world.attempts):
        reported = transitions.report(world.record, attempt.record.token_list()[-1], REPORT, tick.now)
        if reported is not None and attempt.truth in {"accepted", "unknown"}:
            yield f"attempt {index + 1} is reported", replace(tick, record=reported)


def _with(world: World, index: int, attempt: Attempt) -> World:
    attempts = list(world.attempts)
    attempts[index] = attempt
    return replace(world, attempts=tuple(attempts))


def problems(world: World) -> Iterator[str]:
    """What must not be true of any world."""
    for earlier, later in zip(world.attempts, world.attempts[1:], strict=False):
        if earlier.truth not in RANG_NOBODY and later is not None:
            yield "a second POST left though the first was not known to have rung nobody"
    record = world.record
    if record is not None and record.is_free and record.dispatch not in {DISPATCH_NOT_SENT, DISPATCH_REJECTED}:
        yield "free, though phones may have rung"
    if record is not None and record.is_free and record.was_unknown:
        yield "free again after it was unknown"


def explore(finish: Finish) -> tuple[int, list[str]]:
    """Walks every order of steps; returns how many worlds there are, and the first path to a problem."""
    seen: set[World] = set()
    frontier: list[tuple[World, tuple[str, ...]]] = [(World(), ())]
    for _ in range(DEPTH):
        following = []
        for world, path in frontier:
            for name, then in steps(world, finish):
                for problem in problems(then):
                    return len(seen), [*path, name, problem]
                if then not in seen:
                    seen.add(then)
                    following.append((then, (*path, name)))
        frontier = following
    return len(seen), []


def test_no_order_of_events_lets_a_second_post_leave():
    """The whole table, with two replicas, crashes, late writes, an operator and reports."""
    worlds, path = explore(transitions.finish)

    assert [] == path
    assert worlds > 1000


def finish_without_the_attempt(record, _attempt, _owner, ended, now):
    """A plain update of the row, as a first version would write it."""
    if record is None:
        return None
    return transitions.finish(record, record.attempt, record.owner, ended, now)


def test_without_attempt_numbers_the_explorer_finds_the_second_post():
    """The model can fail: it finds the repeated write of attempt 1 that frees attempt 2 while that is out."""
    _, path = explore(finish_without_the_attempt)

    assert "a second POST left though the first was not known to have rung nobody" in path


@pytest.mark.parametrize("verdict", VERDICTS)
def test_accepted_is_final(verdict):
    """Nothing changes an accepted call."""
    record = transitions.reserve(None, wish("owner"), NOW)
    accepted = transitions.finish(record, 1, "owner", outcome("accepted"), NOW)

    assert accepted is not None
    assert DISPATCH_ACCEPTED == accepted.dispatch
    assert transitions.finish(accepted, 1, "owner", outcome(verdict), NOW) is None
    assert transitions.expire(accepted, NOW + timedelta(days=1), owner_is_dead=True) is None
    assert transitions.resolve(accepted, accepted=False, note="", now=NOW + timedelta(days=1)) is None
    assert transitions.reserve(accepted, wish("other"), NOW + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("verdict", "dispatch", "is_free"),
    [
        pytest.param("accepted", DISPATCH_ACCEPTED, False, id="accepted"),
        pytest.param("refused", DISPATCH_REJECTED, False, id="a refusal of the request is spent"),
        pytest.param("throttled", DISPATCH_REJECTED, True, id="a refusal of the gateway is free"),
        pytest.param("unreachable", DISPATCH_NOT_SENT, True, id="proof that no byte left is free"),
        pytest.param("unknown", DISPATCH_OUTCOME_UNKNOWN, False, id="unknown"),
    ],
)
def test_an_attempt_ends_as_the_table_says(verdict, dispatch, is_free):
    """SENDING becomes what the verdict says, and the id is free only where nobody was dialed."""
    record = transitions.reserve(None, wish("owner"), NOW)
    ended = transitions.finish(record, 1, "owner", outcome(verdict), NOW)

    assert ended is not None
    assert (dispatch, is_free) == (ended.dispatch, ended.is_free)


@pytest.mark.parametrize(
    ("verdict", "dispatch"),
    [
        pytest.param("accepted", DISPATCH_ACCEPTED, id="accepted"),
        pytest.param("refused", DISPATCH_REJECTED, id="refused"),
        pytest.param("throttled", DISPATCH_REJECTED, id="throttled"),
        pytest.param("unreachable", DISPATCH_OUTCOME_UNKNOWN, id="a late proof that no byte left is none"),
        pytest.param("unknown", DISPATCH_OUTCOME_UNKNOWN, id="unknown"),
    ],
)
def test_a_late_verdict_counts_and_is_never_free(verdict, dispatch):
    """After the outcome was called unknown, the truth is still written down, and advises a new id."""
    record = transitions.reserve(None, wish("owner"), NOW)
    unknown = transitions.expire(record, NOW + timedelta(seconds=28))
    assert unknown is not None
    ended = transitions.finish(unknown, 1, "owner", outcome(verdict), NOW + timedelta(seconds=30)) or unknown

    assert (dispatch, False) == (ended.dispatch, ended.is_free)
    if verdict == "throttled":
        assert b"RETRY_ADVICE_NEW_REQUEST_ID" in ended.error


def test_only_a_later_request_makes_a_new_attempt_after_a_free_outcome():
    """Who asked while the first attempt ran is answered with its outcome."""
    record = transitions.reserve(None, wish("owner"), NOW)
    free = transitions.finish(record, 1, "owner", outcome("unreachable"), NOW + timedelta(seconds=3))
    waited = replace(wish("waiter"), age=timedelta(seconds=2))

    assert transitions.reserve(free, waited, NOW + timedelta(seconds=4)) is None
    again = transitions.reserve(free, wish("later"), NOW + timedelta(seconds=4))
    assert again is not None
    assert (2, DISPATCH_SENDING, record.call_id) == (again.attempt, again.dispatch, again.call_id)


def test_another_request_never_takes_a_free_key():
    """The same id with other content is refused, also while it is free."""
    record = transitions.reserve(None, wish("owner"), NOW)
    free = transitions.finish(record, 1, "owner", outcome("unreachable"), NOW)

    assert transitions.reserve(free, replace(wish("other"), request=OTHER_REQUEST), NOW + timedelta(hours=1)) is None


def test_an_operator_is_refused_while_the_attempt_may_still_end():
    """Before its deadline an attempt may still bring a verdict of its own."""
    record = transitions.reserve(None, wish("owner"), NOW)
    unknown = transitions.finish(record, 1, "owner", outcome("unknown"), NOW)

    assert transitions.resolve(unknown, accepted=True, note="", now=NOW + SEND_WITHIN) is None
    assert transitions.resolve(unknown, accepted=True, note="", now=NOW + timedelta(seconds=28)) is not None


def test_a_late_acceptance_overrules_an_operator():
    """The provider's own word counts more than a finding."""
    record = transitions.reserve(None, wish("owner"), NOW)
    unknown = transitions.expire(record, NOW + timedelta(seconds=28))
    refused = transitions.resolve(unknown, accepted=False, note="not in the log", now=NOW + timedelta(minutes=1))
    accepted = transitions.finish(refused, 1, "owner", outcome("accepted"), NOW + timedelta(minutes=2))

    assert accepted is not None
    assert DISPATCH_ACCEPTED == accepted.dispatch


@pytest.mark.parametrize("verdict", [each for each in VERDICTS if each != "accepted"])
def test_a_report_proves_that_the_call_was_accepted(verdict):
    """Whatever was written before, a report that bears the attempt's token overrules it, and the id is never free."""
    record = transitions.reserve(None, wish("owner"), NOW)
    ended = transitions.finish(record, 1, "owner", outcome(verdict), NOW)
    reported = transitions.report(ended, hashed(b"owner"), REPORT, NOW + timedelta(seconds=1))

    assert reported is not None
    assert (DISPATCH_ACCEPTED, False, b"") == (reported.dispatch, reported.is_free, reported.error)
    assert transitions.reserve(reported, wish("later"), NOW + timedelta(hours=1)) is None
    assert transitions.report(reported, hashed(b"owner"), REPORT, NOW + timedelta(seconds=2)) is None


def test_a_report_of_an_earlier_attempt_counts_and_a_strangers_does_not():
    """The tokens of all attempts are kept; one that is none of them changes nothing."""
    record = transitions.reserve(None, wish("first"), NOW)
    free = transitions.finish(record, 1, "first", outcome("throttled"), NOW + timedelta(seconds=1))
    again = transitions.reserve(free, wish("second"), NOW + timedelta(seconds=2))
    reported = transitions.report(again, hashed(b"first"), REPORT, NOW + timedelta(seconds=3))

    assert transitions.report(again, hashed(b"third"), REPORT, NOW + timedelta(seconds=3)) is None
    assert reported is not None
    assert (DISPATCH_ACCEPTED, 2) == (reported.dispatch, reported.attempt)


def test_a_report_that_beats_the_reply_leaves_room_for_it():
    """What the provider said is kept, though the call was known to be accepted before."""
    record = transitions.reserve(None, wish("owner"), NOW)
    reported = transitions.report(record, hashed(b"owner"), REPORT, NOW)
    replied = transitions.finish(reported, 1, "owner", Outcome(error=None, reply=b"reply"), NOW + timedelta(seconds=1))

    assert replied is not None
    assert (DISPATCH_ACCEPTED, b"reply", NOW) == (replied.dispatch, replied.reply, replied.updated)
    assert transitions.finish(replied, 1, "owner", Outcome(error=None, reply=b"other"), NOW) is None
