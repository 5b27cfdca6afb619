"""The composition root: builds everything from settings, starts it, and drains it. Nothing else constructs a part."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.accounts import accounts_from
from gateway.boundary import Boundary
from gateway.calls.admission import Admission
from gateway.calls.answers import Answers
from gateway.calls.dialer import Dialer
from gateway.calls.reading import Reading
from gateway.calls.service import OutboundCallService
from gateway.clock import utc_now
from gateway.kaleyra import reply
from gateway.kaleyra.client import ProviderClient
from gateway.ledger.keeper import Keeper
from gateway.ledger.ledger import Ledger
from gateway.ledger.retention import Retention
from gateway.ledger.store import Store
from gateway.ledger.stores import store_from
from gateway.ledger.upkeep import Upkeep
from gateway.listener import Listener
from gateway.rules import Rules
from gateway.settings import Provider, Settings
from gateway.telemetry import Secrets
from voicegateway.v1 import outbound_call_service_pb2

SERVICE: Final = outbound_call_service_pb2.DESCRIPTOR.services_by_name["OutboundCallService"]

LAST_WORDS: Final = 0.5
"""Seconds for the answers of those that were cut off."""

QUIET: Final = 0.3
LINGER: Final = 3.0
"""Seconds without a request after which a drained replica ends, and how long it waits for them. Callers and meshes need
a moment to hear that it is not ready: until then they are refused in words that make them go elsewhere."""

log = structlog.stdlib.get_logger(__name__)


class Gateway:
    """One replica: a gRPC server and everything behind it."""

    def __init__(self, settings: Settings, secrets: Secrets, store: Store | None = None) -> None:
        """Builds a gateway; nothing listens yet.

        Args:
            settings: What an operator decides.
            secrets: Is told what no log may hold.
            store: Keeps the records in place of the settings' ledger.

        Raises:
            InvalidSettingsError: A file that the settings name cannot be used.
        """
        accounts = accounts_from(settings.accounts, secrets)
        self._settings = settings
        self._client = ProviderClient(settings.provider)
        self._is_draining = False
        self._told: set[asyncio.Task[None]] = set()
        retention = Retention.of(settings.ledger)
        answers = Answers(retention.erase_after)
        store = store or store_from(settings.ledger, in_flight=lambda: self.dialer.in_flight)
        self.ledger: Final = Ledger(store, on_health=self._on_health)
        self._upkeep = Upkeep(self.ledger, Keeper(store, retention).step)
        self.dialer: Final = _dialer(settings, self._client, self.ledger, answers)
        admission = Admission(accounts, self.ledger, has_room=self.dialer.has_room, now=utc_now)
        service = OutboundCallService(accounts, admission, self.dialer, Reading(accounts, self.ledger, answers))
        self._boundary = Boundary(SERVICE, service, Rules(_request_types(), now=utc_now))
        self._listener = Listener(settings, SERVICE, self._boundary.handler())

    async def start(self) -> str:
        """Opens the ledger, listens, and turns ready.

        Returns:
            The address, HOST:PORT, with the port that was given for port 0.

        Raises:
            InvalidSettingsError: The address cannot be listened on, or the certificate cannot be read.
            LedgerStartError: The ledger cannot be opened.
        """
        await self.ledger.open()
        try:
            address = await self._listener.start()
        except BaseException:
            await self.ledger.close()
            raise
        self._upkeep.start()
        await self._listener.ready(is_ready=self.ledger.is_healthy)
        return address

    def _on_health(self, is_healthy: bool) -> None:
        """Tells whether calls are welcome: none can be placed without a record."""
        telling = asyncio.create_task(self._listener.ready(is_ready=is_healthy and not self._is_draining))
        self._told.add(telling)
        telling.add_done_callback(self._told.discard)

    async def drain(self) -> bool:
        """Turns not ready and refuses new calls, waits for those that run and until nobody calls any more, then stops.

        Returns:
            Whether all of them ended within `drain_grace` seconds; else the rest was cut off.
        """
        self._is_draining = True
        await self._listener.ready(is_ready=False)
        in_time = True
        try:
            async with asyncio.timeout(self._settings.drain_grace):
                await self.dialer.drain()
                await self._boundary.idle()
                await self.ledger.settled()
        except TimeoutError:
            in_time = False
            log.warning("drain_grace has passed; what still runs is cut off", grace=self._settings.drain_grace)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._boundary.quiet(QUIET)
        await self.stop()
        return in_time

    async def stop(self) -> None:
        """Stops at once; what was sent and not answered is recorded as unknown."""
        self._is_draining = True
        await self._upkeep.stop()
        await self.dialer.cut_off()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._boundary.idle()
        await self._listener.stop()
        await self._client.aclose()
        await self.ledger.close()
        log.info("stopped", outcomes=dict(self.dialer.outcomes))


def _dialer(settings: Settings, client: ProviderClient, ledger: Ledger, answers: Answers) -> Dialer:
    provider = settings.provider
    begin_within = 2 * provider.connect_timeout
    return Dialer(
        client,
        _reading(provider),
        ledger,
        answers,
        begin_within=begin_within,
        send_within=begin_within + provider.reply_timeout + 1,
        calls_in_flight=settings.max_calls_in_flight,
        now=utc_now,
    )


def _request_types() -> list[type[Message]]:
    return [GetMessageClass(method.input_type) for method in SERVICE.methods]


def _reading(provider: Provider) -> reply.Reading:
    return reply.Reading(
        reason_by_code={code: reply.OPERATOR_REASONS[name] for code, name in provider.codes.items()},
        refusing_statuses=frozenset(provider.refusing_statuses),
        invalid_number_refuses_all=provider.invalid_number_refuses_all,
    )
