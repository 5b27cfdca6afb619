"""The composition root: builds everything from settings, starts it, and drains it. Nothing else constructs a part."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.accounts import Accounts, accounts_from
from gateway.boundary import Boundary
from gateway.calls.admission import Admission
from gateway.calls.answers import Answers
from gateway.calls.dialer import Dialer, Reports
from gateway.calls.feed import Feed
from gateway.calls.reading import Reading
from gateway.calls.service import OutboundCallService
from gateway.calls.watching import Watching
from gateway.clock import utc_now
from gateway.kaleyra import reply
from gateway.kaleyra.client import ProviderClient
from gateway.kaleyra.report_urls import ReportAddress
from gateway.ledger.keeper import Keeper
from gateway.ledger.ledger import Ledger
from gateway.ledger.retention import Retention
from gateway.ledger.store import Store
from gateway.ledger.stores import store_from
from gateway.ledger.upkeep import Upkeep
from gateway.listener import Listener
from gateway.receiver.receiver import Receiver
from gateway.rules import Rules
from gateway.settings import Provider, Settings
from gateway.settings import Receiver as ReceiverSettings
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
        reports = _reports(settings.receiver)
        self._is_draining = False
        self._told: set[asyncio.Task[None]] = set()
        retention = Retention.of(settings.ledger)
        answers = Answers(retention.erase_after)
        store = store or store_from(settings.ledger, in_flight=lambda: self.dialer.in_flight)
        self.ledger: Final = Ledger(store, on_health=self._on_health)
        self._upkeep = Upkeep(self.ledger, Keeper(store, retention).step)
        self._feed = Feed(self.ledger)
        self.ledger.guarded.on_change = self._feed.stir
        self.dialer: Final = _dialer(settings, self._client, self.ledger, answers, reports)
        admission = Admission(accounts, self.ledger, has_room=self.dialer.has_room, now=utc_now)
        reading = Reading(accounts, self.ledger, answers)
        watching = _watching(settings, accounts, self.ledger, reading, self._feed)
        address = reports.address if reports else None
        service = OutboundCallService(accounts, admission, self.dialer, reading, watching, address)
        self._boundary = Boundary(SERVICE, service, Rules(_request_types(), now=utc_now))
        self._listener = Listener(settings, SERVICE, self._boundary.handler())
        self._receiver = _receiver(settings.receiver, self.ledger)
        self.receiver_address = ""
        """Where reports are received, HOST:PORT, once it has started; empty where they are not."""

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
            address = await self._listen()
        except BaseException:
            await self.ledger.close()
            raise
        self._upkeep.start()
        self._feed.start()
        await self._listener.ready(is_ready=self.ledger.guarded.is_healthy)
        return address

    async def _listen(self) -> str:
        if self._receiver is not None:
            self.receiver_address = await self._receiver.start()
        try:
            return await self._listener.start()
        except BaseException:
            if self._receiver is not None:
                await self._receiver.stop()
            raise

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
        self._feed.close()
        in_time = True
        try:
            async with asyncio.timeout(self._settings.drain_grace):
                await self.dialer.drain()
                await self._boundary.idle()
                await self._streams_end()
                await self.ledger.guarded.settled()
        except TimeoutError:
            in_time = False
            log.warning("drain_grace has passed; what still runs is cut off", grace=self._settings.drain_grace)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._boundary.quiet(QUIET)
        await self.stop()
        return in_time

    async def _streams_end(self) -> None:
        """Waits for streams to end, but not for a reader who does not take what he is sent."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._boundary.streams_end()

    async def stop(self) -> None:
        """Stops at once; what was sent and not answered is recorded as unknown."""
        self._is_draining = True
        await self._upkeep.stop()
        await self._feed.stop()
        await self.dialer.cut_off()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._boundary.idle()
                await self._boundary.streams_end()
        await self._listener.stop()
        await self._client.aclose()
        if self._receiver is not None:
            await self._receiver.stop()
        await self.ledger.close()
        log.info("stopped", outcomes=dict(self.dialer.outcomes))


def _reports(receiver: ReceiverSettings | None) -> Reports | None:
    if receiver is None:
        return None
    return Reports(ReportAddress.of(receiver), timedelta(seconds=receiver.stale_after))


def _receiver(receiver: ReceiverSettings | None, ledger: Ledger) -> Receiver | None:
    return None if receiver is None else Receiver(receiver, ledger.report, now=utc_now)


def _watching(settings: Settings, accounts: Accounts, ledger: Ledger, reading: Reading, feed: Feed) -> Watching:
    watch = settings.watch
    return Watching(accounts, ledger, reading, feed, heartbeat=watch.heartbeat, settle=watch.settle)


def _dialer(
    settings: Settings, client: ProviderClient, ledger: Ledger, answers: Answers, reports: Reports | None
) -> Dialer:
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
        reports=reports,
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
