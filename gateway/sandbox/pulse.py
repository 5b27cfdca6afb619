"""Wakes whoever waits for anything to happen."""

from asyncio import Future, get_running_loop


class Pulse:
    """A beat for each thing that happens; what it was, the woken look up themselves."""

    def __init__(self) -> None:
        self._waiting: set[Future[None]] = set()

    def beat(self) -> None:
        """Wakes everyone who waits; costs next to nothing when nobody does."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def next_beat(self) -> None:
        """Returns after the next beat."""
        waiter = get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
