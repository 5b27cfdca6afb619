"""A sandbox on a real socket, with the clock stopped; one server a module, as each test leaves it as it was."""

from types import SimpleNamespace

import httpx2
import pytest
from sandbox_forms import KEY, NOW, PATH, fields

from gateway.sandbox import Sandbox


@pytest.fixture(scope="module")
async def served():
    seen = []
    sandbox = Sandbox(now=lambda: NOW, on_record=seen.append, late_seconds=0.3)
    async with sandbox.serve() as base_url, httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
        yield SimpleNamespace(sandbox=sandbox, base_url=base_url, client=client, seen=seen)


@pytest.fixture
def sandbox(served):
    served.sandbox.clear()
    served.seen.clear()
    return served.sandbox


@pytest.fixture
def seen(served):
    return served.seen


@pytest.fixture
def client(served, sandbox):  # noqa: ARG001
    return served.client


@pytest.fixture
def post(client):
    """Posts a plain valid request, changed as said."""

    async def post(**changes):
        return await client.post(PATH, data=fields(**changes), headers=KEY)

    return post
