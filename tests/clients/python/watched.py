"""Reads a watch to its end, by either of gRPC's libraries."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from voicegateway_client import (
    CallError,
    open_aio_channel,
    open_channel,
    watch_call,
    watch_call_aio,
    watch_calls,
    watch_calls_aio,
)

T = TypeVar("T")

CALL_ID = "01M877T75TZ34YP86YJBAKTDN5"
QUICK = {"first_wait": 0.001, "longest_wait": 0.01}


@dataclass
class Told:
    """What a watch told: the sequences of its events, where it stood, and its error, if that was its end."""

    sequences: list[int] = field(default_factory=list)
    stood: list[int | None] = field(default_factory=list)
    error: CallError | None = None
    over: bool = False


Watch = Callable[..., Awaitable[Told]]


async def by_aio(address: str, *, one: bool, **settings: Any) -> Told:
    told = Told()
    async with open_aio_channel(address) as channel:
        watch = watch_call_aio(channel, call_id=CALL_ID, **settings) if one else watch_calls_aio(channel, **settings)
        told.stood.append(watch.last_sequence)
        try:
            async for event in watch:
                told.sequences.append(event.sequence)
                told.stood.append(watch.last_sequence)
        except CallError as error:
            told.error = error
        told.over = await anext(watch, None) is None
    return told


async def by_threads(address: str, *, one: bool, **settings: Any) -> Told:
    def read() -> Told:
        told = Told()
        with open_channel(address) as channel:
            watch = watch_call(channel, call_id=CALL_ID, **settings) if one else watch_calls(channel, **settings)
            told.stood.append(watch.last_sequence)
            try:
                for event in watch:
                    told.sequences.append(event.sequence)
                    told.stood.append(watch.last_sequence)
            except CallError as error:
                told.error = error
            told.over = next(watch, None) is None
        return told

    return await asyncio.to_thread(read)


def reader(library: Any, *, one: bool) -> Watch:
    """Reads a watch to its end; waits between streams are short, unless they are set."""

    async def read(address: str, **settings: Any) -> Told:
        async with asyncio.timeout(60):
            return await library(address, one=one, **(QUICK | settings))

    return read


LIBRARIES = [pytest.param(by_aio, id="asyncio"), pytest.param(by_threads, id="threads")]


async def both(first: Awaitable[T], second: Awaitable[Any]) -> T:
    """Runs both to their ends, and returns what the first one told."""
    told, _ = await asyncio.gather(first, second)
    return told
