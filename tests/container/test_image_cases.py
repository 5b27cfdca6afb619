"""The calls of `tests/cases` against the gateway and the sandbox of the image."""

import json
from collections.abc import AsyncIterator, Iterator

import grpc.aio
import httpx2
import pytest
from container_engine import running, volume_with_a_ledger
from conversation import Conversation
from go_programs import ROOT

from voicegateway_client import open_aio_channel

CASES = ROOT / "tests" / "cases"
CALLS = {file.stem: json.loads(file.read_text()) for file in sorted((CASES / "calls").glob("*.json"))}


@pytest.fixture(scope="module")
def gateway(image, sandbox, tmp_path_factory) -> Iterator[str]:
    """The address of a gateway with the settings of the cases."""
    settings = tmp_path_factory.mktemp("settings") / "gateway.toml"
    ledger = '\n[ledger]\nurl = "sqlite:////var/lib/kaleyra/ledger.db"\n'
    settings.write_text((CASES / "gateway.toml").read_text().replace("SANDBOX", sandbox) + ledger)
    mounted = (f"--volume={settings}:/etc/kaleyra/gateway.toml:ro", "--env=GATEWAY_CONFIG=/etc/kaleyra/gateway.toml")
    with volume_with_a_ledger(image) as kept:
        options = (*mounted, kept, "--env=GATEWAY_LISTEN=127.0.0.1:0")
        with running(image, options=options) as container:
            yield container.line("serving")["address"]


@pytest.fixture(scope="module")
async def channel(gateway) -> AsyncIterator[grpc.aio.Channel]:
    async with open_aio_channel(gateway) as channel:
        yield channel


@pytest.fixture(scope="module")
async def provider(sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox) as client:
        yield client


@pytest.mark.parametrize("case", [pytest.param(case, id=name.replace("_", " ")) for name, case in CALLS.items()])
async def test_a_case_is_answered_as_it_says(case, channel, provider):
    """What is promised of the gateway holds for the image, with another Python than the tests'."""
    assert [] == await Conversation(case, channel, provider).differences()
