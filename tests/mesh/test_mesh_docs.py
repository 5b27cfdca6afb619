"""What the pages about meshes, browsers and HTTP say is so."""

import json
import re

import httpx2
from envoys import ROOT, described, manager, placed, running_envoy, shipped
from meshes import Mesh
from pages import blocks, table

from gateway.app import LINGER, QUIET
from gateway.errors import ROW_BY_REASON
from voicegateway.v1.error_reason_pb2 import ErrorReason

MESH = (ROOT / "docs" / "mesh.md").read_text()
HTTP = (ROOT / "docs" / "http.md").read_text()


def test_the_command_that_starts_the_program_is_the_examples_own():
    """The page and the program's head say the same."""
    [command] = blocks((ROOT / "docs" / "grpc-web.md").read_text(), "sh")

    assert command.splitlines() == re.findall(
        r"^//   (.+)$", (ROOT / "examples" / "web" / "place_call.js").read_text(), re.MULTILINE
    )


async def test_the_error_of_the_http_page_is_the_gateways(mesh: Mesh):
    """Word for word."""
    [block] = blocks(HTTP, "json")
    await mesh.gateway(0)
    await mesh.front(described, "web.yaml")
    await mesh.envoy.finds(mesh.ports[0])
    call = {"recipients": [{"number": "+13236550107"}], "playlist": {"items": [{"message": {"text": ""}}]}}
    async with httpx2.AsyncClient(base_url=mesh.url, trust_env=False, timeout=60) as client:
        path = "/voicegateway.v1.OutboundCallService/PlaceCall"
        answer = await client.post(path, json={"request_id": "http-8814", "call": call})

    assert answer.json() == json.loads(block)


def test_the_http_pages_reasons_are_the_gateways():
    """Every reason stands beside its code."""
    told = {code: set(filter(None, reasons.split(", "))) for code, _, reasons in table(HTTP, "| gRPC code")}
    expected: dict[str, set[str]] = {code: set() for code in told}
    for reason, row in ROW_BY_REASON.items():
        expected[row.code.name].add(ErrorReason.Name(reason).removeprefix("ERROR_REASON_"))

    assert expected == told


def test_callers_of_both_files_are_served_alike():
    """web.yaml is front.yaml with other filters, and with a policy for browsers."""
    front, web = shipped("front.yaml"), shipped("web.yaml")
    [hosts] = manager(web)["route_config"]["virtual_hosts"]
    del hosts["typed_per_filter_config"]

    assert front["static_resources"]["clusters"] == web["static_resources"]["clusters"]
    assert manager(front)["route_config"] == manager(web)["route_config"]


def test_the_mesh_pages_numbers_are_those_in_force():
    """How long a drained replica stays, and how many repeats Envoy makes at a time."""
    [cluster] = shipped("front.yaml")["static_resources"]["clusters"]
    [limits] = cluster["circuit_breakers"]["thresholds"]

    assert f"for {QUIET} seconds, for {LINGER:.0f} seconds at most" in MESH
    assert f"`max_retries` is {limits['max_retries']:,}" in MESH


async def test_the_numbers_to_look_at_exist(tmp_path):
    """What the page says to check is what Envoy counts."""
    named = set(re.findall(r"`(cluster\.[a-z_.]+)`", MESH))
    found: set[str] = set()
    for name in ("front.yaml", "reports.yaml", "egress.yaml"):
        document = placed(shipped(name), [1])
        document["static_resources"]["listeners"][0]["filter_chains"][0].pop("transport_socket", None)
        for cluster in document["static_resources"]["clusters"]:
            cluster.pop("transport_socket", None)  # trusted certificates lie elsewhere on each machine
        async with running_envoy(document, tmp_path) as envoy:
            found |= {line.partition(":")[0] for line in (await envoy.admin.get("/stats")).text.splitlines()}

    assert 4 == len(named)
    assert named <= found
