"""Terminals in front of a gateway that nobody tells how its calls go, and of one that the provider reports to."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from caller_terminal import Terminal
from free_ports import free_ports
from gateway_under_test import ledger_in, running_gateway

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

ACCOUNT = {"account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}}
SPEED = 60


@pytest.fixture
async def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Terminal]:
    """Without a receiver."""
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox()
    settings = ACCOUNT | {"provider": {"reply_timeout": 120.0}}  # longer than the sandbox's slow number takes
    async with sandbox.serve() as url, running_gateway(url, settings) as gateway:
        yield Terminal(gateway, sandbox, tmp_path)


@pytest.fixture
async def reported(tmp_path: Path) -> AsyncIterator[tuple[Sandbox, str, dict[str, Any]]]:
    """A sandbox whose phones take a second for a minute, its URL, and settings of gateways that it reports to.

    They have a ledger and addresses, so that one can take another's place. A call that nobody reports is over soon.
    """
    serve, receive = (f"127.0.0.1:{port}" for port in free_ports(2))
    sandbox = Sandbox(speed=SPEED)
    async with sandbox.serve() as url:
        yield (
            sandbox,
            url,
            ACCOUNT
            | ledger_in(tmp_path)
            | {
                "listen": serve,
                "receiver": {"listen": receive, "public_url": f"http://{receive}"},
                "watch": {"settle": 4.0, "heartbeat": 0.3},
            },
        )


@pytest.fixture
async def listening_terminal(
    reported: tuple[Sandbox, str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Terminal]:
    """With a receiver."""
    monkeypatch.chdir(tmp_path)
    sandbox, url, settings = reported
    async with running_gateway(url, settings) as gateway:
        yield Terminal(gateway, sandbox, tmp_path)
