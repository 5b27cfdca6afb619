"""A gateway that asks a raw provider for reports, the reports that come, and whoever watches."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc.aio
import httpx2
import pytest
from event_stream import EventStream
from gateway_under_test import TO_A_FLOW, GatewayUnderTest, Refusal, refusal_of
from raw_provider import RawProvider

from voicegateway.v1.outbound_call_pb2 import OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, WatchCallsRequest
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

RECEIVER: Mapping[str, Any] = {"listen": "127.0.0.1:0", "public_url": "http://127.0.0.1:1"}
TAKES_LITTLE = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 16 * 1024))
ON_SQLITE = pytest.mark.parametrize("ledger", ["SQLite"], indirect=True)
"""For many variants of something that does not depend on the ledger, and that other tests show on both."""

ONE, TWO, THREE = "+13236550107", "+13236550108", "+13236550109"


def to(*numbers: str, **fields: Any) -> dict[str, Any]:
    """A call to these numbers, as JSON."""
    return dict(TO_A_FLOW) | {"recipients": [{"number": number} for number in numbers]} | fields


@dataclass
class WatchedGateway:
    """A running gateway; its provider reports what a test says."""

    running: GatewayUnderTest
    provider: RawProvider
    http: httpx2.AsyncClient

    @property
    def receiver(self) -> str:
        """Where reports are received."""
        return self.running.gateway.receiver_address

    async def place(self, call: Mapping[str, Any] = TO_A_FLOW, **fields: Any) -> OutboundCall:
        """Places a call that the provider accepts."""
        return (await self.running.place_call(call, **fields)).call

    async def refused(self, call: Mapping[str, Any] = TO_A_FLOW, **fields: Any) -> Refusal:
        """Places a call that is refused."""
        return await self.running.place_call_error(call, **fields)

    async def call(self, **lookup: str) -> OutboundCall:
        """Reads what is recorded of a call."""
        return (await self.running.stub.GetCall(GetCallRequest(**lookup), timeout=60)).call

    def token(self, call_id: str = "") -> str:
        """The token that the provider was given last, or last for a call that gave no `custom`."""
        forms = (dict(post.form) for post in reversed(self.provider.posts))
        form = next(form for form in forms if call_id in {"", form["custom"]})
        return urlsplit(form["dlrurl"]).path.rpartition("/")[2]

    async def report(
        self, kind: str = "", call_id: str = "", method: str = "GET", token: str = "", **variables: str
    ) -> int:
        """Reports something, by default about the provider's last call and to `dlrurl`; returns the HTTP status."""
        path = f"/reports/{token or self.token(call_id)}" + (f"/{kind}" if kind else "")
        given = {"params": variables} if method == "GET" else {"data": variables}
        answer = await self.http.request(method, f"http://{self.receiver}{path}", **given)
        return answer.status_code

    async def plays(self, callee: str, status: str, id: str = "", call_id: str = "") -> None:  # noqa: A002
        """Reports one attempt from its start to its end."""
        known = {"callee": callee, "id": id or f"{callee}-1"}
        kinds = ["call_start", "call_answer"] if status == "ANSWER" else ["call_start"]
        for kind in kinds:
            assert 200 == await self.report(kind, call_id, **known)
        assert 200 == await self.report("call_end", call_id, status=status, **known)

    def watch(self, **request: Any) -> EventStream:
        """Watches a call, or an account."""
        return EventStream(self.running.stub.WatchCalls(WatchCallsRequest(**request)))

    async def watch_error(self, **request: Any) -> Refusal:
        """Watches, and is refused."""
        return await refusal_of(self.watch(**request).rest())

    @asynccontextmanager
    async def watch_slowly(self, **request: Any) -> AsyncIterator[EventStream]:
        """Watches with a client that takes in a few hundred events before it is read from; others take megabytes."""
        async with grpc.aio.insecure_channel(self.running.address, options=TAKES_LITTLE) as channel:
            yield EventStream(OutboundCallServiceStub(channel).WatchCalls(WatchCallsRequest(**request)))


@asynccontextmanager
async def watching(running: GatewayUnderTest, provider: RawProvider) -> AsyncIterator[WatchedGateway]:
    """Reports and watches at a running gateway until the end of the block."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        yield WatchedGateway(running, provider, http)
