"""An operator's terminal: commands, and what they print."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

from gateway_under_test import GatewayUnderTest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.ledger.record import Key
from gateway.operator.opening import opened
from gateway.operator.options import Source
from gateway.settings import PATH_BY_VARIABLE
from voicegateway.v1.outbound_call_pb2 import OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest


@dataclass
class Outcome:
    status: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)

    @property
    def words(self) -> str:
        """The output without its line breaks."""
        return " ".join(self.output.split())


@dataclass
class Operator:
    """Runs commands on one ledger."""

    url: str

    async def __call__(self, *arguments: str) -> Outcome:
        """Runs a command on the ledger, in this process, which spares its start."""
        return await typed(*arguments, "--ledger", self.url)

    async def overdue(self, request_id: str) -> None:
        """Lets the time of an attempt have passed, where a test would have to wait."""
        async with opened(Source(url=self.url)) as store:
            changed = await store.change(
                Key("default", request_id), lambda record, _: record and replace(record, send_deadline=record.created)
            )
        assert changed.is_mine


async def typed(*arguments: str, **environment: str) -> Outcome:
    """Runs a command as it is typed, with no variables but the given ones."""
    cleared = dict.fromkeys(PATH_BY_VARIABLE)
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=cleared | environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


async def call_of(gateway: GatewayUnderTest, call_id: str) -> OutboundCall:
    """Reads a call as its caller does."""
    return (await gateway.stub.GetCall(GetCallRequest(call_id=call_id), timeout=60)).call
