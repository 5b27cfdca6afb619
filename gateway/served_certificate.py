"""The certificate that a server shows, whoever signed it: from beside it, there is nobody to mistake it for."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoTlsError(Exception):
    """Nobody answers, or not with TLS; says which."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What is shown to a server that knows its clients: files in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """A server's own certificate in PEM, and one of the names in it."""

    pem: bytes
    name: str


def served_certificate(address: str, shown: ClientCertificate | None, timeout: float) -> ServedCertificate:
    """Learns the certificate of a server, and that it is in date.

    Raises:
        NoTlsError: There is none, it is out of date, or what is to be shown cannot be read.
    """
    try:
        with _connected(address, _context(shown), timeout) as connection:
            pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
        with _connected(address, _context(shown, trusted=pem), timeout) as connection:
            return ServedCertificate(pem.encode(), _name_in(connection.getpeercert() or {}))
    except ssl.SSLCertVerificationError as error:
        raise NoTlsError(error.verify_message) from None
    except ssl.SSLError as error:
        raise NoTlsError(error.reason or "TLS failed") from None
    except OSError as error:
        raise NoTlsError(error.strerror or type(error).__name__) from None


def _context(shown: ClientCertificate | None, trusted: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])  # a gRPC server hangs up on anything else
    context.check_hostname = False
    if trusted is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=trusted)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if shown is not None:
        try:
            context.load_cert_chain(shown.certificate, shown.key, password="")
        except OSError as error:  # of TLS as well: it is not the certificate's key, or no PEM
            raise NoTlsError(f"{shown.certificate} cannot be shown: {error.strerror}") from None
    return context


@contextmanager
def _connected(address: str, context: ssl.SSLContext, timeout: float) -> Iterator[ssl.SSLSocket]:
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host.strip("[]"), int(port)), timeout) as connection,
        context.wrap_socket(connection) as encrypted,
    ):
        yield encrypted


def _name_in(details: dict[str, Any]) -> str:
    """Finds a name that the certificate is good for; for a wildcard, one that it covers."""
    names = [name for kind, name in details.get("subjectAltName", ()) if kind in {"DNS", "IP Address"}]
    names += [value for part in details.get("subject", ()) for name, value in part if name == "commonName"]
    return str(names[0]).replace("*", "health", 1) if names else ""
