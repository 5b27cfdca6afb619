"""What a page tells a reader to type does what the page says."""

from pathlib import Path

import faults
from gateway_under_test import ledger_in, running_gateway
from go_programs import grpcurl
from raw_provider import RawProvider
from snippets import ROOT, Snippet, snippets
from terminal import typed


def commands(page: str) -> list[Snippet]:
    """The blocks that a reader types."""
    return [block for block in snippets(ROOT / page) if block.language == "sh"]


async def an_unknown_call(provider: RawProvider, folder: Path) -> str:
    """Leaves a call in a folder's ledger that nobody was told the end of, and returns its id."""
    provider.behave(faults.says(b""))
    soon_over = {"connect_timeout": 0.1, "reply_timeout": 0.3}
    async with running_gateway(provider.url, ledger_in(folder) | {"provider": soon_over}) as gateway:
        error = await gateway.place_call_error()
    return error.info.metadata["call_id"]


async def test_the_readme_leads_to_a_placed_call(provider, tmp_path):
    """From the sandbox to a dry run, three ways to place a call, and all that an operator does."""
    grpcurl()
    call_id = await an_unknown_call(provider, tmp_path)
    printed = await typed(commands("README.md"), tmp_path, {"CALL_ID": call_id})

    for told in (
        "The settings are good.",
        "what a call would send",
        "\ndispatch: DISPATCH_ACCEPTED",
        '"dispatch": "DISPATCH_ACCEPTED"',
        f"The call {call_id} is now ACCEPTED",
        "Dialing is paused",
        "What wants attention",
    ):
        assert told in printed


async def test_the_page_about_testing_leads_to_an_unknown_outcome(tmp_path):
    """The exit status that the page ends with is the one that it names."""
    printed = await typed(commands("docs/testing.md"), tmp_path, {"/tmp/test-ledger": f"{tmp_path}/test-ledger"})

    assert "OUTCOME_UNKNOWN" in printed
    assert "6" == printed.splitlines()[-1]
