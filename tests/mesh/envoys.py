"""A real Envoy, with a configuration of `deploy/envoy` in which only addresses and ports are a test's."""

import asyncio
import json
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml
from waiting import until_true

ROOT = Path(__file__).parents[2]
ENVOY = Path(sys.executable).with_name("envoy")
LOOPBACK = "127.0.0.1"

Document = dict[str, Any]
Edit = Callable[[Document], None]
"""Changes a configuration further, for a test that shows what the shipped one is good for."""


@dataclass
class Envoy:
    """A running Envoy.

    Attributes:
        addresses: HOST:PORT of each listener, by its name.
        admin: What it tells about itself.
    """

    addresses: dict[str, str]
    admin: httpx2.AsyncClient

    async def stat(self, name: str) -> int:
        """One of its counters or gauges; 0 where nothing was counted."""
        stats = (await self.admin.get("/stats", params={"filter": f"^{name}$", "format": "json"})).json()["stats"]
        return int(stats[0]["value"]) if stats else 0

    async def hosts(self, cluster: str = "gateway") -> dict[int, dict[str, Any]]:
        """The health of each endpoint of a cluster, by port; empty for one that is well."""
        clusters = (await self.admin.get("/clusters", params={"format": "json"})).json()["cluster_statuses"]
        [found] = [each for each in clusters if each["name"] == cluster]
        return {
            host["address"]["socket_address"]["port_value"]: {
                name: value for name, value in host["health_status"].items() if name != "eds_health_status"
            }
            for host in found.get("host_statuses", [])
        }

    async def finds(self, *ports: int) -> None:
        """Waits until it sends calls to these ports, and to no others."""

        async def found() -> bool:
            return {port for port, ills in (await self.hosts()).items() if not ills} == set(ports)

        await until_true(found, 60)

    async def reaches(self, name: str, value: int) -> None:
        """Waits until one of its numbers is so high."""

        async def reached() -> bool:
            return await self.stat(name) >= value

        await until_true(reached, 60)


def shipped(name: str) -> Document:
    """A configuration as it is in `deploy/envoy`."""
    document: Document = yaml.safe_load((ROOT / "deploy" / "envoy" / name).read_text())
    return document


def placed(document: Document, upstreams: Sequence[int]) -> Document:
    """Puts a test's addresses and ports into a configuration: its listeners get free ports of the loopback."""
    _put(document["admin"], 0)
    for listener in document["static_resources"]["listeners"]:
        _put(listener, 0)
    for cluster in document["static_resources"]["clusters"]:
        [locality] = cluster["load_assignment"]["endpoints"]
        [shape] = locality["lb_endpoints"]
        locality["lb_endpoints"] = [json.loads(json.dumps(shape)) for _ in upstreams]
        for endpoint, port in zip(locality["lb_endpoints"], upstreams, strict=True):
            _put(endpoint["endpoint"], port)
    return document


def _put(holder: Document, port: int) -> None:
    holder["address"]["socket_address"] |= {"address": LOOPBACK, "port_value": port}


def at(document: Document, port: int) -> None:
    """Gives a configuration's listener a port that nobody else is given, so that it is found there again."""
    [listener] = document["static_resources"]["listeners"]
    _put(listener, port)


def route(document: Document) -> Document:
    """The last route of a configuration: that of everything that has none of its own."""
    action: Document = manager(document)["route_config"]["virtual_hosts"][0]["routes"][-1]["route"]
    return action


def manager(document: Document) -> Document:
    """What a configuration's listener does with HTTP."""
    found: Document = document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def described(document: Document) -> None:
    """Leads a configuration to the descriptor set of this repository."""
    [transcoder] = [each for each in manager(document)["http_filters"] if each["name"].endswith("json_transcoder")]
    transcoder["typed_config"]["proto_descriptor"] = str(ROOT / "generated" / "descriptors" / "voicegateway.v1.binpb")


@asynccontextmanager
async def running_envoy(document: Document, folder: Path) -> AsyncIterator[Envoy]:
    """Runs an Envoy until the end of the block; its log is in the folder."""
    file, admin = folder / "envoy.json", folder / "envoy.admin"
    admin.unlink(missing_ok=True)
    file.write_text(json.dumps(document))
    process = await subprocess.create_subprocess_exec(
        str(ENVOY), "--config-path", str(file), "--admin-address-path", str(admin), "--log-path",
        str(folder / "envoy.log"), "--concurrency", "1", "--disable-hot-restart",
        "--file-flush-interval-msec", "50",
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while not (address := _content(admin)):
                assert process.returncode is None, _content(folder / "envoy.log")[-2000:]
                await asyncio.sleep(0.01)
        async with httpx2.AsyncClient(base_url=f"http://{address}", trust_env=False, timeout=60) as client:
            yield await _ready(client)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _ready(admin: httpx2.AsyncClient) -> Envoy:
    async def live() -> bool:
        with suppress(httpx2.TransportError):
            return (await admin.get("/ready")).status_code == 200
        return False

    await until_true(live, 60)
    listeners = (await admin.get("/listeners", params={"format": "json"})).json()["listener_statuses"]
    places = {each["name"]: each["local_address"]["socket_address"] for each in listeners}
    return Envoy({name: f"{LOOPBACK}:{place['port_value']}" for name, place in places.items()}, admin)


def _content(file: Path) -> str:
    return file.read_text() if file.exists() else ""
