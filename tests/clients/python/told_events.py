"""Follows a call of a case through the client package, and lists where what is told is not as the case says."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from comparison import unlike
from google.protobuf.json_format import MessageToDict

from voicegateway.v1.outbound_call_service_pb2 import WatchCallsRequest
from voicegateway_client import CallError, watch_call_aio, watch_calls_aio

Json = Mapping[str, Any]


@dataclass
class Told:
    """What a watch told, and the error that it ended with; None when it ended by itself."""

    events: list[Json] = field(default_factory=list)
    error: CallError | None = None

    @property
    def sequences(self) -> list[str]:
        return [event["sequence"] for event in self.events]

    def differences(self, expect: Json) -> Iterator[str]:
        """Where the events are not as expected; the error is compared elsewhere."""
        yield from unlike_events(expect.get("events", []), self.events)
        yield from unlike_recipients(expect.get("recipients", {}), self.events)
        numbers = [int(sequence) for sequence in self.sequences]
        if numbers != sorted(set(numbers)):
            yield f"the sequences do not grow: {numbers}"


async def watched(channel: grpc.aio.Channel, request: WatchCallsRequest, deadline: float) -> Told:
    """Follows a call to its end, or for so many seconds."""
    told, lookup = Told(), request.WhichOneof("lookup")
    after = request.after_sequence if request.HasField("after_sequence") else None
    where: dict[str, Any] = {"account": request.account, "after_sequence": after}
    if lookup is None:
        watch = watch_calls_aio(channel, **where)
    else:
        watch = watch_call_aio(channel, **where, **{lookup: getattr(request, lookup)})
    try:
        async with watch, asyncio.timeout(deadline):
            async for event in watch:
                told.events.append(MessageToDict(event, preserving_proto_field_name=True))
    except CallError as error:
        told.error = error
    except TimeoutError:
        told.error = CallError(grpc.StatusCode.DEADLINE_EXCEEDED, "it has not ended by itself")
    return told


def unlike_events(expected: Sequence[Json], told: Sequence[Json]) -> Iterator[str]:
    """In this order, with others between them; the first is the first that is told, and the last is the last."""
    if expected and told:
        yield from unlike(expected[0], told[0], "events[0]")
    yield from _unlike_in_order(expected, told, "events")


def unlike_recipients(expected: Mapping[str, Sequence[Json]], told: Sequence[Json]) -> Iterator[str]:
    """What is told of each number, in this order, with other things between and before; the last is the last."""
    outcomes = defaultdict(list)
    for event in told:
        if "recipient" in event:
            outcomes[event["recipient"]["recipient"]["number"]].append(event["recipient"])
    for number in sorted(expected.keys() | outcomes.keys()):
        yield from _unlike_in_order(expected.get(number, []), outcomes.get(number, []), f"recipients.{number}")


def _unlike_in_order(expected: Sequence[Json], told: Sequence[Json], path: str) -> Iterator[str]:
    if not expected or not told:
        if expected or told:
            yield f"{path} is {list(told)}, not {list(expected)}"
        return
    before = iter(told[:-1])
    for index, each in enumerate(expected[:-1]):
        if not any(not list(unlike(each, one, path)) for one in before):
            yield f"{path}[{index}] is not told in its place: {each}, of {list(told)}"
            return
    yield from unlike(expected[-1], told[-1], f"{path}[-1]")
