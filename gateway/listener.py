"""What listens: a gRPC server with TLS or without, its health and its reflection."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from gateway.settings import InvalidSettingsError, Settings, Tls

_ALIVE: Final = ""  # the health service's name for the process as a whole

_GOODBYE: Final = 0.5
"""Seconds in which whoever is connected hears that it ends: a request that is on its way meanwhile is turned away, and
a client or a mesh takes it elsewhere; cut off, nobody could tell that it was not begun."""

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


class _Symbols:
    """What reflection describes: the linked-in protos, and unlike protobuf's own pool their methods, too."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802  # protobuf's name
        """Finds the file that declares a symbol.

        Raises:
            KeyError: There is none.
        """
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file


class Listener:
    """Serves one service on one address."""

    def __init__(self, settings: Settings, service: ServiceDescriptor, handler: grpc.GenericRpcHandler) -> None:
        """Builds the server; nothing listens yet.

        Args:
            settings: Where to listen, and with which certificate.
            service: What is served: its readiness is told, and reflection shows it.
            handler: Answers its calls.
        """
        self._settings = settings
        self._service = service.full_name
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers((handler,))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (self._service, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server, _Symbols())  # type: ignore[arg-type]

    async def start(self) -> str:
        """Listens, alive but not ready.

        Returns:
            The address, HOST:PORT, with the port that was given for port 0.

        Raises:
            InvalidSettingsError: The address cannot be listened on, or a file of `tls` cannot be read.
        """
        await self.ready(is_ready=False)
        await self._health.set(_ALIVE, health_pb2.HealthCheckResponse.SERVING)
        listen = self._settings.listen
        if await _is_taken_in_part(listen):
            raise InvalidSettingsError([f"listen: {listen} cannot be listened on: {os.strerror(errno.EADDRINUSE)}"])
        try:
            port = self._add_port(listen)
        except RuntimeError:
            raise InvalidSettingsError([f"listen: {listen} cannot be listened on: {_why_not(listen)}"]) from None
        await self._server.start()
        return f"{listen.rpartition(':')[0]}:{port}"

    async def ready(self, *, is_ready: bool) -> None:
        """Tells whether new calls are welcome."""
        status = health_pb2.HealthCheckResponse
        await self._health.set(self._service, status.SERVING if is_ready else status.NOT_SERVING)

    async def stop(self) -> None:
        """Takes no more requests, and ends every connection."""
        await self._server.stop(grace=_GOODBYE)

    def _add_port(self, listen: str) -> int:
        if self._settings.tls is None:
            return self._server.add_insecure_port(listen)
        return self._server.add_secure_port(listen, server_credentials(self._settings.tls))


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Reads the certificate, and the authority that callers' certificates must come from, if any.

    Raises:
        InvalidSettingsError: A file cannot be read.
    """
    pair = (_content("tls.key_file", tls.key_file), _content("tls.certificate_file", tls.certificate_file))
    if tls.client_ca_file is None:
        return grpc.ssl_server_credentials([pair])
    authority = _content("tls.client_ca_file", tls.client_ca_file)
    return grpc.ssl_server_credentials([pair], root_certificates=authority, require_client_auth=True)


def _content(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidSettingsError([f"{setting}: cannot be read: {error.strerror}"]) from None


async def _is_taken_in_part(listen: str) -> bool:
    """Whether somebody listens on an address of a name, such as of localhost: gRPC is content with the other one."""
    host, _, port = listen.rpartition(":")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False  # gRPC says so
    return any(_is_taken(family, address) for family, _, _, _, address in found if address[1])


def _is_taken(family: socket.AddressFamily, address: Any) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:  # fails where the system knows no IPv6
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    return False


def _why_not(listen: str) -> str:
    """Asks the operating system what gRPC does not tell."""
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), int(port)), family=family).close()
    except OSError as error:
        return (error.strerror or type(error).__name__).partition(" (")[0]  # Python adds the address in brackets
    return "gRPC does not say why"
