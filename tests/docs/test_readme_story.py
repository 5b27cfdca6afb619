"""The request, the form and the error that the README shows are what the gateway takes, sends and answers."""

import json
import re
from urllib.parse import parse_qsl

from gateway_under_test import running_gateway
from running_python import python
from snippets import ROOT, shown, snippets

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox

BLOCKS = snippets(ROOT / "README.md")
[REQUEST] = [json.loads(block.code) for block in BLOCKS if block.language == "json"]
FORM, ERROR = [block.code for block in BLOCKS if block.language == "text"]
TO_THE_SANDBOX = {"account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}}


async def test_the_request_becomes_the_form_that_is_shown():
    """Every field and its order; the call id alone is another each time."""
    sandbox = Sandbox()
    async with sandbox.serve() as url, running_gateway(url, TO_THE_SANDBOX) as gateway:
        reply = await gateway.place_call(REQUEST["call"], requestId=REQUEST["request_id"])
    [record] = sandbox.records
    sent = [f"{name}={value}" for name, value in parse_qsl(record.body)]
    shown = FORM.strip().split("   ")

    assert [field for field in sent if field != f"custom={reply.call.call_id}"] == [
        field for field in shown if not field.startswith("custom=")
    ]
    assert f"custom={reply.call.call_id}" in sent


async def test_the_error_that_is_shown_is_the_gateways():
    """Code, words, and each line of metadata."""
    async with Sandbox().serve() as url, running_gateway(url, TO_THE_SANDBOX) as gateway:
        missing = {"recipients": [{"number": "+13236550107"}], "ivr": {"flow_id": "SG_missing"}}
        error = await gateway.place_call_error(missing)
    told = dict(error.info.metadata) | {"reason": error.info.reason}
    first, *lines = ERROR.strip().splitlines()

    assert f"{error.code}  {error.message}" == first
    assert [(name, told[name]) for name, _ in map(str.split, lines)] == [tuple(line.split()) for line in lines]


async def test_the_python_that_is_shown_places_a_call(provider):
    """The first code that a stranger copies works as it stands, against a gateway on its address."""
    [snippet] = shown("README.md", "python")
    async with running_gateway(provider.url, {}) as gateway:
        assert "127.0.0.1:50051" in snippet.code
        printed = await python(snippet.code.replace("127.0.0.1:50051", gateway.address))

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}\n", printed)
    assert 1 == len(provider.posts)
