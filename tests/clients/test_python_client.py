"""The Python client package as its users get it: a wheel, in an environment that has no server."""

import json
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gateway import __version__

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "clients" / "python"
EXAMPLES = ROOT / "examples" / "python"
NOT_OURS = ("gateway", "uvloop", "httpx2", "asyncpg", "starlette", "pydantic", "structlog", "typer", "grpc_status")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a package index would get it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    built = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stderr
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel and what it requires, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    installed = subprocess.run([*command, str(wheel)], capture_output=True, text=True, check=False)
    assert 0 == installed.returncode, installed.stderr
    [site] = folder.glob("lib/python*/site-packages")
    for source in set(files_of(requirements(wheel))):
        (site / source.name).symlink_to(source)
    return python


def metadata(wheel: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        message = message_from_bytes(archive.read(name))
    return {key: message.get_all(key, []) for key in message}


def requirements(wheel: Path) -> set[str]:
    """The names of everything that the wheel requires, and that those require."""
    found: set[str] = set()
    wanted = [Requirement(text) for text in metadata(wheel)["Requires-Dist"]]
    while wanted:
        each = wanted.pop()
        if each.name not in found and (each.marker is None or each.marker.evaluate({"extra": ""})):
            found.add(each.name)
            wanted += [Requirement(text) for text in distribution(each.name).requires or []]
    return found


def files_of(names: set[str]) -> Iterator[Path]:
    """What stands at the top of this environment's site-packages for these distributions."""
    for name in names:
        for file in distribution(name).files or []:
            if file.parts[0] not in {"..", "__pycache__"}:
                yield Path(str(distribution(name).locate_file(file.parts[0])))


def run(python: Path, code: str) -> str:
    """Runs a program in the fresh environment, and nowhere near this repository."""
    outcome = subprocess.run([python, "-I", "-c", code], cwd=python.parent, capture_output=True, text=True, check=False)
    assert 0 == outcome.returncode, outcome.stderr
    return outcome.stdout.strip()


def test_its_version_is_the_gateways(wheel):
    """The version stands in one place."""
    assert f"kaleyra_gateway_client-{__version__}-py3-none-any.whl" == wheel.name
    assert [__version__] == metadata(wheel)["Version"]


def test_it_requires_no_server(wheel):
    """A caller's environment gets gRPC, protobuf and the rule engine, in ranges that leave room for others."""
    names = {re.split(r"[<>=]", text)[0] for text in metadata(wheel)["Requires-Dist"]}

    assert {"googleapis-common-protos", "grpcio", "protobuf", "protovalidate"} == names
    assert all(re.search(r">=\d[\d.]*", text) and re.search(r"<\d", text) for text in metadata(wheel)["Requires-Dist"])


def test_it_has_the_stubs_and_the_types_and_no_gateway(wheel):
    """One dependency brings all that a caller imports."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {"buf", "voicegateway", "voicegateway_client"} == {
        name.split("/")[0] for name in names if ".dist" not in name
    }
    assert {
        "voicegateway_client/py.typed",
        "voicegateway/py.typed",
        "voicegateway/v1/outbound_call_service_pb2.pyi",
        "voicegateway/v1/outbound_call_service_pb2_grpc.py",
        "buf/validate/validate_pb2.py",
    } <= names
    assert {file.name for file in (PACKAGE / "voicegateway_client").glob("*.py")} == {
        name.split("/")[1] for name in names if re.fullmatch(r"voicegateway_client/\w+\.py", name)
    }


def test_nothing_of_the_server_is_there(python):
    """The environment of these tests is really one of a caller."""
    found = run(
        python, f"import importlib.util as u, json; print(json.dumps([n for n in {NOT_OURS} if u.find_spec(n)]))"
    )

    assert [] == json.loads(found)


def test_everything_that_it_offers_is_there(python):
    """Each public name is imported, and each is documented."""
    found = run(
        python,
        "import voicegateway_client as c, json; print(json.dumps({n: bool(getattr(c, n).__doc__) for n in c.__all__}))",
    )

    assert all(json.loads(found).values())
    assert {
        "open_channel",
        "open_aio_channel",
        "place_call",
        "place_call_aio",
        "CallError",
        "error_from",
        "validate",
        "watch_call",
        "watch_call_aio",
        "watch_calls",
        "watch_calls_aio",
    } < set(json.loads(found))


def test_it_names_itself_to_the_gateway(python):
    """The user agent has the version of the wheel."""
    told = run(python, "from voicegateway_client.channel import user_agent; print(user_agent())")

    assert f"kaleyra-gateway-client-python/{__version__}" == told


def test_it_validates(python):
    """The rules come with the stubs."""
    code = (
        "from voicegateway_client import validate;"
        "from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest;"
        "print(*(f'{v.field} {v.reason}' for v in validate(PlaceCallRequest(request_id='x'))))"
    )

    assert "call REQUIRED request_id STRING_PATTERN" == run(python, code)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param([], 0, "dispatch: DISPATCH_ACCEPTED", id="accepted"),
        pytest.param(["--flow", "SG_missing"], 1, "reason: ERROR_REASON_FLOW_NOT_FOUND", id="refused"),
        pytest.param(["--to", "+13236550142"], 1, "recorded: DISPATCH_OUTCOME_UNKNOWN", id="unknown"),
    ],
)
async def test_the_example_runs_with_it(python, stand, tmp_path, arguments, status, words):
    """A caller needs nothing but this package."""
    program = str(EXAMPLES / "place_call.py")
    left, output = await stand.run(str(python), "-I", program, "--target", stand.gateway, *arguments, folder=tmp_path)

    assert status == left, output
    assert words in output.splitlines()
