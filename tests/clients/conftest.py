"""A gateway with the settings of `tests/cases`, in front of the sandbox, and the programs that talk to both."""

import asyncio
import os
import subprocess
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gateway_under_test import ledger_in

from gateway.app import Gateway
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from gateway.telemetry import Secrets

CASES = Path(__file__).parent.parent / "cases"


@dataclass(frozen=True)
class Stand:
    """Where a client finds a gateway and the sandbox behind it."""

    gateway: str
    sandbox: str

    async def run(self, *command: str, folder: Path, **environment: str) -> tuple[int, str]:
        """Runs a program that finds both in its environment; returns its exit status and all that it printed."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=os.environ | {"GATEWAY": self.gateway, "SANDBOX": self.sandbox} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()


@pytest.fixture(scope="module")
async def stand(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """The gateway of the cases, and its sandbox."""
    async with Sandbox().serve() as sandbox:
        settings = tomllib.loads((CASES / "gateway.toml").read_text().replace("SANDBOX", sandbox))
        ledger = ledger_in(tmp_path_factory.mktemp("ledger"))
        gateway = Gateway(Settings.model_validate(settings | ledger), Secrets())
        try:
            yield Stand(await gateway.start(), sandbox)
        finally:
            await gateway.stop()
