"""Reports in bulk, two replicas of which one dies half-way, and watchers who come and go: nobody misses anything."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import grpc.aio
from free_ports import free_ports
from gateway_under_test import place_call_request
from raw_provider import RawProvider
from reporter import Reporter, shuffled, story_of
from served_process import ServedProcess, served_process
from waiting import until

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, RECIPIENT_STATE_ENDED, RecipientOutcome
from voicegateway.v1.outbound_call_service_pb2 import (
    CALL_EVENT_TYPE_CREATED,
    CALL_EVENT_TYPE_RECIPIENT_CHANGED,
    CallEvent,
    GetCallRequest,
    WatchCallsRequest,
)
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import open_aio_channel, watch_call_aio, watch_calls_aio

REPORTS = int(os.environ.get("SOAK_REPORTS", "50000"))
"""With duplicates; a little more or less."""

RECIPIENTS = 8
EACH = 3.5 / (1 - 0.2)  # reports a recipient, on average, with duplicates
CALLS = round(REPORTS / EACH / RECIPIENTS)
SETTINGS = """
    [receiver]
    listen = "127.0.0.1:{receiver}"
    public_url = "https://calls.example.com"
    [watch]
    heartbeat = 1.0
    [log]
    level = "WARNING"
"""


@dataclass
class Replica:
    """A gateway at ports of its own, which may die and come back there."""

    provider: str
    folder: object
    database: str
    ports: list[int]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    served: ServedProcess | None = None

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def receiver(self) -> str:
        return f"127.0.0.1:{self.ports[1]}"

    async def start(self) -> None:
        self.served = await self.stack.enter_async_context(
            served_process(
                self.provider,
                self.folder,
                SETTINGS.format(receiver=self.ports[1]).replace('level = "WARNING"', 'level = "INFO"'),
                self.database,
                self.grpc,
            )
        )

    async def die(self) -> None:
        self.served.process.kill()
        await self.stack.aclose()


@dataclass
class Seen:
    """What one watcher was told, in order."""

    events: list[CallEvent] = field(default_factory=list)

    def take(self, event: CallEvent) -> None:
        self.events.append(event)

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for event in self.events]

    def outcomes(self) -> dict[tuple[str, str], RecipientOutcome]:
        """The last word about each recipient."""
        return {
            (event.call_id, event.recipient.recipient.number): event.recipient
            for event in self.events
            if event.type == CALL_EVENT_TYPE_RECIPIENT_CHANGED
        }


async def follow_account(channel: grpc.aio.Channel, seen: Seen) -> None:
    """Follows everything from the beginning; the client resumes by itself."""
    async with watch_calls_aio(channel, after_sequence=0, first_wait=0.05) as watch:
        async for event in watch:
            seen.take(event)


async def follow_account_restlessly(channel: grpc.aio.Channel, seen: Seen, chance: random.Random) -> None:
    """Breaks off every few hundred events, and goes on from the last sequence that it was told."""
    stub, after = OutboundCallServiceStub(channel), 0
    while True:
        stream = stub.WatchCalls(WatchCallsRequest(after_sequence=after))
        enough = chance.randint(1, 900)
        with suppress(grpc.aio.AioRpcError):
            async for response in stream:
                if response.HasField("event"):
                    seen.take(response.event)
                    after, enough = response.event.sequence, enough - 1
                if enough == 0:
                    break
        stream.cancel()
        await asyncio.sleep(0.01)


async def follow_call(channel: grpc.aio.Channel, call_id: str, seen: Seen) -> None:
    """Follows one call to its end."""
    async with watch_call_aio(channel, call_id=call_id, first_wait=0.05) as watch:
        async for event in watch:
            seen.take(event)


async def place(stub: OutboundCallServiceStub, number: int) -> tuple[str, list[str]]:
    """Places one call to several recipients; returns its id and their numbers."""
    numbers = [f"+1323{number:05}{place:02}" for place in range(RECIPIENTS)]
    call = {"recipients": [{"number": each} for each in numbers], "ivr": {"flowId": "SG_1"}, "custom": f"C{number}"}
    reply = await stub.PlaceCall(place_call_request(call, requestId=f"soak-{number:06}"), timeout=30)
    return reply.call.call_id, numbers


async def test_every_watcher_ends_with_the_ledgers_own_records(tmp_path, database, provider: RawProvider):
    """No event is lost, told twice or out of order, whoever dies, whatever comes twice, however late."""
    chance = random.Random(8812)
    ports = free_ports(4)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    replicas = [Replica(provider.url, folders[n], database, ports[2 * n : 2 * n + 2]) for n in range(2)]
    async with AsyncExitStack() as stack:
        for replica in replicas:
            await replica.start()
            stack.push_async_callback(lambda replica=replica: replica.stack.aclose())
        one, two = [await stack.enter_async_context(open_aio_channel(each.grpc)) for each in replicas]
        both = await stack.enter_async_context(open_aio_channel(f"ipv4:{','.join(each.grpc for each in replicas)}"))
        accounts = [Seen() for _ in range(4)]
        watching = [
            asyncio.create_task(each)
            for each in (
                follow_account(one, accounts[0]),
                follow_account(two, accounts[1]),
                follow_account(both, accounts[2]),
                follow_account_restlessly(both, accounts[3], chance),
            )
        ]
        calls = await placed_calls(one, two)
        tokens = tokens_by_custom(provider)
        followed = {call_id: Seen() for call_id in list(calls)[:50]}
        followers = [asyncio.create_task(follow_call(both, call_id, seen)) for call_id, seen in followed.items()]
        stories = [
            report
            for number, numbers in enumerate(calls.values())
            for each in numbers
            for report in story_of(tokens[f"C{number}"], each, chance)
        ]
        reporter = Reporter(shuffled(stories, chance), lambda: [each.receiver for each in replicas])
        total = len(reporter.reports)
        reporting = asyncio.create_task(reporter.run(24))
        await reporter.half_way.wait()
        await replicas[1].die()
        await asyncio.sleep(1)
        await replicas[1].start()
        await reporting
        await asyncio.wait_for(asyncio.gather(*followers), 120)
        records = {call_id: await record_of(both, call_id) for call_id in calls}
        newest = await newest_sequence(both)
        await everybody_is_there(accounts, newest)
        for task in watching:
            task.cancel()

    assert total == reporter.taken
    assert reporter.sent_again > 0, "the death of a replica was not felt"
    expected = {
        (call_id, outcome.recipient.number): outcome
        for call_id, record in records.items()
        for outcome in record.recipients
    }
    assert CALLS * RECIPIENTS == len(expected)
    assert {RECIPIENT_STATE_ENDED} == {outcome.state for outcome in expected.values()}
    for seen in accounts:
        assert list(range(1, newest + 1)) == seen.sequences
        assert expected == seen.outcomes()
        assert CALLS == Counter(event.type for event in seen.events)[CALL_EVENT_TYPE_CREATED]
    history = accounts[0].events
    for call_id, seen in followed.items():
        its = [event for event in history if event.call_id == call_id]
        assert its[: len(seen.events)] == seen.events
        assert all(outcome.state == RECIPIENT_STATE_ENDED for outcome in seen.outcomes().values())
        assert RECIPIENTS == len(seen.outcomes())


async def placed_calls(one: grpc.aio.Channel, two: grpc.aio.Channel) -> dict[str, list[str]]:
    """Places all calls through both replicas, some at a time; their recipients by call id."""
    stubs = [OutboundCallServiceStub(one), OutboundCallServiceStub(two)]
    calls: dict[str, list[str]] = {}
    for begin in range(0, CALLS, 40):
        numbers = range(begin, min(begin + 40, CALLS))
        calls |= dict(await asyncio.gather(*(place(stubs[number % 2], number) for number in numbers)))
    return calls


def tokens_by_custom(provider: RawProvider) -> dict[str, str]:
    """The report token of each call, from what the provider was sent."""
    forms = [dict(post.form) for post in provider.posts]
    return {form["custom"]: form["dlrurl"].partition("/reports/")[2][:32] for form in forms}


async def record_of(channel: grpc.aio.Channel, call_id: str) -> object:
    reply = await OutboundCallServiceStub(channel).GetCall(GetCallRequest(call_id=call_id), timeout=30)
    assert DISPATCH_ACCEPTED == reply.call.dispatch
    return reply.call


async def newest_sequence(channel: grpc.aio.Channel) -> int:
    """Up to where events are numbered by now: a watcher from now on is told first."""
    stream = OutboundCallServiceStub(channel).WatchCalls(WatchCallsRequest())
    first = await stream.read()
    stream.cancel()
    return first.heartbeat.sequence


async def everybody_is_there(accounts: list[Seen], newest: int) -> None:
    await until(lambda: all(seen.events and seen.events[-1].sequence >= newest for seen in accounts), 120)
