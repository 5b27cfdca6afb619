"""The socket and the certificate that the receiver listens with; what is wrong with them is a mistake in a setting."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any, Final

from gateway.settings import InvalidSettingsError, Tls

BACKLOG: Final = 1024
_BUFFER: Final = 64 * 1024


async def listening_socket(listen: str) -> socket.socket:
    """Binds HOST:PORT; a name's first address.

    Raises:
        InvalidSettingsError: The address cannot be listened on; says why in the system's words.
    """
    try:
        return _bound(*await _resolved(listen))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InvalidSettingsError([f"receiver.listen: {listen} cannot be listened on: {why}"]) from None


async def _resolved(listen: str) -> tuple[socket.AddressFamily, Any]:
    host, _, port = listen.rpartition(":")
    found = await asyncio.get_running_loop().getaddrinfo(
        host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, _, _, _, address = found[0]
    return family, address


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
    # The protocol is named, or asyncio would not set TCP_NODELAY on the connections.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # [::] is every address, as for gRPC
        # Connections inherit these. Left to itself, Linux would let one that reads none of its answers hold megabytes.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def server_context(tls: Tls) -> ssl.SSLContext:
    """Reads the certificate, and the authority that clients' certificates must come from, if any; TLS 1.2 and later.

    Raises:
        InvalidSettingsError: A file cannot be read, or does not hold what it should.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for name in ("certificate_file", "key_file", "client_ca_file"):
        _readable(f"receiver.tls.{name}", getattr(tls, name))
    try:
        context.load_cert_chain(tls.certificate_file, tls.key_file, password="")  # or OpenSSL asks the terminal for one
    except ssl.SSLError:
        words = "must be the PEM key of the PEM certificate in certificate_file, with no password"
        raise InvalidSettingsError([f"receiver.tls.key_file: {words}"]) from None
    if tls.client_ca_file is not None:
        _demand_certificates_of(tls.client_ca_file, context)
    return context


def _demand_certificates_of(authority: Path, context: ssl.SSLContext) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(authority)
    except ssl.SSLError:
        raise InvalidSettingsError(["receiver.tls.client_ca_file: must hold certificates as PEM"]) from None


def _readable(setting: str, file: Path | None) -> None:
    try:
        if file is not None:
            file.read_bytes()
    except OSError as error:
        raise InvalidSettingsError([f"{setting}: cannot be read: {error.strerror}"]) from None
