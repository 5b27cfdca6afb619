"""The token in the gateway's own URLs stays between the gateway and the provider."""

import re

from raw_provider import reply

from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest

RECEIVER = {"listen": "127.0.0.1:0", "public_url": "https://gateway.example.com"}


async def echoes(connection):
    """Refuses each request, and repeats its `dlrurl` wherever a reply has room for words."""
    while True:
        url = dict((await connection.receive()).form)["dlrurl"][:120]
        document = {"code": "RBC3004", "message": f"no: {url}", "data": [url], "error": {"dlrurl": url, "x": url}}
        await connection.send(reply(document))


async def test_a_provider_that_repeats_its_url_shows_no_token(start_gateway, provider):
    """Whoever had it could report anything of this call: neither the refusal nor the record holds it."""
    gateway = await start_gateway(receiver=RECEIVER)
    provider.behave(echoes)

    error = await gateway.place_call_error()
    lookup = GetCallRequest(call_id=error.info.metadata["call_id"])
    read = (await gateway.stub.GetCall(lookup)).call

    [token] = set(re.findall(rb"reports%2F([0-9a-f]{32})", provider.posts[0].body))
    assert "reports/[REDACTED]?" in error.info.metadata["provider_message"]
    assert token not in error.status.SerializeToString()
    assert "reports/[REDACTED]?" in read.provider_reply.message
    assert token not in read.SerializeToString()
