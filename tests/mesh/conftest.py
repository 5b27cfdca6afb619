"""Envoys, gateways that may be killed, and callers."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path += [
    str(HERE.parent / folder) for folder in ("at_most_once", "failures", "soak")
]  # their gateways, networks and reports

from envoys import ENVOY  # noqa: E402
from meshes import Mesh  # noqa: E402
from nursery import Nursery  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _envoy() -> None:
    """Envoy is one of the development dependencies."""
    if not ENVOY.exists():
        pytest.fail(f"not installed: {ENVOY}; `make install` does not bring it, `make test` does")


@pytest.fixture(scope="session")
async def mesh_nursery() -> AsyncIterator[Nursery]:
    """Makes gateway processes."""
    async with Nursery.open() as opened:
        yield opened


@pytest.fixture
async def mesh(mesh_nursery, provider, database, tmp_path) -> AsyncIterator[Mesh]:
    """Two places for gateways on one PostgreSQL, and a front Envoy; nothing is started yet."""
    async with AsyncExitStack() as stack:
        yield Mesh(mesh_nursery, provider, {"url": database}, tmp_path, stack)
