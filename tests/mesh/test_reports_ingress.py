"""Reports come in by an Envoy of their own: only they pass, and whoever guesses is known by his true address."""

import asyncio
import json
import random
import signal
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import trustme
from envoys import LOOPBACK, Document, Envoy, manager, placed, running_envoy, shipped
from go_programs import needs
from meshes import BRIEF, Mesh, insisting
from nursery import Child
from replicas import numbered
from reporting_phones import Phones
from waiting import until

from voicegateway.v1.outbound_call_pb2 import RECIPIENT_STATE_ENDED, OutboundCall
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, ListCallsRequest

WRONG = "0123456789abcdef" * 2
TRUSTING = {"trusted_proxies": [f"{LOOPBACK}/32"], "refusals_per_minute": 3}


@dataclass
class Ingress:
    """The shipped Envoy, and whoever comes to it.

    Attributes:
        log: Its access log.
    """

    envoy: Envoy
    authority: trustme.CA
    log: Path

    @property
    def url(self) -> str:
        [address] = self.envoy.addresses.values()
        return f"https://{address}"

    @property
    def context(self) -> ssl.SSLContext:
        """Trusts the certificate."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    @asynccontextmanager
    async def client(self, source: str = LOOPBACK) -> AsyncIterator[httpx2.AsyncClient]:
        """Somebody who comes from an address of the loopback."""
        transport = httpx2.AsyncHTTPTransport(verify=self.context, local_address=source)
        async with httpx2.AsyncClient(base_url=self.url, transport=transport, timeout=40) as client:
            yield client


@pytest.fixture
async def ingress(mesh: Mesh, tmp_path: Path) -> AsyncIterator[Ingress]:
    """The shipped Envoy before the receivers of both places."""
    authority, folder = trustme.CA(), tmp_path / "reports"
    folder.mkdir()
    log = folder / "access.log"
    document = placed(shipped("reports.yaml"), mesh.receivers)
    _certified(document, authority, folder)
    manager(document)["access_log"][0]["typed_config"]["path"] = str(log)
    async with running_envoy(document, folder) as envoy:
        yield Ingress(envoy, authority, log)


def _certified(document: Document, authority: trustme.CA, folder: Path) -> None:
    issued = authority.issue_cert(LOOPBACK)
    issued.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    issued.private_key_pem.write_to_path(folder / "tls.key")
    [chain] = document["static_resources"]["listeners"][0]["filter_chains"]
    [pair] = chain["transport_socket"]["typed_config"]["common_tls_context"]["tls_certificates"]
    for name in pair:
        pair[name]["filename"] = str(folder / Path(pair[name]["filename"]).name)


async def placed_call(gateway: Child, provider) -> str:
    """Places a call; returns the path of its reports."""
    await insisting(gateway.stub, numbered(1))
    return f"/reports/{dict(provider.posts[-1].form)['dlrurl'].partition('/reports/')[2][:32]}"


async def record(gateway: Child) -> OutboundCall:
    request = GetCallRequest(request_id=numbered(1).request_id)
    return (await gateway.stub.GetCall(request, timeout=60)).call


REPORT = {"a_id": "1", "a_callee": "13236550000001", "a_status": "BUSY"}


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        pytest.param("GET", {"params": REPORT}, id="GET"),
        pytest.param("POST", {"data": REPORT}, id="POST of a form"),
        pytest.param("POST", {"json": REPORT}, id="POST of JSON"),
    ],
)
async def test_a_report_is_taken(mesh: Mesh, provider, ingress, method, sent):
    """What the provider sends is in the record."""
    gateway = await mesh.reporting(0)
    path = await placed_call(gateway, provider)
    async with ingress.client() as client:
        answer = await client.request(method, f"{path}/call_end", **sent)

    [recipient] = (await record(gateway)).recipients
    assert (200, "OK\n") == (answer.status_code, answer.text)
    assert (RECIPIENT_STATE_ENDED, "BUSY") == (recipient.state, recipient.provider_status)


async def test_a_report_is_taken_over_http_2(mesh: Mesh, provider, ingress, tmp_path):
    """Envoy speaks it with whoever does."""
    needs("curl")
    gateway = await mesh.reporting(0)
    path = await placed_call(gateway, provider)
    ingress.authority.cert_pem.write_to_path(tmp_path / "authority.crt")
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--http2", "--cacert", str(tmp_path / "authority.crt"), "--write-out", "%{http_version}",
        f"{ingress.url}{path}/call_end?a_callee=13236550000001&a_status=BUSY", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()

    [recipient] = (await record(gateway)).recipients
    assert b"OK\n2" == output
    assert "BUSY" == recipient.provider_status


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
async def test_a_report_is_taken_whatever_its_url_looks_like(mesh: Mesh, provider, ingress, version):
    """Braces that nobody replaced, and a client of long ago."""
    gateway = await mesh.reporting(0)
    path = await placed_call(gateway, provider)
    host, _, port = ingress.url.removeprefix("https://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=ingress.context)
    query = "a_status={{status}}&b_status=BUSY&a_id={{id}}&b_id=id&c_callee={callee}"
    host_line = "" if version == "HTTP/1.0" else "Host: calls.example.com\r\n"
    writer.write(f"GET {path}?{query} {version}\r\n{host_line}Connection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    await writer.wait_closed()

    [recipient] = (await record(gateway)).recipients
    assert b"200" == answer.split(b" ")[1]
    assert "BUSY" == recipient.provider_status


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metrics",
        "/reports",
        "/reportsx/",
        "/reports/../metrics",
        "/x/reports/" + WRONG,
        "/voicegateway.v1.OutboundCallService/PlaceCall",
    ],
)
async def test_nothing_else_passes(mesh: Mesh, ingress, path):
    """Envoy refuses it by itself."""
    await mesh.reporting(0)
    async with ingress.client() as client:
        statuses = [(await client.request(method, path)).status_code for method in ("GET", "POST")]

    assert [404, 404] == statuses
    assert 0 == await ingress.envoy.stat("cluster.receiver.upstream_rq_total")


async def test_who_guesses_is_limited_by_his_true_address(mesh: Mesh, ingress):
    """Whatever he claims about himself; and nobody else is."""
    await mesh.reporting(0, receiver=TRUSTING)
    async with ingress.client("127.0.0.2") as guesser, ingress.client("127.0.0.3") as other:
        guesses = [
            (await guesser.get(f"/reports/{WRONG}", headers={"x-forwarded-for": f"198.51.100.{n}"})).status_code
            for n in range(5)
        ]
        blamed = (await other.get(f"/reports/{WRONG}", headers={"x-forwarded-for": "127.0.0.2"})).status_code

    assert [404, 404, 404, 429, 429] == guesses
    assert 404 == blamed


async def test_the_log_has_neither_tokens_nor_numbers(mesh: Mesh, provider, ingress):
    """A line for each request, with the source, and with nothing of its path."""
    gateway = await mesh.reporting(0)
    path = await placed_call(gateway, provider)
    async with ingress.client("127.0.0.2") as client:
        await client.get(f"{path}/call_end", params=REPORT, headers={"referer": f"https://calls.example.com{path}"})
        await client.get(f"/other{path}")
    await until(lambda: ingress.log.read_text().count("\n") == 2)

    lines = [json.loads(line) for line in ingress.log.read_text().splitlines()]
    assert [("127.0.0.2", 200), ("127.0.0.2", 404)] == [(line["source"], line["status"]) for line in lines]
    assert not any(secret in ingress.log.read_text() for secret in (path[-32:], "/reports", REPORT["a_callee"]))


async def test_a_report_that_comes_while_nobody_is_there_is_taken_later(mesh: Mesh, provider, ingress):
    """The only gateway is being replaced: the provider sends once, and is answered when it is written down."""
    gateway = await mesh.reporting(0)
    path = await placed_call(gateway, provider)
    gateway.send(signal.SIGTERM)
    await gateway.exit_status()
    async with ingress.client() as client:
        report = asyncio.ensure_future(client.get(f"{path}/call_end", params=REPORT))
        await ingress.envoy.reaches("cluster.receiver.upstream_rq_retry", 1)
        gateway = await mesh.reporting(0)
        answer = await report

    [recipient] = (await record(gateway)).recipients
    assert (200, "BUSY") == (answer.status_code, recipient.provider_status)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["told to end", "killed"])
async def test_every_report_is_taken_at_once_while_gateways_are_replaced(mesh: Mesh, provider, ingress, number):
    """A provider that sends each report once has been told 200 for each, and every call is known to its end."""
    settings = {"provider": BRIEF}
    running = [await mesh.reporting(place, **settings) for place in (0, 1)]
    await mesh.front()
    await mesh.envoy.finds(*mesh.ports)
    async with ingress.client() as client:
        phones = Phones([ingress.url], random.Random(8812), client)
        provider.behave(phones)
        for place in (0, 1):
            await asyncio.gather(*(insisting(mesh.stub, numbered(place * 100 + n)) for n in range(1, 31)))
            running[place].send(number)
            await running[place].exit_status()
            running[place] = await mesh.reporting(place, **settings)
        await phones.are_silent()
    calls = (await running[0].stub.ListCalls(ListCallsRequest(), timeout=60)).calls

    assert {200: len(phones.statuses)} == Counter(phones.statuses)
    assert [RECIPIENT_STATE_ENDED] * 60 == [recipient.state for call in calls for recipient in call.recipients]
