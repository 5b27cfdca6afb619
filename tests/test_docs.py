"""What the README and the pages under docs say is what happens."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from gateway_under_test import running_gateway

from gateway.cli import app
from gateway.errors import ROW_BY_REASON
from gateway.settings import PATH_BY_VARIABLE, AccountSettings, Ledger, Log, Provider, Receiver, Settings, Tls
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import Dispatch

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CALLERS = (ROOT / "docs" / "callers.md").read_text()
OPERATORS = (ROOT / "docs" / "operators.md").read_text()
TESTING = (ROOT / "docs" / "testing.md").read_text()
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    """Finds the code blocks of a language on a page."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def table(page: str, first: str) -> list[list[str]]:
    """Finds the rows of the table whose header begins so."""
    lines = page[page.index(first) :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


async def python(code: str) -> str:
    """Runs a snippet as a program of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert 0 == process.returncode, errors.decode()
    return output.decode()


async def test_the_readmes_python_places_a_call(provider):
    """The first code that a stranger copies works as it stands, against a gateway on its address."""
    [snippet] = blocks(README, "python")
    async with running_gateway(provider.url, {}) as gateway:
        assert "127.0.0.1:50051" in snippet
        printed = await python(snippet.replace("127.0.0.1:50051", gateway.address))

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}\n", printed)
    assert 1 == len(provider.posts)


async def test_the_sandbox_pages_python_prints_what_the_page_says():
    """The sandbox runs inside a caller's own event loop."""
    [snippet] = blocks(SANDBOX, "python")

    assert "Submitted Successfully\n('+13236550107',)\n" == await python(snippet)


@pytest.mark.parametrize(
    ("page", "language", "source"),
    [
        pytest.param(README, "go", "go/place_call.go", id="Go"),
        pytest.param(README, "java", "java/src/main/java/com/example/placecall/PlaceCall.java", id="Java"),
        pytest.param(TESTING, "python", "python/test_reminders.py", id="a test in Python"),
        pytest.param(TESTING, "go", "go/place_call_test.go", id="a test in Go"),
        pytest.param(TESTING, "java", "java/src/test/java/com/example/placecall/RingsTest.java", id="a test in Java"),
    ],
)
def test_what_a_page_shows_stands_in_the_example_that_is_run(page, language, source):
    """What a page shows is part of a program that the tests build and run."""
    [snippet] = blocks(page, language)

    assert snippet.strip() in (ROOT / "examples" / source).read_text()


def test_the_readmes_errors_are_the_gateways():
    """The table names every reason with its code, dispatch and advice."""
    words = {name: row for name, *row in table(README, "| reason")}
    told = {
        ErrorReason.Name(reason).removeprefix("ERROR_REASON_"): [
            row.code.name,
            "-" if row.dispatch is None else Dispatch.Name(row.dispatch).removeprefix("DISPATCH_"),
            "-" if row.retry is None else RetryAdvice.Name(row.retry).removeprefix("RETRY_ADVICE_"),
        ]
        for reason, row in ROW_BY_REASON.items()
    }
    told["REQUEST_ID_REUSED"][1] = "the record's"

    assert told == words


def test_the_readmes_settings_are_all_there_are():
    """The table names every setting, with its default and its variable."""
    rows = table(README, "| setting")
    named = {name for row in rows for name in re.findall(r"`([a-z_A-Z.]+)`", row[0]) if "." in name or name.islower()}
    accounts = {f"accounts.NAME.{name}" for name in AccountSettings.model_fields}
    sections = {f"{section}.{name}" for section, kind in _sections().items() for name in kind.model_fields}
    plain = set(Settings.model_fields) - set(_sections()) - {"accounts"}

    assert plain | sections | accounts == named
    assert set(PATH_BY_VARIABLE) == set(re.findall(r"`([A-Z_]{6,})`", "\n".join(row[0] for row in rows)))


def test_the_readmes_defaults_are_the_gateways():
    """A default in the table is the one in force."""
    for name, default, _ in table(README, "| setting"):
        value = default.strip("`")
        if value in {"-", "required", "this or the file", "this or the key"}:
            continue
        section, _, field = re.findall(r"`([a-z_.]+)`", name)[0].rpartition(".")
        kind = _sections()[section] if section else Settings
        in_force = kind.model_fields[field].default

        assert _plain(in_force) == _plain(
            tomllib.loads(f"x = {value}")["x"] if value[0] in "0123456789tf{[" and ":" not in value else value
        )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _sections() -> dict[str, type]:
    return {"tls": Tls, "log": Log, "ledger": Ledger, "provider": Provider, "receiver": Receiver}


def test_the_operators_settings_file_is_good():
    """The page's settings file has no mistake."""
    [example] = blocks(OPERATORS, "toml")

    assert {"default", "staging"} == set(Settings.model_validate(tomllib.loads(example)).accounts)


def test_the_callers_stubs_have_their_own_module_path(tmp_path):
    """A Go team generates under its own module path with the page's buf.gen.yaml."""
    if shutil.which("go") is None:
        if os.environ.get("CI"):
            pytest.fail("not installed: go")
        pytest.skip("not installed: go")
    [template] = blocks(CALLERS, "yaml")
    config = tmp_path / "buf.gen.yaml"
    for plugin in ("protoc-gen-go-grpc", "protoc-gen-go"):
        template = template.replace(f"local: {plugin}\n", f"local: [go, -C, tools/go, tool, {plugin}]\n")
    config.write_text(template)
    buf = Path(sys.executable).with_name("buf")
    # From the released contract, which holds its imports: those of protos/ are fetched only to generate anew.
    command = [str(buf), "generate", "released/v1.binpb", "--template", str(config), "--output", str(tmp_path)]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == outcome.returncode, outcome.stderr
    generated = {path.name for path in (tmp_path / "go" / "voicegateway" / "v1").iterdir()}
    assert {"outbound_call.pb.go", "outbound_call_service_grpc.pb.go"} <= generated


def test_every_command_that_the_pages_name_exists():
    """`make X` and `kaleyra-gateway X` in the pages are commands that there are."""
    pages = README + CALLERS + OPERATORS + SANDBOX + TESTING + (ROOT / "CONTRIBUTING.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}

    assert set(re.findall(r"(?:^|`)make ([a-z]+)\b", pages, re.MULTILINE)) <= targets
    assert set(re.findall(r"kaleyra-gateway ([a-z]+)\b", pages)) <= commands
