"""Hears how attempts end that other processes run: by asking the store, once for all that are waited for.

No LISTEN and NOTIFY: a notification takes a lock on the whole server at each commit, and every call would pay for the
few that somebody waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from gateway.ledger.record import Key, Record
from gateway.ledger.store import LedgerUnavailableError
from voicegateway.v1.outbound_call_pb2 import DISPATCH_SENDING

POLL_EVERY: Final = 0.05
"""Seconds between two questions, while anybody waits."""

log = structlog.stdlib.get_logger(__name__)

FindMany = Callable[[Sequence[Key]], Awaitable[list[Record]]]


class Waiting:
    """Those who wait for the end of an attempt that runs elsewhere."""

    def __init__(self, find_many: FindMany) -> None:
        """Builds it; nobody waits yet.

        Args:
            find_many: Reads the records of keys.
        """
        self._find_many = find_many
        self._ends: dict[tuple[Key, int], asyncio.Future[Record]] = {}
        """By attempt: the end of an earlier one, read a moment ago, is no answer to who waits for the next."""
        self._poller: asyncio.Task[None] | None = None

    async def end_of(self, record: Record) -> Record:
        """Waits until a record is no longer SENDING; whoever stops waiting keeps nobody else from hearing.

        Raises:
            LedgerUnavailableError: It cannot be read any more.
        """
        if record.dispatch != DISPATCH_SENDING:
            return record
        awaited = record.key, record.attempt
        end = self._ends.get(awaited)
        if end is None:
            end = self._ends[awaited] = asyncio.get_running_loop().create_future()
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="ledger waiting")
        await asyncio.wait({end})
        return end.result()

    def stop(self) -> None:
        """Asks no more."""
        if self._poller is not None:
            self._poller.cancel()

    async def _poll(self) -> None:
        while self._ends:
            await asyncio.sleep(POLL_EVERY)
            try:
                found = await self._find_many(list({key for key, _ in self._ends}))
            except LedgerUnavailableError as error:
                self._fail(error.cause)
                return
            except Exception:
                log.exception("bug")
                self._fail("Bug")
                return
            self._tell({record.key: record for record in found if record.dispatch != DISPATCH_SENDING})

    def _tell(self, ended: Mapping[Key, Record]) -> None:
        for key, attempt in list(self._ends):
            record = ended.get(key)
            if record is not None and record.attempt >= attempt:
                self._ends.pop((key, attempt)).set_result(record)

    def _fail(self, cause: str) -> None:
        for end in self._ends.values():
            end.set_exception(LedgerUnavailableError(cause))
            end.exception()  # whoever waited may have gone: nobody need ask
        self._ends.clear()
