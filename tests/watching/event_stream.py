"""A stream of WatchCalls as its reader sees it, and events in a few words."""

import asyncio
from typing import Any

import grpc.aio

from voicegateway.v1.outbound_call_pb2 import Dispatch, Disposition, RecipientOutcome, RecipientState
from voicegateway.v1.outbound_call_service_pb2 import CallEvent, CallEventType, WatchCallsResponse

WITHIN = 60
"""Seconds in which whatever is waited for has come."""


class EventStream:
    """Reads one stream.

    Attributes:
        responses: All that was read, heartbeats too.
    """

    def __init__(self, rpc: Any) -> None:
        self.rpc = rpc
        self.responses: list[WatchCallsResponse] = []

    async def response(self, within: float = WITHIN) -> WatchCallsResponse | None:
        """Reads the next response; None when the stream has ended with OK."""
        async with asyncio.timeout(within):
            response = await self.rpc.read()
        if response is grpc.aio.EOF:
            return None
        self.responses.append(response)
        return response

    async def heartbeat(self) -> int:
        """Reads the next response, which is a heartbeat; returns its sequence."""
        response = await self.response()
        assert response is not None
        assert response.WhichOneof("response") == "heartbeat"
        return response.heartbeat.sequence

    async def event(self) -> CallEvent:
        """Reads on to the next event."""
        async with asyncio.timeout(WITHIN):
            while response := await self.response():
                if response.HasField("event"):
                    return response.event
        raise AssertionError("the stream has ended")

    async def events(self, count: int) -> list[CallEvent]:
        """Reads so many events."""
        return [await self.event() for _ in range(count)]

    async def rest(self) -> list[CallEvent]:
        """Reads to the end, which has to be OK; returns the events."""
        begins = len(self.responses)
        async with asyncio.timeout(3 * WITHIN):  # heartbeats alone would have no end
            while await self.response():
                pass
        return [each.event for each in self.responses[begins:] if each.HasField("event")]

    async def leave(self) -> None:
        """Cancels the stream, and waits until the client's side knows."""
        self.rpc.cancel()
        await self.rpc.code()


def in_words(event: CallEvent) -> str:
    """What an event says: `CREATED SENDING`, or `RECIPIENT_CHANGED ...0107 ENDED BUSY`."""
    kind = CallEventType.Name(event.type).removeprefix("CALL_EVENT_TYPE_")
    if event.HasField("recipient"):
        return f"{kind} {outcome_in_words(event.recipient)}"
    return f"{kind} {Dispatch.Name(event.dispatch).removeprefix('DISPATCH_')}"


def outcome_in_words(outcome: RecipientOutcome) -> str:
    """How far a recipient's call got: `...0107 RINGING`, `...0107 ENDED BUSY`, `...0107 WAITING stale`."""
    words = [f"...{outcome.recipient.number[-4:]}", RecipientState.Name(outcome.state).removeprefix("RECIPIENT_STATE_")]
    if outcome.disposition:
        words.append(Disposition.Name(outcome.disposition).removeprefix("DISPOSITION_"))
    if outcome.stale:
        words.append("stale")
    return " ".join(words)


def story(events: list[CallEvent]) -> list[str]:
    """Events in a few words each."""
    return [in_words(event) for event in events]
