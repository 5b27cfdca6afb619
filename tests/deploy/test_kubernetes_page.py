"""What docs/kubernetes.md and docs/systemd.md tell a reader to do fits the files that are there."""

import json
import re
import shlex

import kubernetes_validate
import pytest
import typer
import yaml
from chart import MINIMAL, NEWEST, OLDEST
from cluster import secrets
from gateway_under_test import place_call_request
from go_programs import ROOT
from kubelet import Node

from gateway.app import SERVICE
from gateway.cli import app
from gateway.sandbox import Sandbox

PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
SYSTEMD = (ROOT / "docs" / "systemd.md").read_text()
VALUES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))


@pytest.mark.parametrize("values", [pytest.param(text, id=f"{number}") for number, text in enumerate(VALUES, 1)])
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_the_pages_values_are_good(helm, values, version):
    """Helm takes them, and Kubernetes takes what comes of them."""
    for each in helm.template(values=values, kubernetes=version).objects:
        kubernetes_validate.validate(each, version, strict=True)


async def test_the_pages_first_steps_end_with_a_placed_call(helm, folder, authority):
    """The values of `try.yaml`, the first ledger, and the request of the page's grpcurl, sent twice."""
    request = json.loads(re.findall(r"-d '(\{.*\})'", COMMANDS)[0])
    sandbox = Sandbox()
    async with sandbox.serve() as url:
        values = VALUES[0].replace("http://sandbox:8090", url)
        rendered = helm.template(values=values, options=("--set", "ledger.create=true"))
        node = Node(rendered, folder, secrets(authority))
        node.lay_out(rendered.pod)
        status, _ = await node.run(rendered.pod["initContainers"][0])
        async with node.serving(rendered.gateway) as served:
            sent = place_call_request(request["call"], requestId=request["request_id"])
            first = await served.stub.PlaceCall(sent, timeout=30)
            again = await served.stub.PlaceCall(sent, timeout=30)

    assert 0 == status
    assert (False, True) == (first.replayed, again.replayed)
    assert 1 == len(sandbox.records)


def test_the_pages_commands_fit_the_chart(helm):
    """What helm is told is rendered; what kubectl, kind and grpcurl are told is about what is there."""
    release = helm.template(values=VALUES[0], options=("--set", "ledger.create=true"))
    handlers = {
        "helm": lambda words: _helm_renders(helm, words),
        "kubectl": lambda words: _kubectl_is_about(release, words),
        "kind": lambda words: words[:2] == ["create", "cluster"] or release.gateway["image"] == words[-1],
        "grpcurl": lambda words: words[-2:] == ["127.0.0.1:50051", f"{SERVICE.full_name}/PlaceCall"],
    }
    typed = [shlex.split(line) for line in COMMANDS.replace("\\\n", " ").splitlines() if line]

    assert 16 == len(typed)
    for program, *words in typed:
        assert handlers[program](words), words


def _helm_renders(helm, words):
    """An install or an upgrade renders; the others name the release and its namespace."""
    verb, release, *options = words
    assert ("calls", "voice") == (release, options[options.index("--namespace") + 1])
    if verb in {"install", "upgrade"}:
        assert "deploy/helm/kaleyra-gateway" == options[0]
        given = options[options.index("--set") :] if "--set" in options else []
        helm.template(values=VALUES[0], options=(*given, *(["--is-upgrade"] if verb == "upgrade" else [])))
    return verb in {"install", "upgrade", "test", "uninstall"}


def _kubectl_is_about(release, words):
    """An object of the release, or one that the page makes for it; what is executed are commands of the gateway."""
    names = {f"{each['kind'].lower()}/{each['metadata']['name']}" for each in release.objects}
    objects = {word for word in words if re.match(r"(deployment|service)/", word)}
    program = words[words.index("--") + 1 :] if "--" in words else []
    made = {"namespace": "voice", "run": "sandbox", "generic": "kaleyra ledger-database"}
    named = [made[word].split() for word in words if word in made]
    assert objects <= names
    assert all(any(name in words for name in each) for each in named)
    assert objects or named
    return not program or _is_a_command(program[1:] if program[0] == "kaleyra-gateway" else program)


def _is_a_command(words):
    """Whether the gateway has the command, and the command the options."""
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in parameter.opts}
    return not hasattr(command, "commands") and {word for word in words if word.startswith("--")} <= known


def test_the_pages_names_are_those_of_the_services(helm):
    """Callers reach both services by the names on the page."""
    services = {each["metadata"]["name"] for each in helm.template(values=VALUES[0]).of("Service")}

    assert services == set(re.findall(r"([a-z-]+)\.voice\.svc:50051", PAGE))


def test_the_pages_seconds_are_the_charts(helm):
    """The table of a stop adds up to the grace that the chart computes."""
    production = helm.template(values=VALUES[1])
    stop = production.gateway["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert f"| {stop} | SIGTERM" in PAGE
    assert f"| {production.pod['terminationGracePeriodSeconds']} | SIGKILL" in PAGE


def test_the_systemd_pages_commands_fit_its_files():
    """What is installed is in the folder, goes where the unit looks for it, and what is started is the gateway's."""
    unit = (ROOT / "deploy/systemd/kaleyra-gateway.service").read_text()
    gateway = "/opt/kaleyra-gateway/bin/kaleyra-gateway"
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", SYSTEMD, re.DOTALL))
    typed = [shlex.split(line.removeprefix("sudo ")) for line in blocks.splitlines() if line]
    copies = [words[-2:] for words in typed if words[0] == "install" and "-d" not in words]
    started = [words[words.index(gateway) + 1 :] for words in typed if gateway in words]

    assert {"kaleyra.key"} == {source for source, _ in copies if not (ROOT / source).exists()}
    for source, target in copies:
        assert target in unit or f"# To {target}" in (ROOT / source).read_text() or target.endswith(".service")
    assert [True, True] == [_is_a_command(words) for words in started]
    assert gateway in unit


def test_every_link_of_the_deployment_files_leads_somewhere():
    """The index and the chart's page, whose links the tests of docs do not follow."""
    for page in (ROOT / "deploy").rglob("*.md"):
        for target in re.findall(r"\]\((?!https?://)([^)\s#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_chart_tells_its_own_files_of_values():
    """The table has each file in `ci`."""
    page = (ROOT / "deploy/helm/kaleyra-gateway/README.md").read_text()
    files = {file.name for file in MINIMAL.parent.glob("*.yaml")}

    assert files == set(re.findall(r"`([a-z]+-values\.yaml)`", page))
    assert all(yaml.safe_load((MINIMAL.parent / name).read_text()) for name in files)
