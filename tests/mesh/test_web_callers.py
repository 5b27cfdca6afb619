"""A page's program, with connect-web and no generated code, through Envoy's gRPC-Web filter."""

import asyncio
import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import faults
import httpx2
import pytest
from envoys import ROOT, described
from go_programs import needs
from meshes import Mesh
from raw_provider import REFUSED, answering, reply
from replicas import PATIENT

WEB = ROOT / "examples" / "web"


@pytest.fixture(scope="module")
def program() -> Path:
    """The example with its packages, in a copy under .tools: as long as the lock stays, they are fetched once."""
    needs("node", "npm")
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()[:12]
    whole = ROOT / ".tools" / f"web-{lock}"
    whole.mkdir(parents=True, exist_ok=True)
    with (whole / "lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)  # another worker may be at it, too
        return _installed(whole) / "place_call.js"


def _installed(whole: Path) -> Path:
    folder, installed = whole / "examples" / "web", whole / "installed"
    for source, target in ((WEB, folder), (ROOT / "generated" / "descriptors", whole / "generated" / "descriptors")):
        target.mkdir(parents=True, exist_ok=True)
        for file in source.iterdir():
            if file.is_file() and not _is_same(file, target / file.name):  # another worker may be reading it
                shutil.copy(file, target)
    if not installed.exists():
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert 0 == outcome.returncode, outcome.stdout + outcome.stderr
        installed.touch()
    return folder


def _is_same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


@pytest.fixture
async def web(mesh: Mesh) -> Mesh:
    """A gateway behind the shipped Envoy."""
    await mesh.gateway(0, provider=PATIENT)
    await mesh.front(described, "web.yaml")
    await mesh.envoy.finds(mesh.ports[0])
    return mesh


async def run(program: Path, mesh: Mesh, number: str = "+13236550107") -> tuple[int, dict[str, str]]:
    """Runs the example, and reads the `key: value` lines that it prints."""
    process = await asyncio.create_subprocess_exec(
        "node", str(program), mesh.url, number, "reminder-8812", stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    lines = (line.partition(": ") for line in output.decode().splitlines())
    return process.returncode or 0, {key: value for key, _, value in lines}


async def test_a_page_places_a_call_and_repeats_it(program, web, provider):
    """The contract is read at run time; the repeat is a replay."""
    first, second = await run(program, web), await run(program, web)

    assert [0, 0] == [first[0], second[0]]
    assert ("DISPATCH_ACCEPTED", "false") == (first[1]["dispatch"], first[1]["replayed"])
    assert ("DISPATCH_ACCEPTED", "true") == (second[1]["dispatch"], second[1]["replayed"])
    assert first[1]["call_id"] == second[1]["call_id"]
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    ("fault", "number", "expected"),
    [
        pytest.param(
            None,
            "0107",
            {"code": "InvalidArgument", "reason": "ERROR_REASON_INVALID_REQUEST", "dispatch": "DISPATCH_NOT_SENT"},
            id="a broken rule",
        ),
        pytest.param(
            answering(reply(REFUSED)),
            "+13236550107",
            {"code": "NotFound", "reason": "ERROR_REASON_BRIDGE_NOT_FOUND", "dispatch": "DISPATCH_REJECTED"},
            id="refused",
        ),
        pytest.param(
            faults.closes_after_reading,
            "+13236550107",
            {"code": "Unknown", "reason": "ERROR_REASON_OUTCOME_UNKNOWN", "dispatch": "DISPATCH_OUTCOME_UNKNOWN"},
            id="unknown",
        ),
    ],
)
async def test_a_page_reads_a_typed_error(program, web, provider, fault, number, expected):
    """Reason and dispatch come from the details, and the advice says not to repeat."""
    if fault is not None:
        provider.behave(fault)

    status, said = await run(program, web, number)

    assert 1 == status
    assert expected | {"may repeat": "false"} == {key: said[key] for key in (*expected, "may repeat")}
    assert ("violation" in said) == (number == "0107")


async def test_a_page_takes_envoys_own_word_for_unknown(program, mesh):
    """No gateway: nothing is known about the phone, and the same request may be sent again."""
    await mesh.front(described, "web.yaml")

    status, said = await run(program, mesh)

    assert (1, "Unavailable", "unknown", "unknown", "true") == (
        status,
        said["code"],
        said["reason"],
        said["dispatch"],
        said["may repeat"],
    )


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param("https://app.example.com", "https://app.example.com", id="ours"),
        pytest.param("https://example.org", None, id="another"),
    ],
)
async def test_a_browser_is_let_in_by_its_pages_origin(web, origin, allowed):
    """A page of ours may call, and may read what an error says; a page of another may not."""
    path = "/voicegateway.v1.OutboundCallService/GetCall"
    asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "x-grpc-web"}
    async with httpx2.AsyncClient(base_url=web.url, trust_env=False, timeout=60) as client:
        preflight = await client.options(path, headers=asked)
        answer = await client.post(path, json={"request_id": "reminder-8812"}, headers={"origin": origin})

    assert [allowed, allowed] == [each.headers.get("access-control-allow-origin") for each in (preflight, answer)]
    if allowed:
        assert "x-grpc-web" in preflight.headers["access-control-allow-headers"].split(",")
        assert {"grpc-status", "grpc-status-details-bin"} <= set(
            answer.headers["access-control-expose-headers"].split(",")
        )
