"""The examples for Istio and Linkerd are objects that those know, about the chart's own objects, and safe."""

import copy

import kubernetes_validate
import pytest
import yaml
from chart import MINIMAL, NEWEST, POSTGRESQL, documents
from crds import InvalidObjectError, check
from go_programs import ROOT

from gateway.app import SERVICE

ISTIO, LINKERD = ROOT / "deploy" / "istio", ROOT / "deploy" / "linkerd"
OBJECTS = [
    pytest.param(thing, id=f"{file.parent.name}/{file.stem}: {thing['kind']} {thing['metadata']['name']}")
    for file in sorted([*ISTIO.glob("*.yaml"), *LINKERD.glob("*.yaml")])
    if file.stem != "values"
    for thing in documents(file.read_text())
]
MESHES = [pytest.param(ISTIO, id="Istio"), pytest.param(LINKERD, id="Linkerd")]


def objects(file):
    """The objects of an example, by kind."""
    return {thing["kind"]: thing for thing in documents(file.read_text())}


@pytest.mark.parametrize("thing", OBJECTS)
def test_the_mesh_knows_every_field(thing):
    """Each object is valid by its definition, and no field is one that would be dropped."""
    check(thing)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("http", 0, "retries", "attempt"), 0, id="a name that is wrong by a letter"),
        pytest.param(("http", 0, "retries", "attempts"), "none", id="a text where a number belongs"),
        pytest.param(("http", 0, "timeouts"), "0s", id="a field that does not exist"),
    ],
)
def test_the_check_sees_a_wrong_object(path, value):
    """A retry that is forbidden by a misspelt field is not forbidden."""
    wrong = copy.deepcopy(objects(ISTIO / "provider-tls-origination.yaml")["VirtualService"])
    inner = wrong["spec"]
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value

    with pytest.raises(InvalidObjectError, match=str(path[-1])):
        check(wrong)


@pytest.mark.parametrize("mesh", MESHES)
def test_the_meshs_values_give_objects_that_kubernetes_takes(helm, mesh):
    """Beside values of one's own, also with a network policy; the mesh's rules stand in it."""
    rendered = helm.template(POSTGRESQL, mesh / "values.yaml", kubernetes=NEWEST)
    for each in rendered.objects:
        kubernetes_validate.validate(each, NEWEST, strict=True)

    assert 4 == len(rendered.one("NetworkPolicy")["spec"]["egress"])


@pytest.mark.parametrize("mesh", MESHES)
def test_the_examples_are_about_the_charts_objects(helm, mesh):
    """Names, ports, labels and service accounts are those of a release named `calls` in the namespace `voice`."""
    rendered = helm.template(MINIMAL, mesh / "values.yaml")
    service = next(each for each in rendered.of("Service") if "clusterIP" not in each["spec"])
    account = rendered.one("ServiceAccount")["metadata"]["name"]
    text = (mesh / "front.yaml").read_text()
    selectors = [
        thing["spec"].get("selector", thing["spec"].get("podSelector"))["matchLabels"]
        for thing in documents(text)
        if {"selector", "podSelector"} & thing["spec"].keys()
    ]

    assert service["metadata"]["name"] in text
    assert all(port == service["spec"]["ports"][0]["port"] for port in _ports(documents(text)))
    assert account in text
    assert selectors
    assert all(selector == rendered.deployment["selector"]["matchLabels"] for selector in selectors)


def _ports(inner):
    """Every number that is given as a port."""
    if isinstance(inner, list):
        for each in inner:
            yield from _ports(each)
    elif isinstance(inner, dict):
        for name, value in inner.items():
            if name in {"port", "number"} and isinstance(value, int):
                yield value
            elif name == "ports":
                yield from map(int, value)
            else:
                yield from _ports(value)


def test_istio_repeats_in_front_what_was_not_sent_and_nothing_else():
    """UNAVAILABLE means that nothing was sent; there is no time-out of the mesh's own."""
    [route] = objects(ISTIO / "front.yaml")["VirtualService"]["spec"]["http"]

    assert {"attempts": 2, "retryOn": "connect-failure,refused-stream,unavailable"} == route["retries"]
    assert "0s" == route["timeout"]


def test_istio_takes_out_a_replica_for_its_own_failures_alone():
    """An unknown outcome is the provider's, and never empties the pool; locality needs outlier detection."""
    policy = objects(ISTIO / "front.yaml")["DestinationRule"]["spec"]["trafficPolicy"]
    outliers = policy["outlierDetection"]

    assert (0, 0) == (outliers["consecutive5xxErrors"], outliers["consecutiveGatewayErrors"])
    assert outliers["splitExternalLocalOriginErrors"]
    assert 0 < outliers["consecutiveLocalOriginFailures"]
    assert outliers["maxEjectionPercent"] <= 50
    assert policy["loadBalancer"]["localityLbSetting"]["enabled"]


def test_linkerd_repeats_in_front_what_was_not_sent_and_nothing_else():
    """On the gateway's own service, by the annotations of its route, without a time-out of the mesh's own."""
    route = objects(LINKERD / "front.yaml")["GRPCRoute"]
    services = {match["method"]["service"] for rule in route["spec"]["rules"] for match in rule["matches"]}

    assert {"retry.linkerd.io/grpc": "unavailable", "retry.linkerd.io/limit": "2"} == route["metadata"]["annotations"]
    assert {SERVICE.full_name, "grpc.health.v1.Health"} == services


def test_callers_may_call_this_service_alone():
    """Istio's rule names the gateway's service as the contract does."""
    rules = objects(ISTIO / "front.yaml")["AuthorizationPolicy"]["spec"]["rules"]

    assert [f"/{SERVICE.full_name}/*", "/grpc.health.v1.Health/*"] == rules[0]["to"][0]["operation"]["paths"]


def test_on_the_way_out_nothing_is_repeated(helm):
    """Where the mesh sees requests, its retries are off and it waits longer than the gateway does."""
    found = objects(ISTIO / "provider-tls-origination.yaml")
    [route] = found["VirtualService"]["spec"]["http"]
    [entry] = found["ServiceEntry"]["spec"]["ports"]
    [values] = documents((ROOT / "deploy/helm/kaleyra-gateway/values.yaml").read_text())

    assert {"attempts": 0} == route["retries"]
    assert values["settings"]["provider"]["reply_timeout"] < int(route["timeout"].removesuffix("s"))
    assert found["ServiceEntry"]["spec"]["hosts"] == found["VirtualService"]["spec"]["hosts"]
    assert (80, 443) == (entry["number"], entry["targetPort"])
    assert "SIMPLE" == found["DestinationRule"]["spec"]["trafficPolicy"]["tls"]["mode"]
    assert helm.template(
        MINIMAL,
        values="{accounts: {default: {base_url: 'http://api.kaleyra.io'}}, settings: {provider: {allow_http: true}}}",
    )


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        pytest.param(ISTIO / "provider-passthrough.yaml", "ServiceEntry", id="Istio"),
        pytest.param(LINKERD / "provider.yaml", "TLSRoute", id="Linkerd"),
    ],
)
def test_where_the_gateway_speaks_tls_the_mesh_passes_bytes(file, kind):
    """It is told of TLS, never of HTTP, so that it has no requests to repeat."""
    found = objects(file)

    assert kind in found
    assert "VirtualService" not in found
    assert "HTTPRoute" not in found
    assert "retry.linkerd.io/" not in str(list(found.values()))
    for port in found[kind]["spec"].get("ports", ()):
        assert "TLS" == port["protocol"]


def test_the_proxy_outlives_the_drain(helm):
    """Istio's proxy waits as long as the pod's grace, so that calls in the drain still get out."""
    rendered = helm.template(POSTGRESQL, ISTIO / "values.yaml")
    told = yaml.safe_load(rendered.deployment["template"]["metadata"]["annotations"]["proxy.istio.io/config"])

    assert f"{rendered.pod['terminationGracePeriodSeconds']}s" == told["terminationDrainDuration"]


def test_in_linkerd_the_probes_stay_within_the_pod(helm):
    """Its policy would not let the kubelet's gRPC in."""
    container = helm.template(MINIMAL, LINKERD / "values.yaml").gateway

    assert {"exec"} == {
        next(iter(container[f"{kind}Probe"].keys() & {"exec", "grpc"})) for kind in ("startup", "liveness", "readiness")
    }
