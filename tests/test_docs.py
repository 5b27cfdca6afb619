"""What the README and the pages under docs say is what happens."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import faults
import pytest
import typer
from gateway_under_test import running_gateway
from raw_provider import ACCEPTED

from gateway.cli import app
from gateway.errors import ROW_BY_REASON
from gateway.settings import PATH_BY_VARIABLE, AccountSettings, Ledger, Log, Provider, Receiver, Settings, Tls
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import Dispatch

ROOT = Path(__file__).parent.parent
FILES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
LEDGER = (ROOT / "docs" / "ledger.md").read_text()
CALLERS = (ROOT / "docs" / "callers.md").read_text()
OPERATORS = (ROOT / "docs" / "operators.md").read_text()
TESTING = (ROOT / "docs" / "testing.md").read_text()
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text()


PAGES = README + SETTINGS + LEDGER + CALLERS + OPERATORS + SANDBOX + TESTING


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


async def test_the_callers_python_lists_the_calls_whose_outcome_is_unknown(provider):
    """The loop over the pages ends, and prints each such call, and no other."""
    [snippet] = blocks(CALLERS, "python")
    async with running_gateway(provider.url, {}) as gateway:
        provider.behave(faults.says(b""))
        for number in range(1, 4):
            await gateway.place_call_error(requestId=f"reminder-000{number}")
        provider.reply(ACCEPTED)
        await gateway.place_call(requestId="reminder-0004")
        assert "page_size=100" in snippet
        printed = await python(
            snippet.replace("127.0.0.1:50051", gateway.address).replace("page_size=100", "page_size=1")
        )

    assert ["reminder-0003", "reminder-0002", "reminder-0001"] == [line.split()[1] for line in printed.splitlines()]


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


def test_the_callers_reasons_are_the_gateways():
    """The table names every reason with its code, dispatch and advice."""
    words = {name: row for name, *row in table(CALLERS, "| reason")}
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


def test_the_settings_pages_settings_are_all_there_are():
    """The table names every setting, with its default and its variable."""
    rows = table(SETTINGS, "| setting")
    named = {name for row in rows for name in re.findall(r"`([a-z_A-Z.]+)`", row[0]) if "." in name or name.islower()}
    accounts = {f"accounts.NAME.{name}" for name in AccountSettings.model_fields}
    sections = {f"{section}.{name}" for section, kind in _sections().items() for name in kind.model_fields}
    plain = set(Settings.model_fields) - set(_sections()) - {"accounts"}

    assert plain | sections | accounts == named
    assert set(PATH_BY_VARIABLE) == set(re.findall(r"`([A-Z_]{6,})`", "\n".join(row[0] for row in rows)))


def test_the_settings_pages_defaults_are_the_gateways():
    """A default in the table is the one in force."""
    for name, default, _ in table(SETTINGS, "| setting"):
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
    pages = PAGES + (ROOT / "CONTRIBUTING.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = _commands()
    named = {tuple(filter(None, pair)) for pair in re.findall(r"kaleyra-gateway ([a-z]+)\b(?: ([a-z]+)\b)?", pages)}

    assert set(re.findall(r"(?:^|`)make ([a-z]+)\b", pages, re.MULTILINE)) <= targets
    assert set() == {words for words in named if words not in commands and words[:1] not in commands}
    assert set() == {words for words in named if commands.get(words[:1]) == "group" and words not in commands}


def _commands() -> dict[tuple[str, ...], str]:
    """Lists every command by its words, and whether it is a group of others."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():
        inner = getattr(command, "commands", {})
        found[(name,)] = "group" if inner else "command"
        found |= {(name, each): "command" for each in inner}
    return found


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in FILES])
def test_every_link_leads_somewhere(page):
    """A link to a file of this repository, and to a heading on its page, is followed."""
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", page.read_text()):
        file, _, heading = target.partition("#")
        there = (page.parent / file).resolve() if file else page

        assert there.exists(), target
        assert not heading or heading in _anchors(there.read_text()), target


def _anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


async def test_what_the_ledgers_page_grants_is_enough_to_serve(postgres, database, start_gateway, provider):
    """A role that may make no table serves from those that another one made."""
    [grants] = blocks(LEDGER, "sql")
    await (await start_gateway(ledger={"url": database})).place_call(requestId="reminder-0001")
    postgres.sql("CREATE ROLE gateway LOGIN")
    postgres.sql(grants, database)
    served = await start_gateway(ledger={"url": database.replace("postgres@", "gateway@"), "create": False})
    again = await served.place_call(requestId="reminder-0001")
    placed = await served.place_call(requestId="reminder-0002")

    assert (True, False) == (again.replayed, placed.replayed)
    assert 2 == len(provider.posts)
