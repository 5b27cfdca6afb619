"""A real gateway on port 0 and a caller behind a real channel, who reads answers and errors as any client would."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import google.rpc.error_details_pb2 as details_pb2
import grpc
import grpc.aio
from google.protobuf.json_format import ParseDict
from google.rpc import status_pb2

from gateway.app import Gateway
from gateway.settings import Settings
from gateway.telemetry import Secrets
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

KEY = "Atestkey00000000000000000000003"
SID = "HXXXXXXX071US"
_NUMBERS = count(1)
TO_A_FLOW: Mapping[str, Any] = {"recipients": [{"number": "+13236550107"}], "ivr": {"flowId": "SG_1"}}


@dataclass
class Refusal:
    """An error as a caller reads it."""

    code: str
    message: str
    status: status_pb2.Status
    trailers: dict[str, str | bytes]

    def detail(self, kind: type[Any]) -> Any:
        """The one detail of a kind; None when there is none."""
        found = [detail for detail in self.status.details if detail.Is(kind.DESCRIPTOR)]
        assert len(found) <= 1
        if not found:
            return None
        message = kind()
        found[0].Unpack(message)
        return message

    @property
    def info(self) -> details_pb2.ErrorInfo:
        return self.detail(details_pb2.ErrorInfo)

    @property
    def reason(self) -> str:
        return self.info.reason.removeprefix("ERROR_REASON_")

    @property
    def dispatch(self) -> str:
        return self.info.metadata.get("dispatch", "").removeprefix("DISPATCH_")

    @property
    def retry(self) -> str:
        return self.info.metadata.get("retry", "").removeprefix("RETRY_ADVICE_")

    @property
    def violations(self) -> list[tuple[str, str]]:
        """The broken rules as (field, reason)."""
        bad = self.detail(details_pb2.BadRequest)
        return [] if bad is None else [(each.field, each.reason) for each in bad.field_violations]

    @property
    def pushback(self) -> str | bytes | None:
        return self.trailers.get("grpc-retry-pushback-ms")


@dataclass
class GatewayUnderTest:
    """A running gateway and a caller's stub to it."""

    gateway: Gateway
    address: str
    channel: grpc.aio.Channel
    stub: OutboundCallServiceStub

    @property
    def callers(self) -> int:
        """How many requests have come in and are not answered."""
        return self.gateway._boundary._answers._count

    async def place_call(
        self, call: Mapping[str, Any] = TO_A_FLOW, timeout: float = 30, **fields: Any
    ) -> PlaceCallResponse:
        """Places a call, written as JSON."""
        return await self.stub.PlaceCall(place_call_request(call, **fields), timeout=timeout)

    async def place_call_error(
        self, call: Mapping[str, Any] = TO_A_FLOW, timeout: float = 30, **fields: Any
    ) -> Refusal:
        """Places a call that is refused, and reads the error."""
        return await refusal_of(self.stub.PlaceCall(place_call_request(call, **fields), timeout=timeout))


def place_call_request(call: Mapping[str, Any] = TO_A_FLOW, **fields: Any) -> PlaceCallRequest:
    """Builds a request from JSON; unless one is set, it has a request_id of its own."""
    return ParseDict({"requestId": f"test-{next(_NUMBERS):07}", "call": dict(call)} | fields, PlaceCallRequest())


async def refusal_of(rpc: Any) -> Refusal:
    """Awaits an RPC that must fail, and reads its error."""
    try:
        answer = await rpc
    except grpc.aio.AioRpcError as error:
        trailers = dict(error.trailing_metadata() or ())
        status = status_pb2.Status()
        status.ParseFromString(trailers.get("grpc-status-details-bin", b""))
        return Refusal(error.code().name, error.details() or "", status, trailers)
    raise AssertionError(f"this was not refused: {answer}")


def settings_for(url: str, overrides: Mapping[str, Any]) -> Settings:
    """Builds settings with an account at a provider, and patience; overrides are merged a table at a time.

    An override of an account with None takes it away.
    """
    account = {"base_url": url, "sid": SID, "api_key": KEY}
    accounts = {"default": account | overrides.get("account", {})} | overrides.get("accounts", {})
    settings: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "provider": {"connect_timeout": 10.0, "reply_timeout": 30.0} | overrides.get("provider", {}),
        "accounts": {name: account for name, account in accounts.items() if account is not None},
    }
    rest = {name: value for name, value in overrides.items() if name not in {"provider", "account", "accounts"}}
    return Settings.model_validate(settings | rest)


def ledger_in(folder: Path | str) -> dict[str, Any]:
    """Settings for a ledger in a folder."""
    return {"ledger": {"url": f"sqlite:///{folder}/ledger.db"}}


@asynccontextmanager
async def running_gateway(
    url: str, overrides: Mapping[str, Any], secrets: Secrets | None = None
) -> AsyncIterator[GatewayUnderTest]:
    """Runs a gateway in this process until the end of the block; it tells `secrets` what no log may hold.

    Unless the overrides name a ledger, it has one of its own, which is gone at the end.
    """
    with TemporaryDirectory(prefix="ledger-") as folder:
        gateway = Gateway(settings_for(url, ledger_in(folder) | overrides), secrets or Secrets())
        address = await gateway.start()
        try:
            async with grpc.aio.insecure_channel(address) as channel:
                yield GatewayUnderTest(gateway, address, channel, OutboundCallServiceStub(channel))
        finally:
            await gateway.stop()
