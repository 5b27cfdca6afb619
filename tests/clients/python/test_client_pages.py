"""The pages for callers in Python: each program on them runs, and prints what the page says."""

import re
import sys
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from free_ports import free_port
from gateway_under_test import running_gateway

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "clients" / "python" / "README.md").read_text()
README = (ROOT / "README.md").read_text()
PROGRAM = re.compile(
    r"^## (?P<title>[^\n]+)\n"
    r"|```python\n(?P<code>.*?)```(?:\n+prints[^\n]*)?\n\n```text\n(?P<output>.*?)```",
    re.MULTILINE | re.DOTALL,
)
CALL_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")


@pytest.fixture(scope="module")
async def stand(stand: Any) -> AsyncIterator[Any]:
    """The gateway that the page starts, with a receiver; its sandbox's phones are quicker than people."""
    [receiver] = re.findall(r"^(\[receiver\].*?)^EOF", PAGE, re.MULTILINE | re.DOTALL)
    settings = tomllib.loads(receiver.replace("127.0.0.1:8081", f"127.0.0.1:{free_port()}"))
    async with Sandbox(speed=60.0).serve() as sandbox:
        settings["account"] = {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}
        async with running_gateway(sandbox, settings) as gateway:
            yield replace(stand, gateway=gateway.address, sandbox=sandbox)


def programs() -> list[tuple[str, str, str]]:
    """The page's programs, by their heading, with what they print."""
    title, found = "", []
    for each in PROGRAM.finditer(PAGE):
        title = each["title"] or title
        if each["code"]:
            found.append((title, each["code"], each["output"]))
    return found


def test_every_program_of_the_page_has_its_output():
    """No program is passed over."""
    assert PAGE.count("```python") == len(programs())
    assert len(programs()) >= 8


@pytest.mark.parametrize(
    ("code", "output"),
    [pytest.param(code, output, id=f"{number} {title}") for number, (title, code, output) in enumerate(programs(), 1)],
)
async def test_a_program_prints_what_the_page_says(stand, tmp_path, code, output):
    """A stranger who copies it sees what he read."""
    status, printed = await stand.run(
        sys.executable, "-c", code.replace("127.0.0.1:50051", stand.gateway), folder=tmp_path
    )

    assert 0 == status, printed
    assert CALL_ID.sub("ULID", output) == CALL_ID.sub("ULID", printed)


async def test_the_first_page_reads_an_error(stand, tmp_path):
    """The README's ten lines also tell what went wrong."""
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    broken = code.replace("127.0.0.1:50051", stand.gateway).replace("SG_1", "SG_missing")
    status, printed = await stand.run(sys.executable, "-c", broken, folder=tmp_path)

    assert (0, "ERROR_REASON_FLOW_NOT_FOUND True ()\n") == (status, printed)
