"""`kill -9` at any moment, again and again, under load: no second call, and nothing that was told is lost.

Callers repeat each request until it has a final answer, whatever dies under them. On SQLite one server follows the
other; on PostgreSQL two replicas are killed in turn, and the next one finds what the dead have left.
"""

import asyncio
import random
import signal
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Self

from gateway_under_test import Refusal
from nursery import Child
from raw_provider import ACCEPTED, REFUSED, Connection, reply
from replicas import answer_of, dispatch_of, number_in, numbered, recorded, told

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse

KILLS = 50
CALLERS = 40
BRIEF = {"connect_timeout": 0.5, "reply_timeout": 0.5}
"""On PostgreSQL an attempt whose owner is dead is given up after two and a half seconds."""

FINAL = {"OK", "BRIDGE_NOT_FOUND", "OUTCOME_UNKNOWN"}
"""What is told again and again. All else advises to repeat."""


@dataclass
class Phones:
    """The provider's side: what each number's POSTs came to, in their order; None while that is not decided."""

    random: random.Random
    posts: dict[int, list[str | None]] = field(default_factory=lambda: defaultdict(list))

    async def __call__(self, connection: Connection) -> None:
        """Accepts most, refuses some, throttles some once or twice; and takes its time."""
        while True:
            number = number_in(await connection.receive())
            rings = self.posts[number]
            rings.append(None)
            post = len(rings)
            await asyncio.sleep(self.random.random() * 0.04)
            rings[post - 1], document, status = self._word(number, post)
            await connection.send(reply(document, status))

    def _word(self, number: int, post: int) -> tuple[str, object, int]:
        if number % 5 == 0 and post < 3:
            return "throttled", {}, 429
        if number % 7 == 0:
            return "refused", REFUSED, 200
        return "accepted", ACCEPTED, 200

    def rang_twice(self) -> dict[int, list[str | None]]:
        """The numbers to which a POST came after one that was not throttled, for all that the provider knows."""
        return {
            number: rings
            for number, rings in self.posts.items()
            if [each for each in rings[:-1] if each != "throttled"]
        }


@dataclass
class Callers:
    """Those who call, and what each was told."""

    pick: Callable[[], Child]
    told: dict[int, list[PlaceCallResponse | Refusal]] = field(default_factory=lambda: defaultdict(list))
    closing: bool = False
    _number: int = 0

    async def call(self) -> None:
        """Places one call after the other, each until it has a final answer."""
        while not self.closing:
            self._number += 1
            await self.one(self._number)

    async def one(self, number: int) -> None:
        """Repeats a request until it has a final answer."""
        while True:
            answer = await answer_of(self.pick().stub.PlaceCall(numbered(number), timeout=60))
            self.told[number].append(answer)
            if told(answer)[0] in FINAL:
                return
            await asyncio.sleep(0.02)


class Servers:
    """Gateways on one ledger: one on SQLite, two on PostgreSQL; whichever is killed is followed by another."""

    def __init__(self, start: Callable[[], AbstractAsyncContextManager[Child]], chance: random.Random) -> None:
        self._start = start
        self._random = chance
        self._stack = AsyncExitStack()
        self._running: list[Child] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def any(self) -> Child:
        return self._random.choice(self._running)

    async def one_more(self) -> Child:
        """Starts a gateway; callers find it."""
        child = await self._stack.enter_async_context(self._start())
        self._running.append(child)
        return child

    async def kill_at_random(self) -> None:
        """Kills one after a while, and starts the next."""
        await asyncio.sleep(0.02 + self._random.random() * 0.15)
        dying = self.any()
        dying.send(signal.SIGKILL)
        await dying.exit_status()
        await self.one_more()
        self._running.remove(dying)


async def test_no_second_call_and_nothing_lost(nursery, provider, ledger):
    """After every kill each id has one final answer, the same for ever; what was accepted stays, and rang once."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    chance = random.Random(seed)
    phones = Phones(chance)
    provider.behave(phones)

    async with Servers(lambda: nursery.child(provider.url, ledger, provider=BRIEF), chance) as servers:
        for _ in range(1 if ledger["url"].startswith("sqlite") else 2):
            await servers.one_more()
        callers = Callers(servers.any)
        calling = [asyncio.create_task(callers.call()) for _ in range(CALLERS)]
        for _ in range(KILLS):
            await servers.kill_at_random()
        callers.closing = True
        await asyncio.gather(*calling)
        last = servers.any()
        posts = {number: len(rings) for number, rings in phones.posts.items()}
        final = {number: await answer_of(last.stub.PlaceCall(numbered(number), timeout=60)) for number in callers.told}
        records = {number: await recorded(last.stub, numbered(number).request_id) for number in callers.told}

    assert {} == phones.rang_twice()
    assert posts == {number: len(rings) for number, rings in phones.posts.items()}
    assert [] == [
        number for number, answer in final.items() if told(answer) != (told(callers.told[number][-1])[0], True)
    ]
    for number, answers in callers.told.items():
        accepted = [answer.call for answer in [*answers, final[number]] if isinstance(answer, PlaceCallResponse)]
        assert [records[number]] * len(accepted) == accepted
        assert dispatch_of(records[number]) in standing(phones.posts[number])
    kinds = {told(answer)[0] for answer in final.values()}
    assert {"OK"} <= kinds <= FINAL


def standing(rings: list[str | None]) -> set[str]:
    """What a record may say of a call with which the provider did this: never less than the truth."""
    truth = {"accepted": "ACCEPTED", "refused": "REJECTED"}
    return {"OUTCOME_UNKNOWN"} | {truth[word] for word in rings[-1:] if word in truth}
