"""What the page for callers shows does what the page says."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import faults
from gateway_under_test import running_gateway
from go_programs import needs
from raw_provider import ACCEPTED
from running_python import python
from snippets import ROOT, shown
from test_examples import build

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

PAGE = "docs/callers.md"
TO_THE_SANDBOX = {"account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}}


async def test_its_loop_lists_the_calls_whose_outcome_is_unknown(provider):
    """The loop over the pages ends, and prints each such call, and no other."""
    [snippet] = shown(PAGE, "python")
    async with running_gateway(provider.url, {}) as gateway:
        provider.behave(faults.says(b""))
        for number in range(1, 4):
            await gateway.place_call_error(requestId=f"reminder-000{number}")
        provider.reply(ACCEPTED)
        await gateway.place_call(requestId="reminder-0004")
        assert "page_size=100" in snippet.code
        printed = await python(
            snippet.code.replace("127.0.0.1:50051", gateway.address).replace("page_size=100", "page_size=1")
        )

    assert ["reminder-0003", "reminder-0002", "reminder-0001"] == [line.split()[1] for line in printed.splitlines()]


def plugin(name: str, package: str, folder: Path) -> None:
    """Builds a plugin for buf as `tools/go` pins it, into a folder."""
    build(["go", "build", "-o", str(folder / name), package], ROOT / "tools" / "go")


async def test_stubs_of_ones_own_place_a_call(tmp_path):
    """A team generates under its own names, as the page says, and is told of the same call when it runs again."""
    needs("go")
    plugin("protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go", tmp_path / "bin")
    plugin("protoc-gen-go-grpc", "google.golang.org/grpc/cmd/protoc-gen-go-grpc", tmp_path / "bin")
    module = tmp_path / "module"
    module.mkdir()
    [template], [program], [commands] = (shown(PAGE, language) for language in ("yaml", "go", "sh"))
    (module / "buf.gen.yaml").write_text(template.code)
    path = f"{tmp_path}/bin:{os.environ['PATH']}:{Path(sys.executable).parent}"
    async with Sandbox().serve() as url, running_gateway(url, TO_THE_SANDBOX) as gateway:
        (module / "main.go").write_text(program.code.replace("127.0.0.1:50051", gateway.address))
        script = commands.code.replace("/path/to/kaleyra-gateway", str(ROOT)) + "go run .\n"
        printed = await bash(script, module, PATH=path)
    calls = re.findall(r"^([0-9A-HJKMNP-TV-Z]{26}) DISPATCH_ACCEPTED$", printed, re.MULTILINE)

    assert 2 == len(calls)
    assert calls[0] == calls[1]


async def bash(script: str, folder: Path, **environment: str) -> str:
    """Runs commands until one fails, which none may; returns all that they printed."""
    process = await asyncio.create_subprocess_exec(
        *["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert 0 == process.returncode, output.decode()
    return output.decode()
