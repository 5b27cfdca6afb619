"""The composition root: builds everything from settings, starts it, and drains it. Nothing else constructs a part."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.accounts import accounts_from
from gateway.boundary import Boundary
from gateway.calls.admission import Admission
from gateway.calls.dialer import Dialer
from gateway.calls.service import OutboundCallService
from gateway.clock import utc_now
from gateway.kaleyra.client import ProviderClient
from gateway.kaleyra.reply import OPERATOR_REASONS, Reading
from gateway.listener import Listener
from gateway.rules import Rules
from gateway.settings import Provider, Settings
from gateway.telemetry import Secrets
from voicegateway.v1 import outbound_call_service_pb2

SERVICE: Final = outbound_call_service_pb2.DESCRIPTOR.services_by_name["OutboundCallService"]

log = structlog.stdlib.get_logger(__name__)


class Gateway:
    """One replica: a gRPC server and everything behind it."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        """Builds a gateway; nothing listens yet.

        Raises:
            InvalidSettingsError: A file that the settings name cannot be used.
        """
        accounts = accounts_from(settings.accounts, secrets)
        self._settings = settings
        self._client = ProviderClient(settings.provider)
        self.dialer: Final = Dialer(
            self._client,
            _reading(settings.provider),
            begin_within=2 * settings.provider.connect_timeout,
            calls_in_flight=settings.max_calls_in_flight,
            now=utc_now,
        )
        admission = Admission(accounts, has_room=self.dialer.has_room, now=utc_now)
        rules = Rules(_request_types(), now=utc_now)
        self._boundary = Boundary(SERVICE, OutboundCallService(admission, self.dialer), rules)
        self._listener = Listener(settings, SERVICE, self._boundary.handler())

    async def start(self) -> str:
        """Listens, and turns ready.

        Returns:
            The address, HOST:PORT, with the port that was given for port 0.

        Raises:
            InvalidSettingsError: The address cannot be listened on, or the certificate cannot be read.
        """
        address = await self._listener.start()
        await self._listener.ready(is_ready=True)
        return address

    async def drain(self) -> bool:
        """Turns not ready and refuses new calls, waits for those that run and for their answers, then stops.

        Returns:
            Whether all of them ended within `drain_grace` seconds; else the rest was cut off.
        """
        await self._listener.ready(is_ready=False)
        in_time = True
        try:
            async with asyncio.timeout(self._settings.drain_grace):
                await self.dialer.drain()
                await self._boundary.idle()
        except TimeoutError:
            in_time = False
            log.warning("drain_grace has passed; what still runs is cut off", grace=self._settings.drain_grace)
        await self.stop()
        return in_time

    async def stop(self) -> None:
        """Stops at once."""
        await self._listener.stop()
        await self._client.aclose()
        log.info("stopped", outcomes=dict(self.dialer.outcomes))


def _request_types() -> list[type[Message]]:
    return [GetMessageClass(method.input_type) for method in SERVICE.methods]


def _reading(provider: Provider) -> Reading:
    return Reading(
        reason_by_code={code: OPERATOR_REASONS[name] for code, name in provider.codes.items()},
        refusing_statuses=frozenset(provider.refusing_statuses),
        invalid_number_refuses_all=provider.invalid_number_refuses_all,
    )
