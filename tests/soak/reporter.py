"""A provider that reports in bulk: shuffled, with duplicates, to whichever replica answers, until each got its 200."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

DOUBLES = 0.2
"""The part of all reports that are repetitions."""

DISPOSITIONS = {"ANSWER": 0.5, "NOANSWER": 0.2, "BUSY": 0.2, "REJECTED": 0.1}


@dataclass(frozen=True)
class Told:
    """One report: where to, of which call's token, and its query."""

    path: str
    query: str

    def request(self) -> bytes:
        return f"GET {self.path}?{self.query} HTTP/1.1\r\nHost: calls.example.com\r\n\r\n".encode()


def story_of(token: str, number: str, chance: random.Random) -> list[Told]:
    """What is reported of one recipient's call: it rings, may be answered, ends, and is summed up."""
    [status] = chance.choices(list(DISPOSITIONS), weights=list(DISPOSITIONS.values()))
    facts = {"a_id": f"{chance.getrandbits(64):x}", "a_callee": number, "a_status": "{{status}}"}
    final = facts | {
        "a_status": status,
        "a_billsec": str(chance.randint(0, 60)),
        "a_keypress": str(chance.randint(0, 9)),
    }
    path = f"/reports/{token}"
    return [
        Told(f"{path}/call_start", urlencode(facts)),
        *([Told(f"{path}/call_answer", urlencode(facts))] if status == "ANSWER" else []),
        Told(f"{path}/call_end", urlencode(final)),
        Told(path, urlencode(final)),
    ]


def shuffled(reports: Sequence[Told], chance: random.Random) -> list[Told]:
    """All of them in any order, with duplicates."""
    doubles = chance.choices(reports, k=round(len(reports) * DOUBLES / (1 - DOUBLES)))
    mixed = [*reports, *doubles]
    chance.shuffle(mixed)
    return mixed


@dataclass
class Reporter:
    """Sends reports over many connections; one that was not answered with 200 is sent again, elsewhere."""

    reports: list[Told]
    addresses: Callable[[], Sequence[str]]
    taken: int = 0
    sent_again: int = 0
    half_way: asyncio.Event = field(default_factory=asyncio.Event)
    _half: int = 0

    async def run(self, connections: int) -> None:
        self._half = len(self.reports) // 2
        async with asyncio.TaskGroup() as group:
            for number in range(connections):
                group.create_task(self._send(number))

    async def _send(self, number: int) -> None:
        """Keeps one connection busy, and opens another one wherever it breaks."""
        while self.reports:
            addresses = self.addresses()
            host, _, port = addresses[number % len(addresses)].rpartition(":")
            number += 1
            try:
                reader, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.05)
                continue
            try:
                await self._talk(reader, writer)
            finally:
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.reports:
            report = self.reports.pop()
            try:
                writer.write(report.request())
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length(head))
            except (OSError, asyncio.IncompleteReadError):
                head = b""
            if not head.startswith(b"HTTP/1.1 200"):
                assert not head.startswith(b"HTTP/1.1 4"), head
                self.reports.insert(0, report)
                self.sent_again += 1
                return
            self.taken += 1
            if self.taken >= self._half:
                self.half_way.set()


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
