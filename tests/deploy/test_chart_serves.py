"""What the chart renders really starts, places calls, and stops: its pod's containers run here as processes."""

import signal
from urllib.parse import urlsplit

import grpc
import httpx2
import pytest
from chart import MINIMAL, POSTGRESQL, TLS
from cluster import KEY, secrets
from gateway_under_test import place_call_request, refusal_of
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kubelet import Node, publish
from waiting import until

from gateway.ledger.stores import store_from
from gateway.sandbox import Account, Sandbox
from gateway.settings import Ledger
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

SERVING = health_pb2.HealthCheckResponse.SERVING
SID = "HXXXXXXX071US"
UNKNOWN_SERVICE = "voicegateway.v1.Calls"


@pytest.fixture
async def sandbox():
    """A provider that knows the key of the cluster's Secret."""
    sandbox = Sandbox(accounts=[Account(SID, frozenset({KEY}))])
    async with sandbox.serve() as sandbox.url:
        yield sandbox


@pytest.fixture
def credentials(authority):
    """A caller's certificate, as the probes have one."""
    pair = secrets(authority)["gateway-probe-tls"]
    return grpc.ssl_channel_credentials(authority.cert_pem.bytes(), pair["tls.key"], pair["tls.crt"])


@pytest.fixture
def pod(helm, folder, authority, sandbox):
    """A pod of a release whose account is at the sandbox, on a machine of its own."""

    def scheduled(*files, values="", **content):
        rendered = helm.template(*files, values=values, options=("--set", f"accounts.default.base_url={sandbox.url}"))
        node = Node(rendered, folder, secrets(authority) | content)
        node.lay_out(rendered.pod)
        return node, rendered

    return scheduled


async def make_ledger(node):
    """Makes the ledger of an earlier install."""
    settings = Ledger(url=f"sqlite:///{node.place('/var/lib/kaleyra/ledger.db')}")
    store = store_from(settings, in_flight=lambda: 0)
    await store.open()
    await store.close()


async def test_a_first_install_makes_its_ledger_and_places_a_call(pod, sandbox):
    """With SQLite, from nothing: the init container makes the ledger, the gateway serves, SIGTERM drains it."""
    node, rendered = pod(MINIMAL, values="ledger: {create: true}")
    [create] = rendered.pod["initContainers"]
    status, printed = await node.run(create)
    assert 0 == status
    assert "A new ledger was made." in printed
    async with node.serving(rendered.gateway) as served:
        placed = await served.stub.PlaceCall(place_call_request(requestId="install-0001"), timeout=60)
        served.process.send_signal(signal.SIGTERM)
        status = await served.exit_status()

    assert placed.call.call_id == sandbox.records[0].fields["custom"]
    assert 0 == status
    assert node.place("/var/lib/kaleyra/ledger.db").exists()


async def test_a_pod_that_starts_again_finds_its_ledger(pod, sandbox):
    """The next pod on the claim answers a repeat from it; so does one whose init container runs once more."""
    node, rendered = pod(MINIMAL, values="ledger: {create: true}")
    [create] = rendered.pod["initContainers"]
    for replayed in (False, True):
        await node.run(create)
        async with node.serving(rendered.gateway) as served:
            answer = await served.stub.PlaceCall(place_call_request(requestId="restart-0001"), timeout=60)

        assert replayed == answer.replayed
    assert 1 == len(sandbox.records)


async def test_reports_arrive_at_a_port_of_their_own(pod, sandbox):
    """What the provider is asked to fetch is taken where the service for reports leads, and nothing else is."""
    receiver = "{listen: '0.0.0.0:8081', public_url: 'http://calls.invalid/voice'}"
    node, rendered = pod(MINIMAL, values=f"settings: {{receiver: {receiver}}}")
    await make_ledger(node)
    async with node.serving(rendered.gateway) as served:
        await served.stub.PlaceCall(place_call_request(requestId="reports-0001"), timeout=60)
        asked = urlsplit(sandbox.records[0].fields["dlrurl"])
        path = asked.path.removeprefix("/voice")
        here = f"http://127.0.0.1:{node.reports_port}"
        async with httpx2.AsyncClient(timeout=60) as provider:
            taken = await provider.get(f"{here}{path}?{asked.query}")
            turned_away = await provider.get(f"{here}/reports/{'0' * 32}")

    assert (200, 404) == (taken.status_code, turned_away.status_code)
    assert "http://calls.invalid/voice/reports/" == asked.geturl()[:35]


async def test_a_lost_volume_stops_the_start(pod):
    """Without `ledger.create` an empty volume is no ledger: the pod ends with 3 and its log says the way out."""
    node, rendered = pod(MINIMAL)
    status, printed = await node.run(rendered.gateway)

    assert 3 == status
    assert "ledger create" in printed
    assert "initContainers" not in rendered.pod


async def test_the_probes_ask_for_services_that_the_gateway_has(pod):
    """Startup and liveness ask whether the process is alive, readiness whether it can dial; another name is unknown."""
    node, rendered = pod(MINIMAL)
    await make_ledger(node)
    probes = {kind: rendered.gateway[f"{kind}Probe"]["grpc"] for kind in ("startup", "liveness", "readiness")}
    async with node.serving(rendered.gateway) as served:
        health = health_pb2_grpc.HealthStub(served.channel)
        for probe in probes.values():
            asked = health_pb2.HealthCheckRequest(service=probe.get("service", ""))

            assert SERVING == (await health.Check(asked, timeout=60)).status
        with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
            await health.Check(health_pb2.HealthCheckRequest(service=UNKNOWN_SERVICE), timeout=60)

    assert ["", "", "voicegateway.v1.OutboundCallService"] == [probe.get("service", "") for probe in probes.values()]
    assert {rendered.gateway["ports"][0]["containerPort"]} == {probe["port"] for probe in probes.values()}


async def test_while_a_replica_drains_it_is_alive_and_not_ready(pod, sandbox):
    """Kubernetes takes it out of the services, and does not restart it."""
    node, rendered = pod(MINIMAL)
    await make_ledger(node)
    async with node.serving(rendered.gateway) as served:
        slow = {"recipients": [{"number": "+13236550151"}], "ivr": {"flowId": "SG_1"}}
        running = served.stub.PlaceCall(place_call_request(slow), timeout=60)
        await until(lambda: len(sandbox.records) == 1)
        served.process.send_signal(signal.SIGTERM)
        await served.turns_not_ready()
        told = await served.health()
        placed = await running
        status = await served.exit_status()

    assert ("SERVING", "NOT_SERVING") == told
    assert placed.call.call_id
    assert 0 == status


async def test_a_new_key_in_the_secret_is_used_without_a_restart(pod, sandbox):
    """The kubelet exchanges the folder's content, and the next call has the new key."""
    node, rendered = pod(MINIMAL)
    await make_ledger(node)
    async with node.serving(rendered.gateway) as served:
        await served.stub.PlaceCall(place_call_request(), timeout=60)
        publish(node.place("/etc/kaleyra-gateway/keys"), {"default": b"a-key-that-was-revoked"})
        refused = await refusal_of(served.stub.PlaceCall(place_call_request(), timeout=60))

    assert "PROVIDER_CREDENTIALS_REJECTED" == refused.reason
    assert [True, False] == [record.key_valid for record in sandbox.records]


async def test_replicas_share_the_database_of_the_secret(pod, sandbox, database, authority, tmp_path):
    """One replica places a call, another one answers its repeat, both by the URL from the Secret."""
    shared = {"ledger-database": {"url": database.encode()}}
    node, rendered = pod(POSTGRESQL, values="ledger: {create: true}", **shared)
    await node.run(rendered.pod["initContainers"][0])
    other = Node(rendered, tmp_path / "another machine", secrets(authority) | shared)
    other.lay_out(rendered.pod)
    async with node.serving(rendered.gateway) as one, other.serving(rendered.gateway) as two:
        first = await one.stub.PlaceCall(place_call_request(requestId="shared-0001"), timeout=60)
        second = await two.stub.PlaceCall(place_call_request(requestId="shared-0001"), timeout=60)

    assert (False, True) == (first.replayed, second.replayed)
    assert first.call.call_id == second.call.call_id
    assert 1 == len(sandbox.records)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        pytest.param("", "/probe/tls.crt", id="one for the probes"),
        pytest.param("tls: {probeSecret: ''}", "", id="the gateway's own"),
    ],
)
async def test_with_tls_the_probes_show_a_certificate(pod, credentials, authority, values, shown):
    """The probes' own command line finds the gateway ready; a caller without a certificate is not let in."""
    node, rendered = pod(TLS, values=values)
    await make_ledger(node)
    stranger = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    async with node.serving(rendered.gateway, credentials) as served:
        for kind in ("liveness", "readiness"):
            command = rendered.gateway[f"{kind}Probe"]["exec"]["command"]

            assert shown in " ".join(command)
            assert (0, "SERVING") == await _says(node, rendered.gateway, command)
        dry = await served.stub.PlaceCall(place_call_request(validateOnly=True), timeout=60)
        async with grpc.aio.secure_channel(f"127.0.0.1:{node.port}", stranger) as channel:
            refused = OutboundCallServiceStub(channel).PlaceCall(place_call_request(), timeout=60)
            with pytest.raises(grpc.aio.AioRpcError, match="UNAVAILABLE"):
                await refused

    assert dry.preview.url


@pytest.mark.parametrize("file", [pytest.param(MINIMAL, id="without TLS"), pytest.param(TLS, id="with certificates")])
async def test_helm_test_says_whether_the_service_can_dial(pod, credentials, file):
    """The test's pod asks at the service's name and port, and fails when nobody is there."""
    node, rendered = pod(file)
    await make_ledger(node)
    spec = rendered.one("Pod")["spec"]
    node.lay_out(spec)
    service, _ = rendered.of("Service")
    address = f"{service['metadata']['name']}.voice.svc:{service['spec']['ports'][0]['port']}"
    [test] = spec["containers"]
    here = test | {"command": [f"127.0.0.1:{node.port}" if word == address else word for word in test["command"]]}
    alone, _ = await node.run(here)
    async with node.serving(rendered.gateway, credentials if file == TLS else None):
        answered, printed = await node.run(here)

    assert address in test["command"]
    assert 0 != alone
    assert (0, "voicegateway.v1.OutboundCallService: SERVING\n") == (answered, printed)


async def _says(node, container, command):
    """What a command says that is executed in a container, as a probe is: its exit status and last word."""
    status, printed = await node.run(container | {"command": command, "args": []})
    return status, printed.split()[-1]
