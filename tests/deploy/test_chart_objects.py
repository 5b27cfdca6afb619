"""The objects of a release fit each other."""

import json
import math
import shutil
import tomllib

import pytest
from chart import AUTOSCALING, CHART, EVERYTHING, MINIMAL, POSTGRESQL, STAGING, TLS, VALUES
from kubelet import image_says

PER_FILE = [pytest.param(file, id=file.stem) for file in VALUES]
SELECTS = {
    "Deployment": ("selector", "matchLabels"),
    "Service": ("selector",),
    "PodDisruptionBudget": ("selector", "matchLabels"),
    "NetworkPolicy": ("podSelector", "matchLabels"),
}
"""Where objects say which pods they are about."""


@pytest.mark.parametrize("file", PER_FILE)
def test_every_selector_finds_the_gateways_pods_and_no_others(helm, file):
    """Services, budget, policy and spread are about the pods of the Deployment, not about the test's pod."""
    rendered = helm.template(file)
    labels = rendered.deployment["template"]["metadata"]["labels"]
    others = [pod["metadata"]["labels"] for pod in rendered.of("Pod")]
    selectors = [_at(each["spec"], SELECTS[each["kind"]]) for each in rendered.objects if each["kind"] in SELECTS] + [
        each["labelSelector"]["matchLabels"] for each in rendered.pod.get("topologySpreadConstraints", ())
    ]

    assert len(selectors) >= 2
    for selector in selectors:
        assert 3 == len(selector)
        assert selector.items() <= labels.items()
        assert not any(selector.items() <= other.items() for other in others)


def _at(inner, path):
    for step in path:
        inner = inner[step]
    return inner


def test_labels_of_a_user_do_not_replace_those_that_select(helm):
    """A label that would take the pods away from their services is not taken."""
    rendered = helm.template(MINIMAL, values="podLabels: {app.kubernetes.io/name: other, tier: voice}")
    labels = rendered.deployment["template"]["metadata"]["labels"]

    assert "kaleyra-gateway" == labels["app.kubernetes.io/name"]
    assert "voice" == labels["tier"]


def test_what_selects_stays_the_same_in_the_next_version(helm):
    """Kubernetes refuses another selector of a Deployment: no version is in it."""
    selector = helm.template(MINIMAL).deployment["selector"]["matchLabels"]

    assert "0.1.0" not in json.dumps(selector)


@pytest.mark.parametrize("file", PER_FILE)
def test_the_services_lead_to_the_port_that_the_gateway_listens_on(helm, file):
    """By its name, which the container gives to the port of `settings.listen`."""
    rendered = helm.template(file)
    port = rendered.gateway["ports"][0]
    listens = tomllib.loads(rendered.settings_file)["listen"]

    assert {"name": "GATEWAY_LISTEN", "value": listens} in rendered.gateway["env"]  # over the image's
    assert listens.endswith(f":{port['containerPort']}")
    services = [each for each in rendered.of("Service") if not _is_for_reports(each)]
    assert services
    for service in services:
        [leads] = service["spec"]["ports"]
        assert port["name"] == leads["targetPort"]
        if service["spec"].get("clusterIP") == "None":  # no address, so nobody translates its port
            assert port["containerPort"] == leads["port"]


def _is_for_reports(service):
    return service["metadata"]["name"].endswith("-reports")


@pytest.mark.parametrize("file", PER_FILE)
def test_a_service_of_its_own_leads_to_where_reports_arrive(helm, file):
    """What is shown to the provider leads to no other port; without a receiver there is none."""
    rendered = helm.template(file)
    receiver = tomllib.loads(rendered.settings_file).get("receiver")
    services = [each["spec"] for each in rendered.of("Service") if _is_for_reports(each)]

    if receiver is None:
        assert [] == services
        assert ["grpc"] == [port["name"] for port in rendered.gateway["ports"]]
    else:
        [[leads]] = [service["ports"] for service in services]
        _, port = rendered.gateway["ports"]
        assert ("reports", "reports") == (port["name"], leads["targetPort"])
        assert receiver["listen"].endswith(f":{port['containerPort']}")
        assert ("https" if "tls" in receiver else "http") == leads["appProtocol"]


def test_the_service_for_reports_is_as_it_was_asked_for(helm):
    """Its kind, its port and its annotations are apart from those of the service for callers."""
    [service] = [each for each in helm.template(EVERYTHING).of("Service") if _is_for_reports(each)]

    assert "voice-gateway-reports" == service["metadata"]["name"]
    assert {"example.com/public": "true"} == service["metadata"]["annotations"]
    assert ("NodePort", 8443) == (service["spec"]["type"], service["spec"]["ports"][0]["port"])


@pytest.mark.parametrize("file", PER_FILE)
def test_the_grace_is_longer_than_the_drain(helm, file):
    """From the pod's end to SIGKILL: preStop, the whole drain, and five seconds to write down what was cut off."""
    rendered = helm.template(file)
    settings = tomllib.loads(rendered.settings_file)
    stop = rendered.gateway.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    provider = settings["provider"]

    assert math.ceil(stop + settings["drain_grace"] + 5) == rendered.pod["terminationGracePeriodSeconds"]
    assert settings["drain_grace"] > 2 * provider["connect_timeout"] + provider["reply_timeout"]


@pytest.mark.parametrize(
    ("file", "values", "seconds"),
    [
        pytest.param(POSTGRESQL, "", 10, id="PostgreSQL"),
        pytest.param(MINIMAL, "", 0, id="SQLite: nobody else could take the calls"),
        pytest.param(STAGING, "", 3, id="given"),
        pytest.param(POSTGRESQL, "preStopSeconds: 0", 0, id="none"),
    ],
)
def test_a_pod_serves_on_until_the_services_have_forgotten_it(helm, file, values, seconds):
    """The kubelet itself sleeps: the image has no shell that could."""
    lifecycle = helm.template(file, values=values).gateway.get("lifecycle")

    assert ({"preStop": {"sleep": {"seconds": seconds}}} if seconds else None) == lifecycle


@pytest.mark.parametrize("file", PER_FILE)
def test_one_process_owns_a_sqlite_file_and_no_replica_is_missing_otherwise(helm, file):
    """SQLite: the old pod ends before the new one starts. PostgreSQL: the new one is ready before the old one ends."""
    rendered = helm.template(file)
    strategy = rendered.deployment["strategy"]
    volumes = [volume for volume in rendered.pod["volumes"] if "persistentVolumeClaim" in volume]

    if tomllib.loads(rendered.settings_file)["ledger"].get("url", "").startswith("sqlite:"):
        assert {"type": "Recreate"} == strategy
        assert 1 == rendered.deployment["replicas"] == len(volumes)
    else:
        assert 0 == strategy["rollingUpdate"]["maxUnavailable"]
        assert [] == volumes


def test_the_ledgers_volume_is_where_the_ledger_is_and_stays(helm):
    """The file is on the claim, which `helm uninstall` leaves alone, and where the image starts its commands."""
    rendered = helm.template(MINIMAL)
    claim = rendered.one("PersistentVolumeClaim")
    [mount] = [mount for mount in rendered.gateway["volumeMounts"] if mount["name"] == "ledger"]
    [volume] = [volume for volume in rendered.pod["volumes"] if volume["name"] == "ledger"]

    assert f"sqlite:///{mount['mountPath']}/ledger.db" == tomllib.loads(rendered.settings_file)["ledger"]["url"]
    assert claim["metadata"]["name"] == volume["persistentVolumeClaim"]["claimName"]
    assert "keep" == claim["metadata"]["annotations"]["helm.sh/resource-policy"]
    assert image_says("WORKDIR") == mount["mountPath"]


def test_a_claim_of_your_own_is_used_as_it_is(helm):
    """No second one is made."""
    rendered = helm.template(STAGING)

    assert [] == rendered.of("PersistentVolumeClaim")
    assert "staging-ledger" in json.dumps(rendered.pod["volumes"])


@pytest.mark.parametrize("file", PER_FILE)
def test_no_pod_has_more_rights_than_it_needs(helm, file):
    """No root, no writable system, no capability, no token of the cluster, no variables of other services."""
    user = int(image_says("USER").partition(":")[0])
    for _, pod in helm.template(file).pod_templates():
        assert (False, False) == (pod["automountServiceAccountToken"], pod["enableServiceLinks"])
        assert (True, user) == (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"])
        assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            context = container["securityContext"]
            assert (True, False) == (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"])
            assert ["ALL"] == context["capabilities"]["drop"]
            assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("file", PER_FILE)
def test_no_secret_stands_where_anybody_may_read_it(helm, file):
    """Keys are in Secrets alone, which pods mount as whole folders: not in the file or a command line."""
    rendered = helm.template(file)

    assert "for-the-checks-only" not in rendered.text
    for _, pod in rendered.pod_templates():
        for container in pod["containers"]:
            assert all("subPath" not in mount for mount in container["volumeMounts"])
            assert all(name not in json.dumps(container) for name in ("KALEYRA_API_KEY", "password="))


def test_new_settings_roll_the_pods_and_a_new_key_does_not(helm):
    """The file is read at the start, so its sum is on the pod; a key file is read again when it changes."""
    before = helm.template(STAGING)
    other_key = helm.template(STAGING, values="accounts: {default: {apiKey: another-key-for-the-checks-only}}")
    other_setting = helm.template(STAGING, values="settings: {max_calls_in_flight: 7}")

    assert before.deployment == other_key.deployment
    assert before.one("Secret") != other_key.one("Secret")
    assert before.deployment["template"]["metadata"] != other_setting.deployment["template"]["metadata"]


def test_the_policy_lets_through_what_is_needed_and_nothing_else(helm):
    """In: callers and the test, to gRPC's port, and reports to theirs. Out: names, the provider, the database."""
    rendered = helm.template(EVERYTHING, values="networkPolicy: {extraIngress: [], extraEgress: []}")
    policy = rendered.one("NetworkPolicy")["spec"]
    [into, reports] = policy["ingress"]
    [names, provider, database] = policy["egress"]
    [test] = rendered.of("Pod")

    assert ["Ingress", "Egress"] == policy["policyTypes"]
    assert [{"protocol": "TCP", "port": rendered.gateway["ports"][0]["name"]}] == into["ports"]
    assert [{"protocol": "TCP", "port": rendered.gateway["ports"][1]["name"]}] == reports["ports"]
    assert [{"ipBlock": {"cidr": "192.0.2.0/24"}}] == reports["from"]
    assert any(
        peer.get("podSelector", {}).get("matchLabels", {"": ""}).items() <= test["metadata"]["labels"].items()
        for peer in into["from"]
    )
    assert {("UDP", 53), ("TCP", 53)} == {(each["protocol"], each["port"]) for each in names["ports"]}
    assert {443, 8443} == {each["port"] for each in provider["ports"]}
    assert [6432] == [each["port"] for each in database["ports"]]
    assert "169.254.0.0/16" in provider["to"][0]["ipBlock"]["except"]


def test_the_policy_opens_no_port_where_nobody_listens(helm):
    """Without a receiver only callers are let in."""
    [into] = helm.template(POSTGRESQL).one("NetworkPolicy")["spec"]["ingress"]

    assert ["grpc"] == [each["port"] for each in into["ports"]]


def test_the_policy_says_more_where_more_is_asked_for(helm):
    """Rules of your own stand behind the chart's."""
    policy = helm.template(EVERYTHING).one("NetworkPolicy")["spec"]

    assert [4143] == [each["port"] for each in policy["ingress"][-1]["ports"]]
    assert [4317] == [each["port"] for each in policy["egress"][-1]["ports"]]


def test_the_autoscaler_owns_the_number_of_replicas(helm):
    """It scales the Deployment, which then says no number of its own."""
    rendered = helm.template(AUTOSCALING)
    scaler = rendered.one("HorizontalPodAutoscaler")["spec"]

    assert "replicas" not in rendered.deployment
    assert rendered.one("Deployment")["metadata"]["name"] == scaler["scaleTargetRef"]["name"]
    assert rendered.gateway["name"] == scaler["metrics"][0]["containerResource"]["container"]
    assert rendered.gateway["resources"]["requests"]["cpu"]


def test_a_digest_wins_over_a_tag(helm):
    """And without either the image has the chart's version."""
    assert (
        helm.template(AUTOSCALING, values="image: {tag: latest}")
        .gateway["image"]
        .endswith(f"@sha256:{'0123456789abcdef' * 4}")
    )
    assert "kaleyra-gateway:0.1.0" == helm.template(MINIMAL).gateway["image"]


def test_with_tls_the_probes_ask_by_the_images_command(helm):
    """The kubelet's own probe knows neither TLS nor certificates."""
    container = helm.template(TLS).gateway
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert ["kaleyra-gateway", "health"] == container[kind]["exec"]["command"][:2]


@pytest.mark.parametrize(
    ("values", "said", "unsaid"),
    [
        pytest.param("", "There must be a ledger already", "ATTENTION", id="the first time"),
        pytest.param("ledger: {create: true}", "--set ledger.create=false", "There must be", id="with a new ledger"),
        pytest.param("networkPolicy: {enabled: false}", "set networkPolicy.enabled", "ATTENTION", id="open to all"),
        pytest.param("", "set settings.receiver", "must lead to", id="nobody listens for reports"),
        pytest.param(
            "settings: {receiver: {listen: '0.0.0.0:8082', public_url: 'https://calls.example.com/voice/'}}",
            "https://calls.example.com/voice/, which must lead to\n\n  calls-kaleyra-gateway-reports.voice.svc:8081\n",
            "Nobody is told",
            id="where reports arrive",
        ),
        pytest.param(
            "settings: {receiver: {listen: '0.0.0.0:8082', public_url: 'https://calls.example.com/voice/'}}",
            "curl -i https://calls.example.com/voice/reports/nobody\n",
            "Nobody is told",
            id="how to try it",
        ),
    ],
)
def test_the_notes_say_what_to_do_next_and_no_secret(helm, tmp_path, values, said, unsaid):
    """They end with a call, and never tell a key."""
    notes = _notes(helm, tmp_path, STAGING, values)

    assert said in notes
    assert unsaid not in notes
    assert "port-forward service/calls-kaleyra-gateway 50051" in notes
    assert "voicegateway.v1.OutboundCallService/PlaceCall" in notes
    assert "for-the-checks-only" not in notes


def _notes(helm, folder, file, values):
    """Lets helm render the notes as an object's text: `helm template` leaves them out."""
    chart = folder / "chart"
    shutil.copytree(CHART, chart)
    (chart / "templates" / "NOTES.txt").rename(chart / "notes")
    (chart / "templates" / "notes.yaml").write_text(
        'apiVersion: v1\nkind: Notes\ntext: {{ tpl (.Files.Get "notes") . | toJson }}\n'
    )
    return helm.template(file, values=values, chart=chart).one("Notes")["text"]
