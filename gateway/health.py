"""Asks a running gateway how it is, as a supervisor does again and again: over gRPC, from beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.served_certificate import ClientCertificate, NoTlsError, ServedCertificate, served_certificate
from gateway.settings import InvalidSettingsError, Tls
from gateway.settings.loading import overlay, read_document
from gateway.settings.mistakes import described
from gateway.settings.model import Address

SERVING: Final = 0
NOT_SERVING: Final = 1
WRONG_COMMAND: Final = 2
NO_ANSWER: Final = 3
"""The exit statuses."""

_STATUS: Final = health_pb2.HealthCheckResponse
_OPTIONS: Final = (("grpc.enable_http_proxy", 0), ("grpc.enable_retries", 0))
_LOOPBACK_BY_ANY: Final[Mapping[str, str]] = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - compared, not bound


class _ListenerAlone(BaseModel):
    """What of the settings says where a gateway listens. Its files are not judged: it serves what it once read."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    listen: Address = "127.0.0.1:50051"
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway said, as an exit status and in words."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a gateway listens, and how it is spoken to.

    Attributes:
        address: HOST:PORT, to connect to.
        has_tls: Whether it serves TLS.
        knows_callers: Whether it lets in only those who show a certificate.
        shown: The certificate that is shown to it.
    """

    address: str
    has_tls: bool = False
    knows_callers: bool = False
    shown: ClientCertificate | None = None


def listening(
    config: Path | None, environment: Mapping[str, str], address: str | None, shown: ClientCertificate | None
) -> Listening:
    """Reads where the gateway with these settings listens.

    Args:
        config: Its settings file, if any.
        environment: Its environment.
        address: Where it is, in place of what the settings say.
        shown: What to show to a gateway that knows its callers; by default the gateway's own certificate.

    Raises:
        InvalidSettingsError: They do not say it.
    """
    document = read_document(config)
    overlay(document, environment)
    if address is not None and "/" in address:
        raise InvalidSettingsError(["--address: must be HOST:PORT, and is no URL"])
    try:
        settings = _ListenerAlone.model_validate(document | ({} if address is None else {"listen": address}))
    except ValidationError as error:
        mistakes = described(error, _ListenerAlone, {})
        if address is not None:
            mistakes = [mistake.replace("listen:", "--address:", 1) for mistake in mistakes]
        raise InvalidSettingsError(mistakes) from None
    if shown is not None and settings.tls is None:
        raise InvalidSettingsError(["--certificate and --key are for a gateway with TLS: these settings have no [tls]"])
    host, _, port = settings.listen.rpartition(":")
    if int(port) == 0:
        raise InvalidSettingsError(["listen: port 0 is any free port: say which one it is by --address HOST:PORT"])
    folder = Path.cwd() if config is None else config.absolute().parent
    tls = settings.tls
    return Listening(
        f"{_LOOPBACK_BY_ANY.get(host, host)}:{port}",
        has_tls=tls is not None,
        knows_callers=tls is not None and tls.client_ca_file is not None,
        shown=shown or _its_own(tls, folder),
    )


def _its_own(tls: Tls | None, folder: Path) -> ClientCertificate | None:
    """A gateway's own certificate, for one that lets in only those who show some: it often is of the same authority."""
    if tls is None or tls.client_ca_file is None:
        return None
    return ClientCertificate(folder / tls.certificate_file, folder / tls.key_file)


def ask(gateway: Listening, service: str, timeout: float) -> Answer:
    """Asks once for the health of a service; an empty name asks whether the process is alive."""
    until = time.monotonic() + timeout
    try:
        certificate = served_certificate(gateway.address, gateway.shown, timeout) if gateway.has_tls else None
    except NoTlsError as error:
        return Answer(NO_ANSWER, f"no gateway answers on {gateway.address} with TLS: {error}")
    with _channel(gateway, certificate) as channel:
        try:
            request = health_pb2.HealthCheckRequest(service=service)
            left = max(0.0, until - time.monotonic())
            stub: Any = health_pb2_grpc.HealthStub(channel)  # its methods are not in its type
            status = stub.Check(request, timeout=left).status
        except grpc.RpcError as error:
            return _no_answer(gateway, service, error)
    name = _STATUS.ServingStatus.Name(status)
    return Answer(SERVING if status == _STATUS.SERVING else NOT_SERVING, f"{service or gateway.address}: {name}")


def _channel(gateway: Listening, certificate: ServedCertificate | None) -> grpc.Channel:
    if certificate is None:
        return grpc.insecure_channel(gateway.address, options=_OPTIONS)
    shown = gateway.shown
    pair = (None, None) if shown is None else (shown.key.read_bytes(), shown.certificate.read_bytes())
    credentials = grpc.ssl_channel_credentials(certificate.pem, *pair)
    options = (*_OPTIONS, ("grpc.ssl_target_name_override", certificate.name))
    return grpc.secure_channel(gateway.address, credentials, options=options)


def _no_answer(gateway: Listening, service: str, error: grpc.RpcError) -> Answer:
    code: grpc.StatusCode = error.code()
    if code is grpc.StatusCode.NOT_FOUND:
        return Answer(WRONG_COMMAND, f"the gateway on {gateway.address} knows no service {service}")
    if code is not grpc.StatusCode.UNAVAILABLE:
        return Answer(NO_ANSWER, f"the gateway on {gateway.address} does not say how it is: {code.name}")
    if gateway.knows_callers:
        return Answer(
            NO_ANSWER,
            f"the gateway on {gateway.address} does not accept the certificate that it was shown: give one that the "
            "authority in tls.client_ca_file signed, by --certificate and --key",
        )
    return Answer(
        NO_ANSWER, f"no gateway answers on {gateway.address}, asked {'with' if gateway.has_tls else 'without'} TLS"
    )
