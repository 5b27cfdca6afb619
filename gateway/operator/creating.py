"""`ledger create`: the first ledger, where serving may not make one."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ledger.store import NoLedgerError, OldLedgerError
from gateway.ledger.stores import store_from
from gateway.operator.opening import ledger_settings, opened
from gateway.operator.options import Source
from gateway.operator.sheet import Sheet
from gateway.settings.shown import without_password


@dataclass(frozen=True, slots=True)
class Creation:
    """What became of a wish for a ledger: where it is, and whether it was made just now."""

    place: str
    is_new: bool


async def create(source: Source) -> Creation:
    """Makes a ledger where there is none; whatever is there is left as it is.

    Raises:
        LedgerStartError: It cannot be made, or something else is in its place.
        LedgerUnavailableError: It fails.
    """
    settings = ledger_settings(source)
    place = str(settings.file or without_password(settings.url))
    try:
        async with opened(source):
            return Creation(place, is_new=False)
    except OldLedgerError:
        return Creation(place, is_new=False)
    except NoLedgerError:
        pass
    store = store_from(settings.model_copy(update={"create": True}), in_flight=lambda: 0)
    await store.open()
    await store.close()
    return Creation(place, is_new=True)


def show_created(creation: Creation) -> None:
    """Prints whether there is a new ledger, and where it is."""
    sheet = Sheet()
    if creation.is_new:
        sheet.heading("A new ledger was made. It remembers no call.", "bold green")
    else:
        sheet.heading("There is a ledger already; nothing changed.")
    sheet.pairs([("place", creation.place)])
