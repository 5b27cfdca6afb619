"""A store that fails as told, around one that works."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import grpc.aio
from gateway_under_test import GatewayUnderTest, settings_for

from gateway.app import Gateway
from gateway.clock import utc_now
from gateway.ledger.events import NumberedEvent, Span
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed, LedgerUnavailableError, Pause, Store
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

Fault = Callable[["FaultyStore"], None]


def nothing_is_written(_store: "FaultyStore") -> None:
    """A write fails before it is done."""
    raise LedgerUnavailableError("Broken", in_doubt=False)


def stays_down(store: "FaultyStore") -> None:
    """The same, and from now on nothing can be written or read for writing."""
    store.is_down = True
    nothing_is_written(store)


def nobody_is_told(_store: "FaultyStore") -> None:
    """A write is done, and its acknowledgement is lost."""
    raise LedgerUnavailableError("Broken")


def nobody_is_told_and_stays_down(store: "FaultyStore") -> None:
    """The same, and from now on nothing can be written or read for writing."""
    store.is_down = True
    nobody_is_told(store)


AFTER = frozenset({nobody_is_told, nobody_is_told_and_stays_down})


class FaultyStore:
    """Passes everything on, but what is planned to fail.

    Attributes:
        is_down: No change and no probe gets through.
        cannot_read: No read gets through.
        plan: What the next changes meet, one after the other; None is no fault.
        asked: How often each method was called.
    """

    def __init__(self, inner: Store) -> None:
        self.is_down = False
        self.cannot_read = False
        self.plan: list[Fault | None] = []
        self.asked: Counter[str] = Counter()
        self._inner = inner

    @property
    def is_alone(self) -> bool:
        return self._inner.is_alone

    async def open(self) -> None:
        await self._inner.open()

    async def close(self) -> None:
        await self._inner.close()

    async def change(self, key: Key, change: Change) -> Changed:
        self.asked["change"] += 1
        fault = self.plan.pop(0) if self.plan else None
        if self.is_down:
            nothing_is_written(self)
        if fault is not None and fault not in AFTER:
            fault(self)
        changed = await self._inner.change(key, change)
        if fault is not None:
            fault(self)
        return changed

    async def probe(self) -> None:
        self.asked["probe"] += 1
        if self.is_down:
            nothing_is_written(self)
        await self._inner.probe()

    def __getattr__(self, name: str) -> Any:
        read = getattr(self._inner, name)

        async def reads(*arguments: Any, **options: Any) -> Any:
            self.asked[name] += 1
            if self.cannot_read:
                raise LedgerUnavailableError("Broken")
            return await read(*arguments, **options)

        return reads


class MemoryStore:
    """Keeps records in a dictionary: as much of a store as a ledger's own promises need."""

    is_alone = False

    def __init__(self) -> None:
        self.records: dict[Key, Record] = {}
        self.pause: Pause | None = None

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def change(self, key: Key, change: Change) -> Changed:
        await asyncio.sleep(0)
        record = self.records.get(key)
        changed = change(record, utc_now())
        if changed is None:
            return Changed(record, is_mine=False)
        self.records[key] = changed
        return Changed(changed, is_mine=True)

    async def find(self, key: Key) -> Record | None:
        return self.records.get(key)

    async def find_many(self, keys: list[Key]) -> list[Record]:
        return [self.records[key] for key in keys if key in self.records]

    async def sending(self, *, overdue_only: bool) -> list[Key]:
        now = utc_now()
        sending = [each for each in self.records.values() if each.dispatch == DISPATCH_SENDING]
        return [each.key for each in sending if not overdue_only or each.send_deadline < now]

    async def find_token(self, token: bytes) -> Key | None:
        return next((record.key for record in self.records.values() if token in record.token_list()), None)

    async def stale(self, limit: int) -> list[Key]:
        return [record.key for record in self.records.values() if record.stale_at is not None][:limit]

    async def events(self, _account: str, _after: int, _call_id: str | None, _limit: int) -> list[NumberedEvent]:
        return []

    async def span(self, _account: str) -> Span:
        return Span(0, 0)

    async def number_events(self) -> int:
        return 0

    async def time(self) -> datetime:
        return utc_now()

    async def paused(self) -> Pause | None:
        return self.pause

    async def probe(self) -> None:
        pass


@asynccontextmanager
async def gateway_on(store: Any, provider_url: str, settings: dict[str, Any]) -> AsyncIterator[GatewayUnderTest]:
    """Runs a gateway on a store until the end of the block, where it stops without a drain."""
    gateway = Gateway(settings_for(provider_url, settings), Secrets(), store)
    address = await gateway.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield GatewayUnderTest(gateway, address, channel, OutboundCallServiceStub(channel))
    finally:
        await gateway.stop()
