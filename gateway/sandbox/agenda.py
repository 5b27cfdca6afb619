"""What is to be done later, on one timer of the event loop however much it is."""

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Agenda:
    """Actions and when they are due, in seconds that pass `speed` times as fast as real ones.

    `on_turn` is called after any were done.
    """

    def __init__(self, speed: float, on_turn: Callable[[], None]) -> None:
        self._speed = speed
        self._on_turn = on_turn
        self._numbers = count()
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._timer: TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Has something done; what is due at the same time is done in the order it was given."""
        due = get_running_loop().time() + seconds / self._speed
        heappush(self._entries, (due, next(self._numbers), action))
        if self._entries[0][0] == due:
            self._wind()

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wind(self) -> None:
        self._stop()
        if self._entries:
            self._timer = get_running_loop().call_at(self._entries[0][0], self._turn)

    def _turn(self) -> None:
        now = get_running_loop().time()
        try:
            while self._entries and self._entries[0][0] <= now:
                heappop(self._entries)[2]()
        finally:
            self._wind()
            self._on_turn()
