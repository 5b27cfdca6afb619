"""Which store the settings choose."""

from __future__ import annotations

from collections.abc import Callable

from gateway.clock import utc_now
from gateway.ledger.postgresql.store import PostgresqlStore
from gateway.ledger.sqlite.store import SqliteStore
from gateway.ledger.store import Store
from gateway.settings import Ledger


def store_from(settings: Ledger, *, in_flight: Callable[[], int]) -> Store:
    """Builds the store of a ledger; nothing is opened yet.

    Args:
        settings: Where it is.
        in_flight: How many calls are on their way.
    """
    if settings.file is not None:
        return SqliteStore(settings.file, create=settings.create, in_flight=in_flight, now=utc_now)
    return PostgresqlStore(settings.url, create=settings.create, in_flight=in_flight)
