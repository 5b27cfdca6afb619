"""What the page for operators shows of the log is what is logged."""

import io
import json

from gateway_under_test import TO_A_FLOW, running_gateway
from snippets import shown

from gateway.sandbox import DEFAULT_KEY, DEFAULT_SID, Sandbox
from gateway.telemetry import Secrets, configure_logs

PAGE = "docs/operators.md"
OF_EACH_CALL = {"call_id", "provider_ms", "duration_ms"}


async def test_its_line_of_the_log_is_logged():
    """A call whose connection is reset: every fact that the page shows, and no other but level and time."""
    written = io.StringIO()
    configure_logs(Secrets(), form="json", level="INFO", stream=written)
    [block] = shown(PAGE, "json")
    example = json.loads(block.code)
    account = {"account": {"sid": DEFAULT_SID, "api_key": DEFAULT_KEY}}
    async with Sandbox().serve() as url, running_gateway(url, account) as gateway:
        call = TO_A_FLOW | {"recipients": [{"number": "+13236550153"}]}
        await gateway.place_call_error(call, requestId=example["request_id"])
    [line] = [each for each in map(json.loads, written.getvalue().splitlines()) if each["event"] == "call"]

    assert example.keys() == line.keys() - {"level", "timestamp"}
    assert {name: line[name] for name in example.keys() - OF_EACH_CALL} == {
        name: value for name, value in example.items() if name not in OF_EACH_CALL
    }
