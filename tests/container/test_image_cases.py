"""The calls of `tests/cases` against the gateway and the sandbox of the image."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from container_engine import running, volume_with_a_ledger
from conversation import Conversation
from free_ports import free_port
from go_programs import ROOT

from voicegateway_client import open_aio_channel

CASES = ROOT / "tests" / "cases"
FILES = sorted(CASES.glob("*/*.json"))
Differences = Callable[[Any], Awaitable[list[str]]]


@contextmanager
def serving(image: str, file: str, folder: Path, **words: str) -> Iterator[str]:
    """Runs a gateway with the settings of a file, and words put in their place; gives its address."""
    text = (CASES / file).read_text()
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    settings = folder / "gateway.toml"
    settings.write_text(text + '\n[ledger]\nurl = "sqlite:////var/lib/kaleyra/ledger.db"\n')
    mounted = (f"--volume={settings}:/etc/kaleyra/gateway.toml:ro", "--env=GATEWAY_CONFIG=/etc/kaleyra/gateway.toml")
    with volume_with_a_ledger(image) as kept:
        options = (*mounted, kept, "--env=GATEWAY_LISTEN=127.0.0.1:0")
        with running(image, options=options) as container:
            yield container.line("serving")["address"]


@pytest.fixture(scope="module")
async def calls(image, sandbox, tmp_path_factory) -> AsyncIterator[Differences]:
    """Runs a case where nobody is told what becomes of it."""
    with serving(image, "gateway.toml", tmp_path_factory.mktemp("settings"), SANDBOX=sandbox) as gateway:
        async with running_cases(gateway, sandbox) as differences:
            yield differences


@pytest.fixture(scope="module")
async def outcomes(image, tmp_path_factory) -> AsyncIterator[Differences]:
    """Runs a case where the phones are fast, and the gateway has a receiver."""
    folder, reports = tmp_path_factory.mktemp("settings"), f"127.0.0.1:{free_port()}"
    with running(image, "sandbox", "--listen", "127.0.0.1:0", "--speed", "300") as container:
        [sandbox] = re.findall(r"http://\S+\d", container.printed("http://"))
        with serving(image, "receiving.toml", folder, SANDBOX=sandbox, REPORTS=reports) as gateway:
            async with running_cases(gateway, sandbox, reports) as differences:
                yield differences


@asynccontextmanager
async def running_cases(gateway: str, sandbox: str, reports: str = "") -> AsyncIterator[Differences]:
    async with open_aio_channel(gateway) as channel, httpx2.AsyncClient(base_url=sandbox, timeout=60) as provider:

        async def differences(case: Any) -> list[str]:
            return await Conversation(case, channel, provider, reports).differences()

        yield differences


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem.replace("_", " ")) for file in FILES])
async def test_a_case_is_answered_as_it_says(file, calls, outcomes):
    """What is promised of the gateway holds for the image, with another Python than the tests'."""
    differences = {"calls": calls, "outcomes": outcomes}[file.parent.name]

    assert [] == await differences(json.loads(file.read_text()))
