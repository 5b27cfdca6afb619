"""Those who follow calls: by hand with a plain stub, and with the client's help."""

import asyncio
from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import grpc
import grpc.aio

from voicegateway.v1.outbound_call_service_pb2 import CallEvent, WatchCallsRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub


@dataclass
class Follower:
    """One of them.

    Attributes:
        events: What was told, in order.
        breaks: How each stream that did not end well ended; only who follows by hand knows.
        is_over: Whether a stream has ended well.
    """

    events: list[CallEvent] = field(default_factory=list)
    breaks: list[grpc.StatusCode] = field(default_factory=list)
    is_over: bool = False

    @property
    def sequences(self) -> list[int]:
        """The sequences of the events."""
        return [event.sequence for event in self.events]

    @property
    def newest(self) -> int:
        """The sequence that was told last; 0 before the first."""
        return self.events[-1].sequence if self.events else 0

    async def by_hand(self, stub: OutboundCallServiceStub, call_id: str = "") -> None:
        """Follows a call, or the account, from its beginning; a new stream begins after the last event of the old one.

        All that arrives is written down, so that an event that is told twice is seen.
        """
        while not self.is_over:
            stream = stub.WatchCalls(WatchCallsRequest(call_id=call_id or None, after_sequence=self.newest))
            with suppress(grpc.aio.AioRpcError):
                async for response in stream:
                    if response.HasField("event"):
                        self.events.append(response.event)
            self.is_over = await stream.code() is grpc.StatusCode.OK
            if not self.is_over:
                self.breaks.append(await stream.code())
                await asyncio.sleep(0.05)

    async def helped(self, watch: AsyncIterable[CallEvent]) -> None:
        """Follows what the client hands out, which goes on by itself."""
        async for event in watch:
            self.events.append(event)
        self.is_over = True

    def helped_in_a_thread(self, watch: Iterable[CallEvent]) -> None:
        """The same in a program without asyncio."""
        for event in watch:
            self.events.append(event)
        self.is_over = True
