"""Whom the gateway trusts in its image: Debian's authorities, until an operator says otherwise."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import trustme
from container_engine import run, running, volume_with_a_ledger
from gateway_under_test import Refusal, place_call_request, refusal_of
from raw_provider import ACCEPTED, RawProvider, answering, reply

from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

OURS = trustme.CA()
ACCOUNT = ("--env=KALEYRA_SID=HXXXXXXX071US", "--env=KALEYRA_API_KEY=a-key", "--env=GATEWAY_LISTEN=127.0.0.1:0")


@pytest.fixture
async def provider() -> AsyncIterator[RawProvider]:
    """A provider with a certificate of our own authority, which no system knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    OURS.issue_cert("127.0.0.1").configure_cert(context)
    async with RawProvider.listening(context) as listening:
        listening.behave(answering(reply(ACCEPTED)))
        yield listening


@pytest.fixture
def authority(tmp_path: Path) -> tuple[str, ...]:
    """The options that docs/container.md gives for an authority of one's own."""
    OURS.cert_pem.write_to_path(tmp_path / "authority.crt")
    return (f"--volume={tmp_path}/authority.crt:/etc/kaleyra/authority.crt:ro",)


async def placed(image: str, provider: RawProvider, *options: str) -> str | Refusal:
    """Places a call through a gateway in a container; tells what became of it."""
    account = (f"--env=KALEYRA_BASE_URL={provider.url}", *ACCOUNT)
    with volume_with_a_ledger(image) as ledger, running(image, options=(*account, ledger, *options)) as container:
        address = container.line("serving")["address"]
        async with grpc.aio.insecure_channel(address) as channel:
            rpc = OutboundCallServiceStub(channel).PlaceCall(place_call_request(), timeout=30)
            return await refusal_of(rpc) if not options else (await rpc).call.provider_reply.code


async def test_a_provider_that_nobody_vouches_for_is_not_called(image, provider):
    """Nothing is sent to it, and the caller is told so."""
    refused = await placed(image, provider)

    assert isinstance(refused, Refusal)
    assert ("PROVIDER_UNREACHABLE", "NOT_SENT") == (refused.reason, refused.dispatch)
    assert [] == provider.posts


async def test_an_authority_of_ones_own_is_mounted_and_named(image, provider, authority):
    """SSL_CERT_FILE names it; then the same provider is called."""
    code = await placed(image, provider, *authority, "--env=SSL_CERT_FILE=/etc/kaleyra/authority.crt")

    assert "RBC3007" == code
    assert 1 == len(provider.posts)


def test_debians_authorities_are_trusted(image):
    """The store that TLS reads by itself is there and full, for the provider and for the ledger's server."""
    code = "import ssl; print(len(ssl.create_default_context().get_ca_certs()))"
    outcome = run(image, "-c", code, options=("--entrypoint=python3",))

    assert 100 < int(outcome.stdout)
