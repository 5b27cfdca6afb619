"""What listens: health, reflection, TLS, and an address that is really ours."""

import asyncio
import socket
from pathlib import Path

import faults
import grpc
import grpc.aio
import pytest
import trustme
from gateway_under_test import GatewayUnderTest, ledger_in, place_call_request, running_gateway, settings_for
from google.protobuf.descriptor_pool import DescriptorPool
from grpc._cython import cygrpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from planted import RULES, Methods

from gateway.app import SERVICE, Gateway
from gateway.boundary import Boundary
from gateway.listener import _OPTIONS, Listener
from gateway.settings import InvalidSettingsError
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health(gateway: GatewayUnderTest) -> health_pb2_grpc.HealthStub:
    return health_pb2_grpc.HealthStub(gateway.channel)


async def status(gateway: GatewayUnderTest, service: str) -> int:
    return (await health(gateway).Check(health_pb2.HealthCheckRequest(service=service), timeout=30)).status


# Health


@pytest.mark.parametrize("service", ["", "voicegateway.v1.OutboundCallService"])
async def test_a_running_gateway_is_alive_and_ready(gateway, service):
    """Liveness has the empty name, readiness the service's."""
    assert SERVING == await status(gateway, service)


async def test_a_gateway_is_alive_before_it_is_ready(provider):
    """Between listening and being ready nothing is sent to it, and nobody kills it."""
    settings = settings_for(provider.url, {})
    listener = Listener(settings, SERVICE, Boundary(SERVICE, Methods(None), RULES).handler())
    address = await listener.start()
    async with grpc.aio.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        names = ("", SERVICE.full_name)
        answers = [await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=30) for name in names]
    await listener.stop()

    assert [SERVING, NOT_SERVING] == [answer.status for answer in answers]


async def test_another_name_is_not_found(gateway):
    """A probe with a mistyped name fails, and is not taken for healthy."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await status(gateway, "voicegateway.v1.OutboundCall")

    assert grpc.StatusCode.NOT_FOUND == caught.value.code()


async def test_a_draining_gateway_is_alive_and_not_ready(gateway, provider):
    """While running calls finish, no balancer sends new ones, and no supervisor kills the process."""
    provider.behave(faults.answers_when_released)
    call = asyncio.ensure_future(gateway.place_call())
    await provider.arrivals(1)
    watch = health(gateway).Watch(health_pb2.HealthCheckRequest(service=SERVICE.full_name))
    before = (await watch.read()).status
    draining = asyncio.create_task(gateway.gateway.drain())
    after = (await watch.read()).status
    alive = await status(gateway, "")
    refused = await gateway.place_call_error(requestId="test-0000002")
    provider.release.set()
    answer = await call

    assert (SERVING, NOT_SERVING, SERVING) == (before, after, alive)
    assert ("OVERLOADED", "NOT_SENT", "REPEAT", None) == (
        refused.reason,
        refused.dispatch,
        refused.retry,
        refused.pushback,
    )
    assert "RBC3007" == answer.call.provider_reply.code
    assert await draining


async def test_every_running_call_gets_its_answer_before_the_end(start_gateway, provider):
    """A drain takes no answer away, however many arrive at the last moment."""
    gateway = await start_gateway()
    provider.behave(faults.answers_when_released)
    calls = [asyncio.ensure_future(gateway.place_call(requestId=f"test-{number:07}")) for number in range(100)]
    await provider.arrivals(100)
    draining = asyncio.create_task(gateway.gateway.drain())
    await asyncio.sleep(0.1)
    provider.release.set()
    answers = await asyncio.gather(*calls)

    assert ["RBC3007"] * 100 == [answer.call.provider_reply.code for answer in answers]
    assert await draining


# Reflection


def services_and_fields(address: str) -> tuple[list[str], list[str]]:
    """What a tool such as grpcurl learns from a server about which it knows nothing."""
    with grpc.insecure_channel(address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = list(database.get_services())
        pool = DescriptorPool(database)
        request = pool.FindServiceByName(SERVICE.full_name).FindMethodByName("PlaceCall").input_type
        return services, [field.name for field in request.fields]


async def test_reflection_shows_the_service_and_its_messages(gateway):
    """A tool lists what is served and can build a request."""
    services, fields = await asyncio.to_thread(services_and_fields, gateway.address)

    assert {
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "voicegateway.v1.OutboundCallService",
    } == set(services)
    assert ["call", "request_id", "account", "validate_only", "dial_before"] == fields


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The server's certificate and key, and the authority of its clients."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "tls.key")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "tls.crt", append=True)
    authority.cert_pem.write_to_path(folder / "ca.crt")
    return {"certificate_file": folder / "tls.crt", "key_file": folder / "tls.key", "client_ca_file": folder / "ca.crt"}


def without_client_ca(tls: dict[str, Path]) -> dict[str, Path]:
    return {name: file for name, file in tls.items() if name != "client_ca_file"}


def trusting(authority: trustme.CA, client: trustme.CA | None = None) -> grpc.ChannelCredentials:
    """A client that trusts an authority, and shows a certificate of another, if any."""
    root = authority.cert_pem.bytes()
    if client is None:
        return grpc.ssl_channel_credentials(root)
    certificate = client.issue_cert("caller@example.com")
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    return grpc.ssl_channel_credentials(root, certificate.private_key_pem.bytes(), chain)


async def place_over(address: str, credentials: grpc.ChannelCredentials | None) -> str:
    """Places a call over a channel of its own; tells the code."""
    channel = (
        grpc.aio.insecure_channel(address) if credentials is None else grpc.aio.secure_channel(address, credentials)
    )
    async with channel:
        try:
            await OutboundCallServiceStub(channel).PlaceCall(place_call_request(), timeout=60)
        except grpc.aio.AioRpcError as error:
            return error.code().name
    return "OK"


async def test_tls_is_served_to_whoever_trusts_the_certificate(provider, tls, authority):
    """With a certificate there is no way in without TLS, nor for a client that trusts somebody else."""
    async with running_gateway(provider.url, {"tls": without_client_ca(tls)}) as gateway:
        codes = [
            await place_over(gateway.address, trusting(authority)),
            await place_over(gateway.address, None),
            await place_over(gateway.address, trusting(trustme.CA())),
        ]

    assert ["OK", "UNAVAILABLE", "UNAVAILABLE"] == codes
    assert 1 == len(provider.posts)


async def test_a_client_authority_lets_only_its_own_in(provider, tls, authority):
    """With `client_ca_file`, a client without a certificate, or with another authority's, is refused."""
    async with running_gateway(provider.url, {"tls": tls}) as gateway:
        codes = [
            await place_over(gateway.address, trusting(authority, client=authority)),
            await place_over(gateway.address, trusting(authority)),
            await place_over(gateway.address, trusting(authority, client=trustme.CA())),
        ]

    assert ["OK", "UNAVAILABLE", "UNAVAILABLE"] == codes
    assert 1 == len(provider.posts)


async def test_a_certificate_that_is_gone_stops_the_start(provider, tls, tmp_path):
    """What vanished since the settings were read is named."""
    gone = tls | {"key_file": Path("/nowhere/tls.key")}
    gateway = Gateway(settings_for(provider.url, {"tls": gone} | ledger_in(tmp_path)), Secrets())
    with pytest.raises(InvalidSettingsError) as caught:
        await gateway.start()

    assert ["tls.key_file: cannot be read: No such file or directory"] == caught.value.mistakes


# The address


def test_every_option_is_one_that_grpc_knows():
    """The library takes an option it does not know in silence: a mistyped keepalive would be none."""
    library = Path(cygrpc.__file__).read_bytes()

    assert [] == [name for name, _ in _OPTIONS if name.encode() not in library]


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        pytest.param("192.0.2.1:0", "Cannot assign requested address", id="an address of another machine"),
        pytest.param("no-such-host.invalid:0", "", id="a name that is none"),
    ],
)
async def test_an_address_that_is_not_ours_stops_the_start(provider, listen, why, tmp_path):
    """The system's own words say why, as a mistake in the settings."""
    gateway = Gateway(settings_for(provider.url, {"listen": listen} | ledger_in(tmp_path)), Secrets())
    with pytest.raises(InvalidSettingsError) as caught:
        await gateway.start()

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"listen: {listen} cannot be listened on: {why}")


async def test_a_taken_port_stops_the_start(gateway, provider, tmp_path):
    """A second gateway on a port fails to start; it does not take half of the first one's calls in silence."""
    second = Gateway(settings_for(provider.url, {"listen": gateway.address} | ledger_in(tmp_path)), Secrets())
    with pytest.raises(InvalidSettingsError) as caught:
        await second.start()

    assert [f"listen: {gateway.address} cannot be listened on: Address already in use"] == caught.value.mistakes


async def test_the_address_tells_the_port_that_was_given(provider):
    """Port 0 is any free port; the address that is told can be connected to."""
    async with running_gateway(provider.url, {"listen": "127.0.0.1:0"}) as gateway:
        host, _, port = gateway.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10):
            pass

    assert ("127.0.0.1", True) == (host, int(port) > 0)
