"""Two gateways with the settings of `tests/cases`, each in front of a sandbox, and the programs that talk to them."""

import asyncio
import os
import subprocess
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from free_ports import free_port
from gateway_under_test import ledger_in

from gateway.app import Gateway
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from gateway.telemetry import Secrets

CASES = Path(__file__).parent.parent / "cases"
SPEED = 300
"""How fast the phones of the outcomes are; `tests/cases/README.md` says the same."""


@dataclass(frozen=True)
class Stand:
    """Where a client finds a gateway and the sandbox behind it; and those of the outcomes, with their receiver."""

    gateway: str
    sandbox: str
    outcomes_gateway: str
    outcomes_sandbox: str
    outcomes_reports: str

    async def run(self, *command: str, folder: Path, **environment: str) -> tuple[int, str]:
        """Runs a program that finds them all in its environment; returns its exit status and all that it printed."""
        found = {
            "GATEWAY": self.gateway,
            "SANDBOX": self.sandbox,
            "OUTCOMES_GATEWAY": self.outcomes_gateway,
            "OUTCOMES_SANDBOX": self.outcomes_sandbox,
            "OUTCOMES_REPORTS": self.outcomes_reports,
        }
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=os.environ | found | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()


@asynccontextmanager
async def serving(file: str, ledger: Path, **words: str) -> AsyncIterator[str]:
    """Runs a gateway with the settings of a file, and words put in their place."""
    text = (CASES / file).read_text()
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    gateway = Gateway(Settings.model_validate(tomllib.loads(text) | ledger_in(ledger)), Secrets())
    try:
        yield await gateway.start()
    finally:
        await gateway.stop()


@pytest.fixture(scope="module")
async def stand(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """The gateways of the cases, and their sandboxes."""
    reports, ledgers = f"127.0.0.1:{free_port()}", [tmp_path_factory.mktemp("ledger") for _ in range(2)]
    async with (
        Sandbox().serve() as sandbox,
        Sandbox(speed=SPEED).serve() as fast,
        serving("gateway.toml", ledgers[0], SANDBOX=sandbox) as gateway,
        serving("receiving.toml", ledgers[1], SANDBOX=fast, REPORTS=reports) as receiving,
    ):
        yield Stand(gateway, sandbox, receiving, fast, reports)
