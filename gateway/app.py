"""The composition root: builds everything from settings, starts it, and drains it. Nothing else constructs a part."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import grpc
import grpc.aio
import structlog
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from gateway.accounts import Account, Accounts, account_from
from gateway.boundary import Boundary
from gateway.calls.admission import Admission
from gateway.calls.dialer import Dialer
from gateway.calls.service import OutboundCallService
from gateway.clock import utc_now
from gateway.kaleyra.client import ProviderClient
from gateway.kaleyra.reply import OPERATOR_REASONS, Reading
from gateway.rules import Rules
from gateway.settings import InvalidSettingsError, Provider, Settings, Tls
from gateway.telemetry import Secrets
from voicegateway.v1 import outbound_call_service_pb2

SERVICE: Final = outbound_call_service_pb2.DESCRIPTOR.services_by_name["OutboundCallService"]

_ALIVE: Final = ""  # the health service's name for the server as a whole

_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # a second server on this port fails to start, and takes no calls in silence
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", 4 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.keepalive_time_ms", 60_000),  # finds callers that vanished without a word
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # callers may look as often
)

log = structlog.stdlib.get_logger(__name__)


class Gateway:
    """One replica: a gRPC server and everything behind it."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        """Builds a gateway; nothing listens yet.

        Raises:
            InvalidSettingsError: A file that the settings name cannot be used.
        """
        accounts = _accounts(settings, secrets)
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
        self._health = HealthServicer()
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers((self._boundary.handler(),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE.full_name, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self) -> str:
        """Listens, and turns ready.

        Returns:
            The address, HOST:PORT, with the port that was given for port 0.

        Raises:
            InvalidSettingsError: The address cannot be listened on, or the certificate cannot be used.
        """
        await self._ready(is_ready=False)
        address = self._listen()
        await self._server.start()
        await self._health.set(_ALIVE, health_pb2.HealthCheckResponse.SERVING)
        await self._ready(is_ready=True)
        return address

    async def drain(self) -> bool:
        """Turns not ready and refuses new calls, waits for those that run and for their answers, then stops.

        Returns:
            Whether all of them ended within `drain_grace` seconds; else the rest was cut off.
        """
        await self._ready(is_ready=False)
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
        await self._server.stop(grace=None)
        await self._client.aclose()
        log.info("stopped", outcomes=dict(self.dialer.outcomes))

    async def _ready(self, *, is_ready: bool) -> None:
        status = health_pb2.HealthCheckResponse
        await self._health.set(SERVICE.full_name, status.SERVING if is_ready else status.NOT_SERVING)

    def _listen(self) -> str:
        listen, tls = self._settings.listen, self._settings.tls
        host = listen.rpartition(":")[0]
        try:
            if tls is None:
                port = self._server.add_insecure_port(listen)
            else:
                port = self._server.add_secure_port(listen, _server_credentials(tls))
        except RuntimeError:
            raise InvalidSettingsError(
                [f"listen: {listen} cannot be listened on; is another server there, or the TLS certificate wrong?"]
            ) from None
        return f"{host}:{port}"


def check_files(settings: Settings) -> None:
    """Makes sure that every file the settings name can be used.

    Raises:
        InvalidSettingsError: With every file that cannot.
    """
    _accounts(settings, Secrets())
    if settings.tls is not None:
        _server_credentials(settings.tls)


def _request_types() -> list[type[Message]]:
    return [GetMessageClass(method.input_type) for method in SERVICE.methods]


def _reading(provider: Provider) -> Reading:
    return Reading(
        reason_by_code={code: OPERATOR_REASONS[name] for code, name in provider.codes.items()},
        refusing_statuses=frozenset(provider.refusing_statuses),
        invalid_number_refuses_all=provider.invalid_number_refuses_all,
    )


def _accounts(settings: Settings, secrets: Secrets) -> Accounts:
    accounts: dict[str, Account] = {}
    mistakes: list[str] = []
    for name, account in settings.accounts.items():
        try:
            accounts[name] = account_from(name, account, secrets)
        except OSError as error:
            mistakes.append(f"accounts.{name}.api_key_file: cannot be read: {error.strerror}")
        except ValueError as error:
            mistakes.append(f"accounts.{name}.api_key_file: {error}")
    if mistakes:
        raise InvalidSettingsError(mistakes)
    return Accounts(accounts)


def _server_credentials(tls: Tls) -> grpc.ServerCredentials:
    pair = (_file("tls.key_file", tls.key_file), _file("tls.certificate_file", tls.certificate_file))
    if tls.client_ca_file is None:
        return grpc.ssl_server_credentials([pair])
    authority = _file("tls.client_ca_file", tls.client_ca_file)
    return grpc.ssl_server_credentials([pair], root_certificates=authority, require_client_auth=True)


def _file(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidSettingsError([f"{setting}: {file} cannot be read: {error.strerror}"]) from None
