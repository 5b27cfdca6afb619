"""What is left of a record, and for how long: on every store, by its clock."""

from dataclasses import replace
from datetime import timedelta

import pytest
from google.rpc import error_details_pb2 as details_pb2
from wishes import reserve, wish

from gateway.errors import GatewayError, Resource
from gateway.ledger import transitions
from gateway.ledger.keeper import STEP, Keeper
from gateway.ledger.record import Stage
from gateway.ledger.retention import Retention, retain
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Filter
from gateway.ledger.transitions import Outcome
from gateway.settings import Ledger
from voicegateway.v1 import error_reason_pb2 as reasons
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_SENDING,
    RECIPIENT_STATE_WAITING,
    RESOLUTION_SOURCE_OPERATOR,
    ProviderReply,
    RecipientOutcome,
    Resolution,
)
from voicegateway_client.violation import Violation

RETENTION = Retention(erase_after=timedelta(days=2), entomb_after=timedelta(days=30), forget_after=timedelta(days=400))
AGES = [timedelta(hours=1), timedelta(days=3), timedelta(days=31), timedelta(days=401)]
"""One in each stage, and one beyond."""

REPLY = ProviderReply(http_status=200, code="RBC3007", message="for +13236550107").SerializeToString()
ACCEPTED = Outcome(error=None, reply=REPLY)
UNKNOWN = Outcome(error=GatewayError(reasons.ERROR_REASON_OUTCOME_UNKNOWN))
THROTTLED = Outcome(error=GatewayError(reasons.ERROR_REASON_PROVIDER_THROTTLED))


async def place(store, wanted, outcome=ACCEPTED):
    """Reserves, and ends the attempt."""
    record = (await reserve(store, wanted)).record
    changed = await store.change(
        record.key, lambda found, now: transitions.finish(found, record.attempt, record.owner, outcome, now)
    )
    return changed.record


async def keep(store, retention=RETENTION):
    """Steps until nothing is due; returns how many full steps there were to do."""
    keeper, steps = Keeper(store, retention), 0
    while await keeper.step():
        steps += 1
    return steps


async def events_of(store):
    """What is kept of everybody's events."""
    return await store.events("default", 0, None, 10)


async def stages(store, clock, key):
    """The stage of a record at each age; None once it is gone."""
    found, begin = [], clock.ahead
    for age in AGES:
        clock.ahead = begin + age
        await keep(store)
        record = await store.find(key)
        found.append(record and record.stage)
    return found


async def test_a_record_is_erased_then_entombed_then_forgotten(store, clock):
    """Each in its time, counted from the last change of dispatch."""
    record = await place(store, wish())

    assert [Stage.WHOLE, Stage.ERASED, Stage.TOMBSTONE, None] == await stages(store, clock, record.key)


@pytest.mark.parametrize(
    ("outcome", "dispatch"),
    [
        pytest.param(None, DISPATCH_SENDING, id="on its way"),
        pytest.param(UNKNOWN, DISPATCH_OUTCOME_UNKNOWN, id="unknown"),
    ],
)
async def test_what_nobody_knows_yet_is_kept_as_it_is(store, clock, outcome, dispatch):
    """Somebody has to find out what happened, however long that takes."""
    wanted = wish()
    record = await place(store, wanted, outcome) if outcome else (await reserve(store, wanted)).record
    await stages(store, clock, record.key)

    assert dispatch == record.dispatch
    assert record == await store.find(record.key)
    assert ([], 0) == (await store.due(Stage.WHOLE, timedelta(0), STEP), await store.forget(timedelta(0), STEP))
    assert retain(record, RETENTION, clock() + timedelta(days=1000)) is None


async def test_an_unknown_outcome_is_kept_from_when_it_became_known(store, clock):
    """An operator's finding after a year begins the retention."""
    record = await place(store, wish(), UNKNOWN)
    clock.ahead += timedelta(days=365)
    await store.change(
        record.key, lambda found, now: transitions.resolve(found, accepted=True, note="seen +13236550107", now=now)
    )

    assert [Stage.WHOLE, Stage.ERASED, Stage.TOMBSTONE, None] == await stages(store, clock, record.key)


async def test_an_operators_note_goes_with_the_texts(store, clock):
    """People write numbers down; that an operator found it out stays."""
    record = await place(store, wish(), UNKNOWN)
    clock.ahead += timedelta(hours=1)
    await store.change(
        record.key, lambda found, now: transitions.resolve(found, accepted=True, note="seen +13236550107", now=now)
    )
    clock.ahead += timedelta(days=3)
    await keep(store)
    resolution = Resolution.FromString((await store.find(record.key)).resolution)

    assert (RESOLUTION_SOURCE_OPERATOR, "") == (resolution.source, resolution.note)
    assert resolution.HasField("resolve_time")


async def test_a_scheduled_call_is_kept_from_its_time(store, clock):
    """The provider dials weeks later: retention begins then."""
    later = (clock() + timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = await place(store, wish(schedule_time=later))
    before = await stages(store, clock, record.key)
    clock.ahead = timedelta(days=60)

    assert [Stage.WHOLE, Stage.WHOLE, Stage.WHOLE, Stage.TOMBSTONE] == before
    assert record.retain_from == record.scheduled > record.updated


async def test_an_erased_call_is_found_by_nothing_that_was_in_it(store, clock):
    """Neither numbers nor texts are left, nor what repeats them; the call is still there."""
    record = await place(store, wish(custom="T1", prefix="1", recipients=[{"number": "3236550107"}]))
    other = await place(store, wish("request-other", recipients=[{"number": "+13236550107"}]))
    clock.ahead += timedelta(days=3)
    await store.change(other.key, lambda found, now: found and replace(found, updated=now))
    await keep(store)
    erased = await store.find(record.key)
    wanted = [{"custom": "T1"}, {"custom": record.call_id}, {"number": "3236550107"}, {"number": "13236550107"}, {}]

    assert b"323655" not in erased.request + erased.error + erased.reply + erased.resolution
    assert [[], [], [], ["request-other"], ["request-other", "request-1"]] == [
        [each.request_id for each in await store.page(Filter(account="default", **each), 10)] for each in wanted
    ]
    assert (record.call_id, record.request_hash, record.dispatch) == (
        erased.call_id,
        erased.request_hash,
        erased.dispatch,
    )


async def test_a_free_call_that_was_erased_becomes_whole_by_its_next_attempt(store, clock):
    """The same request is known by its hash; it is dialed anew, and found again by what is in it."""
    wanted = {"custom": "T1", "recipients": [{"number": "+13236550108"}]}
    for days in (3, 31):
        first = await place(store, wish(**wanted), THROTTLED)
        clock.ahead += timedelta(days=days)
        await keep(store)
        reduced = await store.find(first.key)
        again = await place(store, wish(**wanted), THROTTLED)

        assert reduced.stage > again.stage == Stage.WHOLE
        assert (b"", first.request, None) == (reduced.request, again.request, again.erased)
        assert (first.call_id, first.attempt + 1) == (again.call_id, again.attempt)
        assert again == await store.find(again.key)
        for each in ({"custom": "T1"}, {"number": "13236550108"}):
            assert [again] == await store.page(Filter(account="default", **each), 10)


async def test_what_changed_meanwhile_is_judged_anew(store, clock):
    """A call listed as due and attempted again before its turn is not erased."""
    first = await place(store, wish(), THROTTLED)
    clock.ahead += timedelta(days=3)
    due = await store.due(Stage.WHOLE, RETENTION.erase_after, STEP)
    again = await reserve(store, wish())
    changed = await store.change(first.key, lambda record, now: retain(record, RETENTION, now))

    assert [first.key] == due
    assert again.is_mine
    assert (False, again.record) == (changed.is_mine, changed.record)


async def test_a_step_is_small(store, clock):
    """However much is due, one step takes at most so many records; the oldest go first."""
    for number in range(STEP + 5):
        await place(store, wish(f"request-{number:03}"))
    await store.number_events()
    clock.ahead += timedelta(days=31)
    oldest = await store.due(Stage.WHOLE, RETENTION.erase_after, 2)
    more = await Keeper(store, RETENTION).step()
    left = await store.due(Stage.WHOLE, RETENTION.erase_after, STEP)

    assert ["request-000", "request-001"] == [key.request_id for key in oldest]
    assert (True, 5) == (more, len(left))
    assert 0 == await keep(store)  # the other records and everybody's events are one more step, and not a full one
    assert ([], []) == (await store.due(Stage.WHOLE, RETENTION.erase_after, STEP), await events_of(store))


async def test_each_step_looks_after_each_kind(store, clock):
    """A record, a tombstone and events are due: a steady flow of records keeps the others from nothing."""
    old = await place(store, wish("request-old"))
    clock.ahead += timedelta(days=31)
    await keep(store)
    clock.ahead += timedelta(days=340)
    younger = await place(store, wish("request-younger"))
    await store.number_events()
    clock.ahead += timedelta(days=32)
    await Keeper(store, RETENTION).step()

    assert (None, Stage.TOMBSTONE) == (await store.find(old.key), (await store.find(younger.key)).stage)
    assert [] == await events_of(store)


async def test_only_tombstones_are_forgotten(store, clock):
    """Whatever else is as old stays: forgetting comes after erasing, never in its place."""
    whole, erased = await place(store, wish("request-whole")), await place(store, wish("request-erased"))
    await store.change(erased.key, lambda record, now: retain(record, RETENTION, now + timedelta(days=3)))
    clock.ahead += timedelta(days=1000)

    assert 0 == await store.forget(timedelta(0), STEP)
    assert {whole.key, erased.key} == {each.key for each in await store.find_many([whole.key, erased.key])}


async def test_forgetting_is_done_in_small_steps_too(store, clock):
    """At most so many tombstones at a time."""
    for number in range(3):
        await place(store, wish(f"request-{number}"))
    clock.ahead += timedelta(days=31)
    await keep(store)
    clock.ahead += timedelta(days=370)

    assert (2, 1, 0) == tuple([await store.forget(RETENTION.forget_after, 2) for _ in range(3)])


async def test_a_refusal_is_still_told_without_its_texts(store, clock):
    """Which fields, by which rules, what was not found: not what was said about them."""
    error = GatewayError(
        reasons.ERROR_REASON_PROVIDER_INVALID_INPUT,
        violations=[Violation("call.recipients[0].number", "PROVIDER", "323655**** is no number")],
        resource=Resource("flow", "SG_1"),
        provider_code="RBC3004",
        provider_message="323655**** is no number",
        http_status="200",
    )
    await place(store, wish(), Outcome(error=error, reply=REPLY))
    clock.ahead += timedelta(days=3)
    await keep(store)
    erased = (await store.find(wish().key)).to_call(RETENTION.erase_after)
    info, bad_request = details_pb2.ErrorInfo(), details_pb2.BadRequest()
    assert erased.error.details[0].Unpack(info)
    assert erased.error.details[1].Unpack(bad_request)

    assert b"is no number" not in erased.SerializeToString()
    assert ("RBC3004", "200") == (info.metadata["provider_code"], info.metadata["http_status"])
    assert [("call.recipients[0].number", "PROVIDER", "")] == [
        (each.field, each.reason, each.description) for each in bad_request.field_violations
    ]
    assert (200, "RBC3007", "") == (
        erased.provider_reply.http_status,
        erased.provider_reply.code,
        erased.provider_reply.message,
    )
    assert not erased.HasField("request")


async def test_a_tombstone_holds_what_a_repeat_is_answered_from_and_nothing_else(store, clock):
    """Key, call_id, hash, dispatch, reason, attempt, times, the provider's code, warnings."""
    error = GatewayError(
        reasons.ERROR_REASON_FLOW_NOT_FOUND,
        resource=Resource("flow", "SG_1"),
        provider_code="RBC3115",
        provider_message="flow not found",
    )
    record = await place(store, wish(), Outcome(error=error, reply=REPLY))
    clock.ahead += timedelta(days=31)
    await keep(store)
    tombstone = await store.find(record.key)
    status, info = tombstone.status(), details_pb2.ErrorInfo()
    [detail] = status.details
    assert detail.Unpack(info)

    assert "ERROR_REASON_FLOW_NOT_FOUND" == info.reason
    assert {
        "dispatch": "DISPATCH_REJECTED",
        "retry": "RETRY_ADVICE_NEW_REQUEST_ID",
        "request_id": record.request_id,
        "call_id": record.call_id,
        "provider_code": "RBC3115",
    } == dict(info.metadata)
    assert ProviderReply(code="RBC3007") == ProviderReply.FromString(tombstone.reply)
    assert (b"", b"", "") == (tombstone.request, tombstone.resolution, tombstone.owner)
    kept = ("call_id", "request_hash", "dispatch", "attempt", "is_free", "created", "updated", "warnings")
    assert [getattr(record, name) for name in kept] == [getattr(tombstone, name) for name in kept]


async def test_a_repeat_of_a_tombstone_dials_nothing(store, clock):
    """The same request is answered by it, and so is another one, until it is forgotten."""
    record = await place(store, wish())
    clock.ahead += timedelta(days=399)
    await keep(store)
    same, another = await reserve(store, wish()), await reserve(store, wish(custom="another"))

    assert (False, DISPATCH_ACCEPTED) == (same.is_mine, same.record.dispatch)
    assert (False, record.call_id) == (another.is_mine, another.record.call_id)
    assert transitions.is_same(same.record, record.request)
    assert not transitions.is_same(same.record, wish(custom="another").request)


async def test_a_call_says_when_it_is_erased(store, clock):
    """As long as it is whole: when it will be; then: when it was; and nothing while nobody knows its outcome."""
    unknown = await place(store, wish("request-unknown"), UNKNOWN)
    record = await place(store, wish())
    planned = record.to_call(RETENTION.erase_after).erase_time.ToMicroseconds()
    clock.ahead += timedelta(days=5)
    await keep(store)
    erased = await store.find(record.key)

    assert (record.updated + timedelta(days=2)).timestamp() * 1e6 == planned
    assert erased.erased.timestamp() * 1e6 == erased.to_call(RETENTION.erase_after).erase_time.ToMicroseconds()
    assert timedelta(days=5) <= erased.erased - record.updated < timedelta(days=6)
    assert not unknown.to_call(RETENTION.erase_after).HasField("erase_time")
    assert not record.to_call().HasField("erase_time")


async def test_it_is_still_told_how_many_were_called_when_nothing_was_heard_of_them(store, clock):
    """Without numbers, and only where phones may have rung."""
    two = [{"number": "+13236550107"}, {"number": "+13236550108"}]
    record = await place(store, wish(recipients=two))
    refused = await place(store, wish("request-refused", recipients=two), THROTTLED)
    clock.ahead += timedelta(days=5)
    await keep(store)
    erased, nobody = [await store.find(each.key) for each in (record, refused)]

    assert 2 * [RecipientOutcome(state=RECIPIENT_STATE_WAITING)] == list(erased.to_call().recipients)
    assert ([], b"") == (list(nobody.to_call().recipients), nobody.outcomes)


def test_retention_is_set_in_days():
    """Numbers and texts go with the record unless they are to go earlier."""
    days = [timedelta(days=days) for days in (30, 400, 7)]

    assert Retention(erase_after=days[0], entomb_after=days[0], forget_after=days[1]) == Retention.of(Ledger())
    assert days[2] == Retention.of(Ledger(erase_days=7)).erase_after


async def test_nothing_that_was_erased_lingers_in_the_files(tmp_path, clock):
    """SQLite overwrites what it deletes, and its log is emptied: whoever reads the disk finds no number."""
    store = SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=clock)
    await store.open()
    await place(store, wish(custom="C-5551234", recipients=[{"number": "+13236550199"}]))
    before = on_disk(tmp_path)
    clock.ahead += timedelta(days=3)
    await keep(store)
    after = on_disk(tmp_path)
    await store.close()
    secrets = (b"3236550199", b"C-5551234", b"for +1323")

    assert [True] * 3 == [secret in before for secret in secrets]
    assert [False] * 3 == [secret in after for secret in secrets]


def on_disk(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir())
