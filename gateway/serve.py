"""A replica's life as a process: from its settings to its exit status."""

import asyncio
import signal
from typing import Final

import structlog

from gateway import __version__
from gateway.app import Gateway
from gateway.settings import Settings
from gateway.telemetry import Secrets, log_unhandled

DRAINED: Final = 0
CUT_OFF: Final = 1
"""The exit statuses: every running call got its answer, or the grace limit or a second signal cut some off."""

log = structlog.stdlib.get_logger(__name__)


async def serve(settings: Settings, secrets: Secrets) -> int:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends it at once.

    Returns:
        The exit status.

    Raises:
        InvalidSettingsError: A file or the address in the settings cannot be used.
        LedgerStartError: The ledger cannot be opened.
    """
    first, second = asyncio.Event(), asyncio.Event()

    def signalled() -> None:
        (second if first.is_set() else first).set()

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_unhandled)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled)
    gateway = Gateway(settings, secrets)
    address = await gateway.start()
    log.info(
        "serving",
        address=address,
        version=__version__,
        accounts=sorted(settings.accounts),
        tls=bool(settings.tls),
        ledger=str(settings.ledger.file or "PostgreSQL"),
        reports=gateway.receiver_address or "not received",
    )
    await first.wait()
    log.info("draining", grace=settings.drain_grace)
    return await _drained_or_cut_off(gateway, second)


async def _drained_or_cut_off(gateway: Gateway, second: asyncio.Event) -> int:
    drain, cut = asyncio.create_task(gateway.drain()), asyncio.create_task(second.wait())
    await asyncio.wait((drain, cut), return_when=asyncio.FIRST_COMPLETED)
    if drain.done():
        cut.cancel()
        return DRAINED if await drain else CUT_OFF
    log.warning("a second signal: stopping at once")
    drain.cancel()
    await gateway.stop()
    return CUT_OFF
