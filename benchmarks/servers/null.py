"""(a) The least that a grpc.aio server can do: it reads a PlaceCall and answers a constant."""

import asyncio
import sys

import grpc.aio
import uvloop

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import PlaceCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import (
    OutboundCallServiceServicer,
    add_OutboundCallServiceServicer_to_server,
)

ANSWER = PlaceCallResponse(call=OutboundCall(call_id="01M877RN3AC7AHC2K0R8B4D2RF", dispatch=DISPATCH_ACCEPTED))


class Null(OutboundCallServiceServicer):
    async def PlaceCall(self, _request: PlaceCallRequest, _context: grpc.aio.ServicerContext) -> PlaceCallResponse:  # noqa: N802
        return ANSWER


async def serve(address: str) -> None:
    server = grpc.aio.server()
    add_OutboundCallServiceServicer_to_server(Null(), server)
    server.add_insecure_port(address)
    await server.start()
    await asyncio.Event().wait()


uvloop.run(serve(*sys.argv[1:]))
