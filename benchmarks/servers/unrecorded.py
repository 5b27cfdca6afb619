"""(c) This gateway with all it has, except that nothing is durable: its ledger is a dict.

It is set up by its environment and lives as `kaleyra-gateway serve` does. Only here to see what durability costs: a
gateway that forgets its request_ids would dial again.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import datetime

import uvloop

from gateway.app import Gateway
from gateway.clock import utc_now
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed, Filter, Pause
from gateway.settings import load
from gateway.telemetry import Secrets, configure_logs
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING


class InMemory:
    """Keeps records until the process ends: a `Store` as far as PlaceCall and GetCall need one."""

    is_alone = True

    def __init__(self) -> None:
        self._records: dict[Key, Record] = {}

    async def open(self) -> None:
        pass

    async def change(self, key: Key, change: Change) -> Changed:
        record = self._records.get(key)
        changed = change(record, utc_now())
        if changed is None:
            return Changed(record, is_mine=False)
        self._records[key] = changed
        return Changed(changed, is_mine=True)

    async def find(self, key: Key) -> Record | None:
        return self._records.get(key)

    async def find_many(self, keys: Sequence[Key]) -> list[Record]:
        return [self._records[key] for key in keys if key in self._records]

    async def find_call(self, account: str | None, call_id: str) -> Record | None:
        found = (each for each in self._records.values() if each.call_id == call_id)
        return next((each for each in found if account in (None, each.account)), None)

    async def sending(self, *, overdue_only: bool) -> list[Key]:
        if overdue_only:
            return []  # no call here takes long
        return [each.key for each in self._records.values() if each.dispatch == DISPATCH_SENDING]

    async def due(self, *_: object) -> list[Key]:
        return []  # nothing here grows old

    async def forget(self, *_: object) -> int:
        return 0

    async def scrub(self) -> None:
        pass

    async def stale(self, *_: object) -> list[Key]:
        return []

    async def number_events(self) -> int:
        return 0  # nobody watches

    async def time(self) -> datetime:
        return utc_now()

    async def paused(self) -> Pause | None:
        return None

    async def probe(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        raise NotImplementedError

    async def pause(self, reason: str) -> None:
        raise NotImplementedError

    async def resume(self) -> None:
        raise NotImplementedError


async def serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings, secrets = load(None, os.environ), Secrets()
    configure_logs(secrets, form=settings.log.format, level=settings.log.level)
    gateway = Gateway(settings, secrets, InMemory())
    await gateway.start()
    await stop.wait()
    await gateway.drain()


uvloop.run(serve())
