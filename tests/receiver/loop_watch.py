"""Sees how long anything holds the loop."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Held:
    """How long the loop was held at the most, in seconds of this thread's own work: a busy machine adds nothing."""

    longest: float = 0.0


@asynccontextmanager
async def watched_loop() -> AsyncIterator[Held]:
    """Watches the loop until the end of the block."""
    held = Held()

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            held.longest = max(held.longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    try:
        await asyncio.sleep(0)
        yield held
        await asyncio.sleep(0)
    finally:
        watching.cancel()
