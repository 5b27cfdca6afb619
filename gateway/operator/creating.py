"""`ledger create`: the first ledger, where serving may not make one."""

from __future__ import annotations

from gateway.ledger.store import NoLedgerError, OldLedgerError
from gateway.ledger.stores import store_from
from gateway.operator.opening import ledger_settings, opened
from gateway.operator.options import Source
from gateway.operator.sheet import Sheet


async def create(source: Source) -> bool:
    """Makes a ledger where there is none; whatever is there is left as it is.

    Returns:
        Whether it was made.

    Raises:
        LedgerStartError: It cannot be made, or something else is in its place.
        LedgerUnavailableError: It fails.
    """
    try:
        async with opened(source):
            return False
    except OldLedgerError:
        return False
    except NoLedgerError:
        pass
    store = store_from(ledger_settings(source).model_copy(update={"create": True}), in_flight=lambda: 0)
    await store.open()
    await store.close()
    return True


def show_created(*, is_new: bool) -> None:
    """Prints whether there is a new ledger."""
    if is_new:
        Sheet().heading("A new ledger was made. It remembers no call.", "bold green")
    else:
        Sheet().heading("There is a ledger already; nothing changed.")
