"""Gateways on one ledger behind an Envoy, and callers who repeat what they may."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio
from envoys import LOOPBACK, Document, Edit, Envoy, at, placed, running_envoy, shipped
from free_ports import free_ports
from gateway_under_test import Refusal
from nursery import Child, Nursery
from raw_provider import RawProvider
from replicas import answer_of, number_in, numbered, told

from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

BRIEF: Mapping[str, Any] = {"connect_timeout": 0.5, "reply_timeout": 1.0}
"""An attempt whose owner is dead is given up after three seconds."""


def notices_silence(document: Document) -> None:
    """Has Envoy leave out a gateway that stands still, as shipped."""
    _health_check(document)["timeout"] = "1s"


def _bears_silence(document: Document) -> None:
    """Has Envoy wait for a gateway on a machine that is busy: it would have no other to send a call to."""
    _health_check(document)["timeout"] = "30s"


def _health_check(document: Document) -> dict[str, Any]:
    [cluster] = document["static_resources"]["clusters"]
    [check] = cluster["health_checks"]
    return check


@dataclass
class Mesh:
    """Places for gateways, and the front Envoy before them.

    Attributes:
        ports: Where the gateways listen, one a place.
        receivers: Where those that take reports take them, one a place.
        envoy: The front.
        stub: A caller's, to the front.
    """

    nursery: Nursery
    provider: RawProvider
    ledger: Mapping[str, Any]
    folder: Path
    stack: AsyncExitStack
    ports: list[int] = field(default_factory=list)
    receivers: list[int] = field(default_factory=list)
    envoy: Envoy = field(init=False)
    channel: grpc.aio.Channel = field(init=False)
    stub: OutboundCallServiceStub = field(init=False)
    _front: AsyncExitStack = field(default_factory=AsyncExitStack)
    _document: Document = field(default_factory=dict)
    _place: int = field(init=False)

    def __post_init__(self) -> None:
        self._place, *free = free_ports(5)
        self.ports, self.receivers = free[:2], free[2:]
        self.stack.push_async_exit(self._front)

    async def gateway(self, place: int, step: str = "", signals: tuple[str, ...] = (), **settings: Any) -> Child:
        """Starts a gateway at a place, which sends itself signals at a step."""
        listen = f"{LOOPBACK}:{self.ports[place]}"
        whole = {"provider": dict(BRIEF), "listen": listen} | settings
        ledger = whole.pop("ledger", self.ledger)
        child = self.nursery.child(self.provider.url, ledger, step, signals, **whole)
        return await self.stack.enter_async_context(child)

    async def reporting(self, place: int, **settings: Any) -> Child:
        """Starts a gateway at a place, which takes reports, too."""
        receiver = {"listen": f"{LOOPBACK}:{self.receivers[place]}", "public_url": "https://calls.example.com"}
        return await self.gateway(place, **{"receiver": receiver | settings.pop("receiver", {})} | settings)

    async def front(self, edit: Edit = lambda _: None, file: str = "front.yaml") -> Envoy:
        """Starts the front Envoy, and a caller's channel to it."""
        self._document = placed(shipped(file), self.ports)
        at(self._document, self._place)
        _bears_silence(self._document)
        edit(self._document)
        self.envoy = await self._front.enter_async_context(running_envoy(self._document, self.folder))
        self.channel = await self.stack.enter_async_context(grpc.aio.insecure_channel(self.address))
        self.stub = OutboundCallServiceStub(self.channel)
        return self.envoy

    async def front_again(self) -> None:
        """Ends the front with all that it passes on, and starts it again at the same address."""
        await self._front.aclose()
        self.envoy = await self._front.enter_async_context(running_envoy(self._document, self.folder))

    @property
    def address(self) -> str:
        """Where the front listens, HOST:PORT."""
        [address] = self.envoy.addresses.values()
        return address

    @property
    def url(self) -> str:
        """Where the front takes HTTP."""
        return f"http://{self.address}"

    async def both(self, **settings: Any) -> list[Child]:
        """Starts two gateways and the front, and waits until it finds them."""
        children = [await self.gateway(place, **settings) for place in (0, 1)]
        await self.front()
        await self.envoy.finds(*self.ports)
        return children

    async def answer(self, number: int, timeout: float = 30) -> PlaceCallResponse | Refusal:
        """Asks once."""
        return await answer_of(self.stub.PlaceCall(numbered(number), timeout=timeout))


Answers = list[PlaceCallResponse | Refusal]


async def insisting(stub: OutboundCallServiceStub, request: PlaceCallRequest, timeout: float = 30) -> Answers:
    """Repeats a request, as a caller of any language may, until its answer is final; returns all answers."""
    answers: Answers = []
    async with asyncio.timeout(120):
        while True:
            answer = await answer_of(stub.PlaceCall(request, timeout=timeout))
            answers.append(answer)
            if not may_repeat(answer):
                return answers
            await asyncio.sleep(0.05)


def may_repeat(answer: PlaceCallResponse | Refusal) -> bool:
    """Whether the contract lets a caller repeat: where it is advised, and where the gateway has not spoken."""
    if isinstance(answer, PlaceCallResponse):
        return False
    return answer.info is None or answer.retry == "REPEAT"


async def crowd(stub: OutboundCallServiceStub, ids: int, each: int = 2, timeout: float = 30) -> dict[int, Answers]:
    """Several callers insist on each of several requests, all at once; returns the answers by number."""
    numbers = [number for _ in range(each) for number in range(1, ids + 1)]  # in turns, so each gateway has some
    found = await asyncio.gather(*(insisting(stub, numbered(number), timeout) for number in numbers))
    answers: dict[int, Answers] = {number: [] for number in numbers}
    for number, more in zip(numbers, found, strict=True):
        answers[number] += more
    return answers


def finals(answers: Mapping[int, Answers]) -> dict[int, set[str]]:
    """What was told as final of each number."""
    return {number: {told(each)[0] for each in every if not may_repeat(each)} for number, every in answers.items()}


def posts_by_number(provider: RawProvider) -> Counter[int]:
    """How many POSTs came for each number."""
    return Counter(number_in(post) for post in provider.posts)


def agrees(answers: Mapping[int, Answers], provider: RawProvider) -> bool:
    """One story a number, told to all, with at most one POST; exactly one where the call was accepted."""
    stories, posts = finals(answers), posts_by_number(provider)
    return all(
        len(story) == 1 and posts[number] <= 1 and (posts[number] == 1 or story != {"OK"})
        for number, story in stories.items()
    )
