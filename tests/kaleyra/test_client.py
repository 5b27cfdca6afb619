"""One POST: what the front door cannot show of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import faults
import pytest
import unreachable
from raw_provider import ACCEPTED, REFUSED, RawProvider, answering, reply

from gateway.kaleyra.client import DeliveryError, NotSentError, ProviderClient, ReplyLostError
from gateway.kaleyra.reply import HttpReply
from gateway.settings import InvalidSettingsError, Provider


class Open:
    """A fence that lets everything pass."""

    def check(self) -> None:
        pass


class Shut:
    """A fence that lets nothing pass, for a reason or by a bug."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def check(self) -> None:
        raise self.failure


Post = Callable[..., Awaitable[HttpReply]]


@pytest.fixture
async def client(request):
    """A client with one connection and with patience, unless a test asks for other settings."""
    usual = {"max_connections": 1, "connect_timeout": 10, "reply_timeout": 30, "keepalive_expiry": 600}
    client = ProviderClient(Provider.model_validate(usual | getattr(request, "param", {})))
    yield client
    await client.aclose()


@pytest.fixture
def post(client, provider) -> Post:
    """Posts a small form to the provider."""

    async def post(fence: Any = Open(), url: str = provider.url) -> HttpReply:  # noqa: B008 - it has no state
        return await client.post(f"{url}/v1/SID/voice/outbound", "a-key", b"to=%2B13236550107", fence)

    return post


async def failure_of(posting: Awaitable[HttpReply]) -> DeliveryError:
    """Awaits a POST that must fail."""
    with pytest.raises(DeliveryError) as caught:
        await posting
    return caught.value


async def test_what_leaves_is_exactly_this(post, provider):
    """The request holds what the provider's page asks for, and nothing of the library's own."""
    await post()

    head = provider.posts[0].head.lower()
    assert [
        "post /v1/sid/voice/outbound http/1.1",
        f"host: {provider.url.removeprefix('http://')}",
        "content-length: 17",
        "content-type: application/x-www-form-urlencoded",
        "api-key: a-key",
        "accept: application/json",
        "accept-encoding: identity",
    ] == head.split("\r\n")[:7]
    assert head.split("\r\n")[7].startswith("user-agent: kaleyra-gateway/")
    assert ["", ""] == head.split("\r\n")[8:]
    assert b"to=%2B13236550107" == provider.posts[0].body


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda connection: connection.send_now(reply(ACCEPTED)), id="a second answer came"),
        pytest.param(lambda connection: connection.close_now(), id="it was closed"),
    ],
)
async def test_a_connection_is_looked_at_right_before_it_is_used(post, provider, meanwhile):
    """Between the choice of a connection and its use, something may be heard on it: then another one is used.

    The second request is given the connection at the moment when the first one's answer ends, and uses it a turn of the
    loop later; in between, this test goes on.
    """

    async def behavior(connection: faults.Connection) -> None:
        await connection.receive()
        await asyncio.sleep(0.1)  # by now the second request waits for the connection
        await connection.send(reply(ACCEPTED))
        await connection.receive()
        await connection.send(reply(ACCEPTED))

    async def second() -> HttpReply:
        await provider.arrivals(1)
        provider.behave(answering(reply(REFUSED)))
        return await post()

    provider.behave(behavior)
    waiting = asyncio.create_task(second())
    await post()
    meanwhile(provider.connections[0])

    assert b"RBC3119" in (await waiting).body
    assert 2 == len(provider.posts)
    assert 2 == len(provider.connections)


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        pytest.param(NotSentError("TooLate"), "TooLate", id="too late"),
        pytest.param(RuntimeError("a bug"), "RuntimeError", id="a bug of the fence"),
    ],
)
async def test_what_a_fence_stops_has_not_left(post, provider, failure, cause):
    """A fence that does not open is a proof, whatever its reason, and the next request is none the worse for it."""
    error = await failure_of(post(Shut(failure)))
    await post()

    assert (NotSentError, cause) == (type(error), error.cause)
    assert 1 == len(provider.posts)


async def test_an_exchange_that_is_cancelled_says_whether_it_left(post, provider):
    """At the end of the process, too, a request that left is an unknown outcome, and one that did not is not sent."""
    provider.behave(faults.never_answers)
    left = asyncio.create_task(post())
    await provider.arrivals(1)
    waits = asyncio.create_task(post())
    await asyncio.sleep(0.05)

    left.cancel()
    waits.cancel()

    assert ReplyLostError is type(await failure_of(left))
    assert NotSentError is type(await failure_of(waits))
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    ("place", "client", "cause"),
    [
        pytest.param(unreachable.nobody_listens, {}, "ConnectError/ConnectionRefusedError", id="port"),
        pytest.param(unreachable.no_possible_name, {}, "ConnectError/gaierror", id="name"),
        pytest.param(unreachable.untrusted_certificate, {}, "ConnectError/SSLCertVerificationError", id="certificate"),
        pytest.param(unreachable.tls_handshake_hangs, {"connect_timeout": 0.2}, "ConnectTimeout", id="time"),
    ],
    indirect=["client"],
)
async def test_a_cause_tells_an_operator_what_to_look_at(post, tmp_path, place, cause):
    """A name, a port, a certificate and a silence are four different things to repair."""
    async with place(tmp_path) as at:
        error = await failure_of(post(url=at.url))

    assert cause == error.cause


@pytest.mark.parametrize("client", [{"connect_timeout": 2}], indirect=True)
async def test_a_full_pool_is_a_cause_of_its_own(post, provider):
    """Who waits for a place in the pool for longer than `connect_timeout` is told so: `max_connections` is too low."""
    provider.behave(faults.answers_when_released)
    first = asyncio.create_task(post())
    await provider.arrivals(1)

    error = await failure_of(post())
    provider.release.set()
    await first

    assert (NotSentError, "PoolTimeout") == (type(error), error.cause)
    assert 1 == len(provider.posts)


async def test_a_handshake_that_is_cut_short_leaves_no_connection(client, post):
    """A connection that runs into the limit of everything before the first byte is closed, and not forgotten."""
    closed = asyncio.Event()

    async def greets_never(connection: faults.Connection) -> None:
        await connection.reader.read()
        closed.set()

    client._begin_timeout = 0.2  # as after a long wait for the pool
    async with RawProvider.listening() as provider:
        provider.behave(greets_never)
        error = await failure_of(post(url=provider.url.replace("http:", "https:")))
        await asyncio.wait_for(closed.wait(), 60)

    assert (NotSentError, "TimeoutError") == (type(error), error.cause)


@pytest.mark.parametrize(
    "content", [pytest.param(None, id="missing"), pytest.param("no certificate", id="no certificate")]
)
def test_a_ca_file_that_cannot_be_used_stops_the_start(tmp_path, content):
    """A mistake in `provider.ca_file` is named as the setting that it is."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(InvalidSettingsError) as caught:
        ProviderClient(Provider(ca_file=file))

    [mistake] = caught.value.mistakes
    assert mistake.startswith(f"provider.ca_file: {file} cannot be used")
