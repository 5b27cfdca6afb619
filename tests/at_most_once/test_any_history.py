"""Any history of requests, faults, crashes and restarts, against a small model of what must come of it.

The model knows one sentence: an id is dialed when nothing is recorded of it, or when what is recorded is free and of
the same request. It predicts each answer, each record and the number of POSTs.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import faults
import pytest
from faulty_store import (
    Fault,
    FaultyStore,
    gateway_on,
    nobody_is_told,
    nobody_is_told_and_stays_down,
    nothing_is_written,
    stays_down,
)
from gateway_under_test import TO_A_FLOW, GatewayUnderTest, place_call_request, refusal_of
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from raw_provider import ACCEPTED, REFUSED, Behavior, RawProvider, reply

from gateway.clock import utc_now
from gateway.ledger import guarded_store, upkeep
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Store
from voicegateway.v1.outbound_call_pb2 import Dispatch
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest

CONTENTS = [dict(TO_A_FLOW), dict(TO_A_FLOW) | {"recipients": [{"number": "+13236550108"}]}]
_HISTORIES = count(1)

# What the model knows


@dataclass(frozen=True)
class Recorded:
    """A record as the model has it: of which content, and what it answers."""

    content: int
    dispatch: str
    reason: str = ""
    is_free: bool = False


@dataclass(frozen=True)
class Answer:
    """What a caller reads: no reason is an acceptance."""

    reason: str
    dispatch: str
    is_replay: bool = False


LEDGER_UNAVAILABLE = Answer("LEDGER_UNAVAILABLE", "")
GIVEN_BACK = ("NOT_SENT", "LEDGER_UNAVAILABLE", True)
UNKNOWN = ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", False)


@dataclass(frozen=True)
class Fate:
    """What the provider does with a POST, and what comes of it."""

    name: str
    behavior: Behavior | None
    dispatch: str
    reason: str = ""
    is_free: bool = False


FATES = [
    Fate("accepts", faults.says(reply(ACCEPTED)), "ACCEPTED"),
    Fate("refuses", faults.says(reply(REFUSED)), "REJECTED", "BRIDGE_NOT_FOUND"),
    Fate("throttles", faults.says(reply({}, 429)), "REJECTED", "PROVIDER_THROTTLED", is_free=True),
    Fate("says nothing", faults.closes_after_reading, "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"),
    Fate("is not there", None, "NOT_SENT", "PROVIDER_UNREACHABLE", is_free=True),
]

PLANS: dict[str, list[Fault | None]] = {
    "works": [],
    "loses the reservation": [nothing_is_written],
    "keeps the reservation to itself": [nobody_is_told],
    "keeps it to itself and is down": [nobody_is_told_and_stays_down],
    "loses the verdict": [None, nothing_is_written],
    "keeps the verdict to itself": [None, nobody_is_told],
    "is down from the verdict on": [None, stays_down],
}

KEPT = ("keeps the reservation to itself", "keeps it to itself and is down")


@dataclass(frozen=True)
class Place:
    """A request arrives."""

    request: int
    content: int
    fate: Fate
    ledger: str


@dataclass(frozen=True)
class Heal:
    """The ledger works again, and what was left to be written is."""


@dataclass(frozen=True)
class Crash:
    """The gateway stops without finishing anything, and another starts on the same ledger."""


STEPS = st.one_of(
    st.builds(
        Place, st.integers(0, 1), st.sampled_from([0, 0, 0, 1]), st.sampled_from(FATES), st.sampled_from([*PLANS])
    ),
    st.builds(Place, st.integers(0, 1), st.just(0), st.sampled_from(FATES), st.just("works")),
    st.just(Heal()),
    st.just(Crash()),
)


@dataclass
class Model:
    """Predicts.

    Attributes:
        unwritten: What is to be written when the ledger works again: a verdict that was told, or a release.
    """

    records: dict[int, Recorded] = field(default_factory=dict)
    unwritten: dict[int, Recorded] = field(default_factory=dict)
    posts: int = 0
    is_down: bool = False

    def place(self, step: Place) -> Answer:
        """What a request is answered."""
        record = self.records.get(step.request)
        if self.is_down or step.ledger == "loses the reservation":
            return self._read(step, record)
        dials = record is None or (record.is_free and record.content == step.content)
        if step.ledger in KEPT:
            return self._kept(step, record, dials=dials)
        if record is None or dials:
            return self._dialed(step)
        return self._replayed(step, record)

    def _read(self, step: Place, record: Recorded | None) -> Answer:
        """What is answered where nothing can be written: whatever has ended, and needs no new attempt."""
        if record is None or record.is_free or record.dispatch == "SENDING":
            return LEDGER_UNAVAILABLE
        return self._replayed(step, record)

    def _replayed(self, step: Place, record: Recorded) -> Answer:
        if record.content != step.content:
            return Answer("REQUEST_ID_REUSED", record.dispatch)
        return Answer(record.reason, record.dispatch, is_replay=True)

    def _kept(self, step: Place, record: Recorded | None, *, dials: bool) -> Answer:
        self.is_down = step.ledger == "keeps it to itself and is down"
        if dials:
            self._sending(step, Recorded(step.content, *GIVEN_BACK))
        if not self.is_down:
            self.heal()
        return LEDGER_UNAVAILABLE if dials else self._read(step, record)

    def _dialed(self, step: Place) -> Answer:
        fate = step.fate
        self.posts += fate.behavior is not None
        outcome = Recorded(step.content, fate.dispatch, fate.reason, fate.is_free)
        if step.ledger == "is down from the verdict on":
            self.is_down = True
            self._sending(step, outcome)
        else:
            self.records[step.request] = outcome
        return Answer(fate.reason, fate.dispatch)

    def _sending(self, step: Place, unwritten: Recorded) -> None:
        self.records[step.request] = Recorded(step.content, "SENDING")
        self.unwritten[step.request] = unwritten

    def heal(self) -> None:
        """What could not be written is."""
        self.records |= self.unwritten
        self.crash()

    def crash(self) -> None:
        """What is not written by now never will be: nobody can say any more."""
        self.is_down = False
        self.unwritten.clear()
        for request, record in self.records.items():
            if record.dispatch == "SENDING":
                self.records[request] = Recorded(record.content, *UNKNOWN)


# What is done in truth


class Door:
    """The provider's address, where it is there or not; the port is never given up meanwhile."""

    def __init__(self, provider: RawProvider) -> None:
        self._provider = provider
        self._kept = _bound(0)
        self._port = self._kept.getsockname()[1]
        self._server: asyncio.Server | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    async def set(self, behavior: Behavior | None) -> None:
        """Lets the provider behave so; None closes the door."""
        if behavior is None:
            self.close()
            return
        self._provider.behave(behavior)
        if self._server is None:
            self._server = await asyncio.start_server(self._provider._accept, sock=_bound(self._port))

    def close(self) -> None:
        """Closes it, and keeps the port."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def tear_down(self) -> None:
        self.close()
        self._kept.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


@dataclass
class World:
    """A gateway, its ledger and its provider, for one history."""

    make_store: Callable[[], Store]
    door: Door
    provider: RawProvider
    pass_time: Callable[[], None]
    name: str = field(default_factory=lambda: f"history-{next(_HISTORIES):06}")

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[tuple[GatewayUnderTest, FaultyStore]]:
        store = FaultyStore(self.make_store())
        async with gateway_on(store, self.door.url, {}) as up:
            yield up, store

    async def lived(self, steps: list[Any]) -> None:
        """Lives a history, life by life of a gateway, and holds each step against the model."""
        model, rest, before = Model(), list(steps), len(self.provider.posts)
        while rest:
            async with self.gateway() as (gateway, store):
                await self._agree(gateway, model)
                while rest and not isinstance(rest[0], Crash):
                    await self._live(rest.pop(0), gateway, store, model)
                    await self._agree(gateway, model)
                    assert before + model.posts == len(self.provider.posts)
            rest = rest[1:]
            model.crash()
            self.pass_time()
        async with self.gateway() as (gateway, _):
            await self._agree(gateway, model)
        assert before + model.posts == len(self.provider.posts)

    async def _live(self, step: Any, gateway: GatewayUnderTest, store: FaultyStore, model: Model) -> None:
        if isinstance(step, Heal):
            store.is_down = False
            await gateway.gateway.ledger.guarded.settled()
            model.heal()
            return
        await self.door.set(step.fate.behavior)
        store.plan = list(PLANS[step.ledger])
        expected, actual = model.place(step), await self._placed(step, gateway)
        store.plan = []
        event(actual.reason or "accepted")
        if not store.is_down:
            await gateway.gateway.ledger.guarded.settled()
        assert expected == actual

    async def _placed(self, step: Place, gateway: GatewayUnderTest) -> Answer:
        request = place_call_request(CONTENTS[step.content], requestId=self._id(step.request))
        rpc = asyncio.ensure_future(gateway.stub.PlaceCall(request, timeout=30))
        await asyncio.wait({rpc})
        if rpc.exception() is None:
            return Answer("", _name(rpc.result().call.dispatch), is_replay=rpc.result().replayed)
        error = await refusal_of(rpc)
        return Answer(error.reason, error.dispatch, is_replay="replayed" in error.info.metadata)

    async def _agree(self, gateway: GatewayUnderTest, model: Model) -> None:
        """Holds the records against the model; an owner's death is noticed by a sweep, which is waited for."""
        for request in range(2):
            expected = model.records.get(request)
            async with asyncio.timeout(60):
                while (actual := await self._recorded(gateway, request)) != _as_read(expected):
                    assert actual is not None
                    assert "SENDING" == actual[0]
                    await asyncio.sleep(0.02)

    async def _recorded(self, gateway: GatewayUnderTest, request: int) -> tuple[str, str] | None:
        rpc = asyncio.ensure_future(gateway.stub.GetCall(GetCallRequest(request_id=self._id(request)), timeout=30))
        await asyncio.wait({rpc})
        if rpc.exception() is not None:
            assert "CALL_NOT_FOUND" == (await refusal_of(rpc)).reason
            return None
        call = rpc.result().call
        return _name(call.dispatch), call.request.recipients[0].number

    def _id(self, request: int) -> str:
        return f"{self.name}-{request}"


def _as_read(record: Recorded | None) -> tuple[str, str] | None:
    if record is None:
        return None
    return record.dispatch, CONTENTS[record.content]["recipients"][0]["number"]


def _name(dispatch: Dispatch.ValueType) -> str:
    return Dispatch.Name(dispatch).removeprefix("DISPATCH_")


@pytest.fixture
def _hurried(monkeypatch):
    """What is repeated is repeated soon."""
    monkeypatch.setattr(upkeep, "SWEEP_EVERY", 0.02)
    monkeypatch.setattr(guarded_store, "LONGEST_PAUSE", timedelta(milliseconds=5))


@pytest.fixture
async def door(provider) -> AsyncIterator[Door]:
    """The way to the provider."""
    door = Door(provider)
    yield door
    door.tear_down()


class Clock:
    """The ledger's clock: it can be a while later."""

    ahead = timedelta(0)

    def pass_time(self) -> None:
        self.ahead += timedelta(minutes=1)


any_history = given(steps=st.lists(STEPS, min_size=1, max_size=14))
options = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.usefixtures("_hurried")
@settings(options, max_examples=35)
@any_history
async def test_any_history_with_sqlite(door, provider, tmp_path: Path, steps):
    """Whatever happens in whatever order: the model's answers, the model's records, the model's POSTs."""

    def make_store() -> Store:
        return SqliteStore(tmp_path / "ledger.db", create=True, in_flight=lambda: 0, now=utc_now)

    await World(make_store, door, provider, pass_time=lambda: None).lived(steps)


@pytest.mark.usefixtures("_hurried")
@settings(options, max_examples=10)
@any_history
async def test_any_history_with_postgresql(door, provider, database, steps):
    """The same on the shared ledger, where a dead owner is known by its time only."""
    clock = Clock()

    def make_store() -> Store:
        return PostgresqlStore(database, create=True, ahead=lambda: clock.ahead)

    await World(make_store, door, provider, pass_time=clock.pass_time).lived(steps)
