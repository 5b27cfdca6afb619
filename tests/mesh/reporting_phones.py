"""A provider whose phones ring, are answered and end, and that reports each of it to the gateways."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2
from raw_provider import ACCEPTED, Connection, Post, RawProvider, reply
from reporter import Told, story_of

PAUSE = 0.3
"""Seconds between two reports of a call, at most: there are always calls in the middle of their story."""


@dataclass
class Phones:
    """Accepts every call, and reports in order what becomes of it.

    Attributes:
        urls: Where reports are taken. One that is not taken is sent again, to the next of these.
        statuses: What each report was answered, in order; 0 where there was no answer.
    """

    urls: Sequence[str]
    chance: random.Random
    http: httpx2.AsyncClient
    rang: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    statuses: list[int] = field(default_factory=list)
    _stories: set[asyncio.Task[None]] = field(default_factory=set)

    async def __call__(self, connection: Connection) -> None:
        """Serves one connection."""
        while True:
            post = await connection.receive()
            self._ring(post)
            await connection.send(reply(ACCEPTED))

    async def are_silent(self) -> None:
        """Waits until all that rang has been reported to its end."""
        while self._stories:
            await asyncio.wait_for(asyncio.gather(*self._stories), 60)

    def _ring(self, post: Post) -> None:
        form = dict(post.form)
        token = form["dlrurl"].partition("/reports/")[2][:32]
        story = asyncio.create_task(self._tell(story_of(token, form["to"], self.chance)))
        self._stories.add(story)
        story.add_done_callback(self._stories.discard)
        self.rang.put_nowait(form["custom"])

    async def _tell(self, story: Sequence[Told]) -> None:
        for told in story:
            await asyncio.sleep(self.chance.random() * PAUSE)
            place = self.chance.randrange(len(self.urls))
            while await self._status(self.urls[place], told) != 200:
                place = (place + 1) % len(self.urls)
                await asyncio.sleep(0.05)

    async def _status(self, url: str, told: Told) -> int:
        status = 0
        with suppress(httpx2.TransportError):
            status = (await self.http.get(f"{url}{told.path}?{told.query}")).status_code
        self.statuses.append(status)
        return status


async def reported(url: str, provider: RawProvider, kind: str, **variables: str) -> int:
    """Reports once about the provider's last call; returns the status."""
    token = dict(provider.posts[-1].form)["dlrurl"].partition("/reports/")[2][:32]
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        return (await http.get(f"/reports/{token}/{kind}", params=variables)).status_code
