"""Callers who place calls through the front, and many who follow what becomes of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import grpc.aio
from followers import Follower
from meshes import Mesh, insisting
from replicas import numbered
from reporting_phones import Phones
from waiting import until

from voicegateway.v1.outbound_call_service_pb2 import CallEvent, WatchCallsRequest
from voicegateway_client import open_aio_channel, open_channel, watch_call_aio, watch_calls, watch_calls_aio

CALLERS = 4
PAUSE = 0.2
"""Seconds between two calls of a caller."""

BY_HAND, HELPED = 4, 2
"""How many follow the account."""


@dataclass
class Audience:
    """All of them.

    Attributes:
        by_hand: Who follow the account from its beginning, by hand.
        helped: The same with the client's help; the last one without asyncio.
        calls: Who follow one call, by hand and with help, by its id.
    """

    mesh: Mesh
    phones: Phones
    by_hand: list[Follower] = field(default_factory=list)
    helped: list[Follower] = field(default_factory=list)
    calls: dict[str, tuple[Follower, Follower]] = field(default_factory=dict)
    _following: list[asyncio.Future[None]] = field(default_factory=list)
    _ended: bool = False

    @classmethod
    @asynccontextmanager
    async def of(cls, mesh: Mesh, phones: Phones) -> AsyncIterator["Audience"]:
        """Calls and follows during the block; at its end everything is followed to its own end."""
        audience = cls(mesh, phones)
        async with AsyncExitStack() as stack:
            channel = await stack.enter_async_context(open_aio_channel(mesh.address))
            watching = await audience._follow_account(channel, stack)
            calls = asyncio.create_task(audience._follow_calls(channel, stack))
            numbers = count(1)
            calling = [asyncio.create_task(audience._call(numbers)) for _ in range(CALLERS)]
            yield audience
            audience._ended = True
            await asyncio.gather(*calling)
            await phones.are_silent()
            await asyncio.wait_for(calls, 60)
            await asyncio.wait_for(asyncio.gather(*audience._following), 60)
            newest = await audience.newest()
            await until(lambda: all(each.newest >= newest for each in audience.accounts), 60)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    @property
    def accounts(self) -> list[Follower]:
        """All who follow the account."""
        return self.by_hand + self.helped

    async def hears(self, news: int) -> None:
        """Waits until everybody who follows the account has heard so many events more than anybody has by now."""
        newest = max(each.newest for each in self.accounts) + news
        await until(lambda: all(each.newest >= newest for each in self.accounts), 60)

    async def newest(self) -> int:
        """The newest sequence: who follows from now on is told it first."""
        stream = self.mesh.stub.WatchCalls(WatchCallsRequest())
        first = await stream.read()
        stream.cancel()
        return first.heartbeat.sequence

    async def _follow_account(self, channel: grpc.aio.Channel, stack: AsyncExitStack) -> list[asyncio.Future[None]]:
        self.by_hand = [Follower() for _ in range(BY_HAND)]
        self.helped = [Follower() for _ in range(HELPED)]
        threaded = watch_calls(stack.enter_context(open_channel(self.mesh.address)), after_sequence=0, first_wait=0.05)
        watch = await stack.enter_async_context(watch_calls_aio(channel, after_sequence=0, first_wait=0.05))
        stack.callback(threaded.close)
        return [
            *(asyncio.ensure_future(each.by_hand(self.mesh.stub)) for each in self.by_hand),
            asyncio.ensure_future(self.helped[0].helped(watch)),
            asyncio.ensure_future(asyncio.to_thread(self.helped[1].helped_in_a_thread, threaded)),
        ]

    async def _follow_calls(self, channel: grpc.aio.Channel, stack: AsyncExitStack) -> None:
        """Follows each call from when its phone rings."""
        while not (self._ended and self.phones.rang.empty()):
            try:
                async with asyncio.timeout(0.5):
                    call_id = await self.phones.rang.get()
            except TimeoutError:
                continue
            watch = await stack.enter_async_context(watch_call_aio(channel, call_id=call_id, first_wait=0.05))
            by_hand, helped = self.calls[call_id] = Follower(), Follower()
            self._following.append(asyncio.ensure_future(by_hand.by_hand(self.mesh.stub, call_id)))
            self._following.append(asyncio.ensure_future(helped.helped(watch)))

    async def _call(self, numbers: "count[int]") -> None:
        while not self._ended:
            await insisting(self.mesh.stub, numbered(next(numbers)))
            await asyncio.sleep(PAUSE)


def about(call_id: str, events: list[CallEvent]) -> list[CallEvent]:
    """Those of the events that are about a call."""
    return [event for event in events if event.call_id == call_id]
