"""What the recommended channel does by itself: it repeats, shares calls out, and leaves out who is not ready."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import trustme
from free_ports import free_port
from gateway_under_test import GatewayUnderTest, place_call_request
from scripted_server import Failure, ScriptedServer, failure, info, numbered, scripted_server

import gateway
from gateway.listener import _OPTIONS
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallResponse, WatchCallsRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import SERVICE_CONFIG, error_from, open_aio_channel, open_channel
from voicegateway_client.channel import _arguments

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
CLIENTS = Path(__file__).parents[3] / "clients"
Open = Callable[..., AbstractAsyncContextManager[Callable[[], Awaitable[PlaceCallResponse]]]]


class ByAio:
    """Opens a channel for asyncio; the block gets what places a call over it."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        self._channel = open_aio_channel(*given, **settings)

    async def __aenter__(self) -> Callable[[], Awaitable[PlaceCallResponse]]:
        stub = OutboundCallServiceStub(self._channel)

        async def place() -> PlaceCallResponse:
            return await stub.PlaceCall(place_call_request())

        return place

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()


class ByThreads:
    """Opens a channel for threads; the block gets what places a call over it."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        self._channel = open_channel(*given, **settings)

    async def __aenter__(self) -> Callable[[], Awaitable[PlaceCallResponse]]:
        stub = OutboundCallServiceStub(self._channel)

        async def place() -> PlaceCallResponse:
            return await asyncio.to_thread(stub.PlaceCall, place_call_request())

        return place

    async def __aexit__(self, *_: object) -> None:
        self._channel.close()


@pytest.fixture(params=[ByAio, ByThreads], ids=["asyncio", "threads"])
def opened(request: pytest.FixtureRequest) -> Open:
    return request.param


# Repeats


async def test_unavailable_is_repeated_by_the_channel_itself(opened):
    """The gateway says so only when nothing was sent: the caller sees the acceptance."""
    async with scripted_server(Failure(UNAVAILABLE), Failure(UNAVAILABLE)) as server, opened(server.address) as place:
        reply = await place()

    assert "01M877T75TZ34YP86YJBAKTDN5" == reply.call.call_id
    assert 3 == len(server.seen)
    assert 1 == len({each.request.request_id for each in server.seen})


async def test_no_more_than_four_attempts_are_made(opened):
    """Whoever wants more repeats by himself."""
    async with scripted_server(*[Failure(UNAVAILABLE)] * 9) as server, opened(server.address) as place:
        with pytest.raises(grpc.RpcError) as caught:
            await place()

    assert (4, UNAVAILABLE) == (len(server.seen), caught.value.code())


async def test_a_pushback_ends_the_repeats(opened):
    """What must not be repeated says so, whatever its code."""
    answer = failure(UNAVAILABLE, info("ERROR_REASON_OUTCOME_UNKNOWN"), pushback=True)
    async with scripted_server(answer) as server, opened(server.address) as place:
        with pytest.raises(grpc.RpcError) as caught:
            await place()

    assert 1 == len(server.seen)
    assert error_from(caught.value).from_gateway


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code not in {grpc.StatusCode.OK, UNAVAILABLE}])
async def test_nothing_else_is_repeated_by_the_channel(opened, code):
    """Any other code may stand for a call that was placed."""
    async with scripted_server(Failure(code)) as server, opened(server.address) as place:
        with pytest.raises(grpc.RpcError) as caught:
            await place()

    assert (1, code) == (len(server.seen), caught.value.code())


async def test_a_gateway_that_recovers_is_not_noticed(opened, gateway, provider):
    """A gateway that was full is asked again, and the phone rings once."""
    refusals = iter([False, False])
    gateway.gateway._boundary._methods._admission._has_room = lambda: next(refusals, True)
    async with opened(gateway.address) as place:
        reply = await place()

    assert not reply.replayed
    assert 1 == len(provider.posts)
    assert [] == list(refusals)


async def test_a_stream_has_one_error(gateway):
    """WatchCalls is of the same service, and its refusal is told once."""
    async with open_aio_channel(gateway.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await OutboundCallServiceStub(channel).WatchCalls(WatchCallsRequest(call_id="x")).read()

    assert "ERROR_REASON_INVALID_REQUEST" == error_from(caught.value).reason_name


# Replicas


async def until(place: Callable[[], Awaitable[Any]], is_true: Callable[[], bool]) -> None:
    """Places calls until it is so."""
    async with asyncio.timeout(60):
        while not is_true():
            await place()


async def test_calls_go_in_turn_to_every_replica_that_is_ready(opened):
    """Who is not ready gets no call, and joins in as soon as it is."""
    async with (
        scripted_server() as first,
        scripted_server(ready=False) as second,
        opened(numbered([first, second])) as place,
    ):
        for _ in range(6):
            await place()
        alone = len(first.seen), len(second.seen)
        await second.is_ready(ready=True)
        await until(place, lambda: bool(second.seen))
        before = len(first.seen), len(second.seen)
        for _ in range(6):
            await place()

    assert (6, 0) == alone
    assert (3, 3) == (len(first.seen) - before[0], len(second.seen) - before[1])


async def test_a_gateway_that_drains_gets_no_more_calls(opened, start_gateway):
    """A real replica turns away callers by its health before it stops."""
    leaving, staying = await start_gateway(), await start_gateway()
    async with opened(f"ipv4:{leaving.address},{staying.address}") as place:
        await until(place, lambda: all(each.gateway.dialer.outcomes["OK"] for each in (leaving, staying)))
        await leaving.gateway._listener.ready(is_ready=False)
        await until(place, passed_over(leaving))
        before = leaving.gateway.dialer.outcomes["OK"]
        for _ in range(6):
            await place()

    assert before == leaving.gateway.dialer.outcomes["OK"]


def passed_over(gateway: GatewayUnderTest) -> Callable[[], bool]:
    """Whether two calls in a row went to others: it has no turn any more."""
    counted: list[int] = []

    def is_true() -> bool:
        counted.append(gateway.gateway.dialer.outcomes["OK"])
        return counted[-3:-2] == counted[-1:]

    return is_true


async def test_a_caller_behind_a_proxy_may_leave_readiness_to_it(opened):
    """The option that the page names turns the health checks off, for a proxy that would cut their stream."""
    options = [("grpc.inhibit_health_checking", 1)]
    async with scripted_server(ready=False) as server, opened(server.address, options=options) as place:
        await place()

    assert 1 == len(server.seen)


# Outages


async def test_a_gateway_that_is_back_after_a_long_outage_is_found_within_seconds(opened):
    """GRPC alone would look for it after two minutes."""
    address = f"127.0.0.1:{free_port()}"
    options = [("grpc.initial_reconnect_backoff_ms", 120_000)]  # so long does it wait after some minutes
    async with opened(address, options=options) as place:
        with pytest.raises(grpc.RpcError):
            await place()
        async with scripted_server(address=address) as server, asyncio.timeout(60):
            while not server.seen:
                with suppress(grpc.RpcError):
                    await place()

    assert 1 == len(server.seen)


@pytest.mark.parametrize(
    ("source", "setting"),
    [
        pytest.param("go/voicegateway/channel.go", r"reconnectWait += (\d+) \* time\.Second", id="Go"),
        pytest.param(
            "java/src/main/java/com/example/voicegateway/client/Reconnection.java",
            r"RECONNECT_SECONDS = (\d+);",
            id="Java",
        ),
    ],
)
def test_a_gateway_is_looked_for_as_often_in_every_language(source, setting):
    """What a caller waits after an outage does not depend on the package."""
    [seconds] = re.findall(setting, (CLIENTS / source).read_text())

    assert dict(_arguments(()))["grpc.max_reconnect_backoff_ms"] == int(seconds) * 1000


def test_a_slow_connection_is_not_given_up_earlier():
    """What is called the shortest wait is how long an attempt may take: at 5 seconds, a slow handshake never ends."""
    assert "grpc.min_reconnect_backoff_ms" not in dict(_arguments(()))


# How it is set up


async def test_the_gateway_sees_who_calls(opened):
    """The user agent names the package and its version before gRPC's own."""
    async with scripted_server() as server, opened(server.address) as place:
        await place()

    assert re.match(
        rf"kaleyra-gateway-client-python/{gateway.__version__} grpc-python", server.seen[0].metadata["user-agent"]
    )


async def test_the_callers_own_options_go_first(opened):
    """An option that is given replaces the one that is set here, and leaves the others."""
    async with (
        scripted_server(Failure(UNAVAILABLE)) as server,
        opened(server.address, options=[("grpc.primary_user_agent", "mine"), ("grpc.enable_retries", 0)]) as place,
    ):
        with pytest.raises(grpc.RpcError):
            await place()

    assert ["mine"] == [each.metadata["user-agent"].split()[0] for each in server.seen]


async def test_no_timeout_is_set_for_the_caller(opened):
    """A default would cap the time that the caller gives."""
    async with scripted_server() as server, opened(server.address) as place:
        await place()

    assert [None] == [each.seconds for each in server.seen]


def test_pings_are_rarer_than_the_gateway_allows():
    """A caller that pings too often loses its connection."""
    allowed = dict(_OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"]

    assert allowed < dict(_arguments(()))["grpc.keepalive_time_ms"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("go/voicegateway/channel.go", id="Go"),
        pytest.param("java/src/main/java/com/example/voicegateway/client/GatewayChannels.java", id="Java"),
    ],
)
def test_the_service_config_is_the_same_in_every_language(source):
    """The three packages promise one behaviour."""
    [config] = re.findall(r'(?:`|""")\s*(\{.*?\})\s*(?:`|""")', (CLIENTS / source).read_text(), re.DOTALL)

    assert SERVICE_CONFIG == json.loads(config)


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def guarded(authority: trustme.CA) -> AsyncIterator[ScriptedServer]:
    """A server with a certificate, which asks its callers for theirs."""
    mine = authority.issue_cert("127.0.0.1")
    pair = (mine.private_key_pem.bytes(), b"".join(pem.bytes() for pem in mine.cert_chain_pems))
    credentials = grpc.ssl_server_credentials([pair], authority.cert_pem.bytes(), require_client_auth=True)
    async with scripted_server(credentials=credentials) as server:
        yield server


async def test_a_caller_with_a_certificate_is_let_in(opened, guarded, authority):
    """GRPC's own credentials are all that TLS, and mutual TLS, need."""
    mine = authority.issue_cert("caller@example.com")
    chain = b"".join(pem.bytes() for pem in mine.cert_chain_pems)
    credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes(), mine.private_key_pem.bytes(), chain)
    async with opened(guarded.address, credentials) as place:
        await place()

    assert 1 == len(guarded.seen)


@pytest.mark.parametrize(
    "with_tls", [pytest.param(True, id="without a certificate"), pytest.param(False, id="plaintext")]
)
async def test_others_are_not(opened, guarded, authority, with_tls):
    """Without a certificate, or without TLS, nobody is called."""
    credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes()) if with_tls else None
    async with opened(guarded.address, credentials) as place:
        with pytest.raises(grpc.RpcError) as caught:
            await place()

    error = error_from(caught.value)
    assert (UNAVAILABLE, False) == (error.code, error.from_gateway)
    assert [] == guarded.seen
