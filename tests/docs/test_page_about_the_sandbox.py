"""What the page about the sandbox shows does what the page says."""

import re
import subprocess
import sys

import httpx2
from running_python import python
from snippets import ROOT, shown

from gateway.sandbox import Sandbox
from gateway.sandbox.courier import AT_ONCE
from gateway.sandbox.placeholders import VARIABLES
from gateway.sandbox.redial import UNASKED_INTERVAL_SECONDS

PAGE = "docs/sandbox.md"


async def test_its_python_prints_what_the_page_says():
    """The sandbox runs inside a caller's own event loop."""
    [snippet] = shown(PAGE, "python")

    assert "Submitted Successfully\n('+13236550107',)\n" == await python(snippet.code)


def names_under(heading):
    """The names in the first column of the table under the line."""
    table = (ROOT / PAGE).read_text(encoding="utf-8").partition(f"{heading}\n\n")[2].partition("\n\n")[0]
    return [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_it_lists_the_variables_that_are_replaced():
    """In the provider's order."""
    assert list(VARIABLES) == names_under("These variables are replaced in the URLs, percent-encoded:")


async def test_it_lists_the_keys_of_an_attempt():
    """Those that are shown, in their order."""
    sandbox = Sandbox()
    async with sandbox.serve() as url, httpx2.AsyncClient(base_url=url, verify=False, timeout=60) as client:
        form = {"to": "+13236550107", "target": '[{"ivr":["SG_1"]}]'}
        await client.post("/v1/HXXXXXXX071US/voice/outbound", data=form, headers={"api-key": "sandbox-key"})
        [attempt] = (await client.get("/phones")).json()

    assert list(attempt) == names_under("An attempt of `GET /phones`:")


def test_its_options_are_the_commands():
    """Each is one that the command knows."""
    named = set(re.findall(r"`(--[a-z-]+)", (ROOT / PAGE).read_text(encoding="utf-8")))
    help_text = subprocess.run(
        [sys.executable, "-m", "gateway", "sandbox", "--help"], check=True, capture_output=True, text=True
    ).stdout

    assert {"--speed", "--placeholders", "--dlr-answered-only", "--seed"} <= named
    assert named <= set(re.findall(r"--[a-z-]+", help_text))


def test_its_numbers_are_the_codes():
    """How many at a time, and how long between attempts."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")

    assert f"At most {AT_ONCE} URLs are fetched at a time." in text
    assert f"the {UNASKED_INTERVAL_SECONDS} seconds between the attempts" in text
