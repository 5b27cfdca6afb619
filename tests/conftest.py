"""What every test may ask for: a provider on a raw socket, and a real gateway behind a real channel."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import before_grpc  # noqa: F401 - has to come first
import pytest
import structlog
import uvloop
from gateway_under_test import GatewayUnderTest, running_gateway
from hypothesis import HealthCheck, settings
from postgres_server import PostgresServer, programs, running_server
from raw_provider import RawProvider
from side_by_side import SideBySide, longest_first

from gateway import inbound

CYGRPC = "grpc._cython.cygrpc"
"""Logs, at DEBUG, a server that is being freed; whoever is given that record frees it once more, and crashes."""

logging.getLogger(CYGRPC).setLevel(logging.INFO)

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

StartGateway = Callable[..., Awaitable[GatewayUnderTest]]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the server runs on."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SideBySide:
    """`make test` runs several workers."""
    return SideBySide(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only among several workers does the order matter."""
    if hasattr(config, "workerinput"):
        longest_first(items)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Logs go to the standard library's loggers, which pytest keeps; a test that configures them leaves no trace."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
async def provider() -> AsyncIterator[RawProvider]:
    """A provider that accepts every call until it is told to behave otherwise."""
    async with RawProvider.listening() as listening:
        yield listening


@pytest.fixture
async def start_gateway(provider: RawProvider) -> AsyncIterator[StartGateway]:
    """Starts a gateway with the given settings over the usual ones, before `provider`."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> GatewayUnderTest:
            return await stack.enter_async_context(_gateway(provider, settings))

        yield start


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> GatewayUnderTest:
    """A gateway with the usual settings, before `provider`."""
    return await start_gateway()


@pytest.fixture
def early_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has a minute is answered after three seconds, if only then: his answer has the rest of it to reach him."""
    monkeypatch.setattr(inbound, "_SPARE", 0.95)
    monkeypatch.setattr(inbound, "_MOST_SPARE", 60.0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server."""
    found = programs()
    if found is None and "CI" in os.environ:
        pytest.fail("no PostgreSQL is installed, and under CI nothing is skipped")
    if found is None:
        pytest.skip("no PostgreSQL is installed: apt-get install postgresql")
    with running_server(found) as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The URL of an empty database."""
    return postgres.new_database()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of an empty ledger of each kind."""
    if request.param == "SQLite":
        return {"url": f"sqlite:///{tmp_path}/ledger.db"}
    return {"url": request.getfixturevalue("database")}


@asynccontextmanager
async def _gateway(provider: RawProvider, settings: dict[str, Any]) -> AsyncIterator[GatewayUnderTest]:
    async with running_gateway(provider.url, settings) as gateway:
        yield gateway
