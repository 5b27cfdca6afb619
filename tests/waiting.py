"""Waiting for what a test cannot hurry, and for nothing."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], bool], within: float = 60) -> None:
    """Waits for something that nothing signals."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_true(condition: Callable[[], Awaitable[bool]], within: float = 60) -> None:
    """Waits for something that must be asked for."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def forever() -> None:
    """Waits until the test is over."""
    await asyncio.Event().wait()
