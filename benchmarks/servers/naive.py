"""(b) What one would write in an afternoon: grpc.aio in front of one httpx client, the form built by hand.

It validates nothing, logs nothing, and cannot say what a failure did.
"""

import asyncio
import json
import sys
import uuid

import grpc.aio
import httpx

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, OutboundCall, OutboundCallRequest
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import (
    OutboundCallServiceServicer,
    add_OutboundCallServiceServicer_to_server,
)


class Naive(OutboundCallServiceServicer):
    def __init__(self, upstream: str) -> None:
        self._url = f"{upstream}/v1/HXXXXXXX071US/voice/outbound"
        self._client = httpx.AsyncClient(headers={"api-key": "Abenchmarkskey00000000000000000003"})

    async def PlaceCall(self, request: PlaceCallRequest, context: grpc.aio.ServicerContext) -> PlaceCallResponse:  # noqa: N802
        call_id = str(uuid.uuid4())
        reply = await self._client.post(self._url, data=form(request.call, call_id))
        answer = reply.json()
        if answer["code"] != "RBC3007":
            await context.abort(grpc.StatusCode.INTERNAL, answer["message"])
        call = OutboundCall(
            call_id=call_id, request_id=request.request_id, request=request.call, dispatch=DISPATCH_ACCEPTED
        )
        return PlaceCallResponse(call=call)


def form(call: OutboundCallRequest, call_id: str) -> dict[str, str]:
    messages = [item.message for item in call.playlist.items]
    return {
        "to": ",".join(recipient.number for recipient in call.recipients),
        "bridge": call.bridge,
        "target": json.dumps(
            [{"message": {"text": each.text, "language": each.language, "speed": each.speed}} for each in messages]
        ),
        "retry": str(call.retry_count),
        "interval": str(call.retry_interval.seconds),
        "delay": str(call.delay.seconds),
        "callback": json.dumps({"call_end": {"url": list(call.callbacks.call_end.urls)}}),
        "custom": call.custom or call_id,
    }


async def serve(address: str, upstream: str) -> None:
    server = grpc.aio.server()
    add_OutboundCallServiceServicer_to_server(Naive(upstream), server)
    server.add_insecure_port(address)
    await server.start()
    await asyncio.Event().wait()


asyncio.run(serve(*sys.argv[1:]))
