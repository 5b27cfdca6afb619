"""What is logged of watchers and of reports: nothing that is personal, and no token."""

import io
import logging

from gateway_under_test import running_gateway
from planted_secrets import CALL, NUMBERS, TEXTS, found_in
from waiting import until
from watched_gateway import RECEIVER, watching

from gateway.telemetry import Secrets, configure_logs

BUSY_CALL = {name: value for name, value in CALL.items() if name not in {"dlrUrl", "custom"}}


async def test_no_number_and_no_token(provider, ledger):
    """All of it at DEBUG, with the libraries' warnings: a call, its reports, good and bad ones, and its watchers."""
    log, secrets = io.StringIO(), Secrets()
    configure_logs(secrets, form="json", level="DEBUG", stream=log)
    settings = {"ledger": ledger, "receiver": dict(RECEIVER)}
    async with (
        running_gateway(provider.url, settings, secrets) as running,
        watching(running, provider) as watched,
    ):
        logging.getLogger("uvicorn").setLevel(logging.DEBUG)
        call = await watched.place(BUSY_CALL)
        token = watched.token(call.call_id)
        streams = [watched.watch(after_sequence=0), watched.watch(call_id=call.call_id)]
        for number in ("+13236550107", "13236550108"):
            await watched.plays(number, "ANSWER")
        await watched.report("call_end", callee="+13236550107", id="x", status="BUSY", keypress="4711")
        await watched.report("call_end", method="POST", callee="+13236550199", status="+13236550107")
        assert 404 == await watched.report("call_end", token="f" * 32, callee="+13236550107")
        await streams[0].events(8)
        await streams[1].rest()
        await streams[0].leave()
        await until(lambda: '"CALLER_GONE"' in log.getvalue())

    written = log.getvalue()
    assert "WatchCalls" in written
    assert '"report"' in written
    assert [] == found_in(written, *NUMBERS, *TEXTS, token, "4711", "f" * 32)
