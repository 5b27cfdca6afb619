"""A store that lets a test act at each step of a change: before it, inside its transaction, and after its commit.

A step is named by when, and by what the ledger does: `before reserve`, `inside finish`, `after release`. What changed
nothing, such as a reservation that comes second, has a step of its own: `after reserve in vain`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.record import Key, Record
from gateway.ledger.store import Change, Changed, Store
from gateway.ledger.stores import store_from
from gateway.settings import Ledger

Act = Callable[[], Awaitable[None] | None]
"""Something to do at a step; inside a transaction nothing can be awaited."""

MANY = 16
"""Calls in flight, as the store is told: a commit waits a moment for company."""


class WatchedStore:
    """A real store, watched.

    Attributes:
        changes: Each change that was asked for, by what the ledger did.
        results: What each came to, where it came to something.
    """

    def __init__(self, store: Store, acts: Mapping[str, Act]) -> None:
        self.store = store
        self.acts = dict(acts)
        self.changes: list[tuple[str, Key, Change]] = []
        self.results: list[tuple[str, Changed]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def change(self, key: Key, change: Change) -> Changed:
        """Changes a record, and acts at each step of it."""
        doing = change.__qualname__.split(".")[1].removeprefix("_")  # Ledger._finish.<locals>.<lambda>
        self.changes.append((doing, key, change))

        def inside(record: Record | None, now: datetime) -> Record | None:
            changed = change(record, now)
            self._act(f"inside {doing}")
            return changed

        await self._awaited(f"before {doing}")
        changed = await self.store.change(key, inside)
        self.results.append((doing, changed))
        await self._awaited(f"after {doing}" if changed.is_mine else f"after {doing} in vain")
        return changed

    async def again(self, doing: str) -> Changed:
        """Makes the first change of a kind once more, as a write that comes late or twice."""
        _, key, change = next(each for each in self.changes if each[0] == doing)
        return await self.store.change(key, change)

    def _act(self, step: str) -> Awaitable[None] | None:
        act = self.acts.get(step)
        return act and act()

    async def _awaited(self, step: str) -> None:
        acting = self._act(step)
        if acting is not None:
            await acting


def watched(ledger: Mapping[str, Any], acts: Mapping[str, Act], ahead: timedelta = timedelta()) -> WatchedStore:
    """Builds the store of a ledger's settings, watched.

    Args:
        ledger: The settings' table.
        acts: What to do at which step.
        ahead: How far its clock is ahead, so that time passes; PostgreSQL only.
    """
    settings = Ledger.model_validate(ledger)
    store: Store = store_from(settings, in_flight=lambda: MANY)
    if ahead:
        store = PostgresqlStore(settings.url, create=False, ahead=lambda: ahead)
    return WatchedStore(store, acts)
