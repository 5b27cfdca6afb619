"""The chart renders objects that Kubernetes takes, from the oldest version that it claims to the newest."""

import copy
import json
import tarfile
from itertools import takewhile

import kubernetes_validate
import pytest
import yaml
from chart import CHART, EVERYTHING, MINIMAL, NEWEST, OLDEST, VALUES, documents

PER_FILE = [pytest.param(file, id=file.stem) for file in VALUES]
VERSIONS = [pytest.param(OLDEST, id="oldest"), pytest.param(NEWEST, id="newest")]


@pytest.mark.parametrize("file", PER_FILE)
def test_helm_has_nothing_to_say_against_it(helm, file):
    """The strict linter is content with every file of values."""
    assert "0 chart(s) failed" in helm.lint(file)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", PER_FILE)
def test_kubernetes_knows_every_field_of_every_object(helm, file, version):
    """Each object is valid by Kubernetes' own schema, and no field is one that it would drop."""
    rendered = helm.template(file, kubernetes=version)

    assert len(rendered.objects) > 3
    for each in rendered.objects:
        kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("spec", "strategy", "rollingUpdates"), {}, id="a field that does not exist"),
        pytest.param(("spec", "replicas"), "three", id="a text where a number belongs"),
        pytest.param(("spec", "template", "spec", "containers", 0, "ports", 0, "port"), 1, id="a field in a list"),
    ],
)
def test_the_check_sees_a_wrong_object(helm, path, value):
    """What is checked is checked: an object with one wrong field is refused."""
    wrong = copy.deepcopy(helm.template(EVERYTHING).one("Deployment"))
    inner = wrong
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_the_packed_chart_renders_the_same(helm, tmp_path):
    """Nothing that it needs is left out of the archive, and the files of values for the checks are."""
    archive = helm.package(tmp_path)
    with tarfile.open(archive) as packed:
        names = packed.getnames()

    assert helm.template(EVERYTHING).text == helm.template(EVERYTHING, chart=archive).text
    assert not [name for name in names if "/ci/" in name]


def test_an_older_cluster_is_refused(helm):
    """Before 1.30 a pod's preStop cannot sleep: helm says so instead of leaving it out."""
    with pytest.raises(Exception, match=r"chart requires kubeVersion: >=1\.30\.0-0"):
        helm.template(MINIMAL, kubernetes="1.29.9")


def test_every_value_is_explained():
    """Above each value, or above the table that it is in, stands a comment that begins with `# --`."""
    text = (CHART / "values.yaml").read_text()

    assert [] == list(_unexplained(yaml.compose(text), text.splitlines()))


def _unexplained(table, lines):
    for key, value in table.value:
        above = list(takewhile(lambda line: line.lstrip().startswith("#"), reversed(lines[: key.start_mark.line])))
        if any(line.lstrip().startswith("# -- ") for line in above):
            continue
        if isinstance(value, yaml.MappingNode) and value.value:
            yield from _unexplained(value, lines)
        else:
            yield key.value


def test_the_values_and_their_schema_have_the_same_names():
    """What can be set is in values.yaml, and what is in values.yaml can be set."""
    [values] = documents((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())

    assert [] == list(_differences(values, schema, ""))


def _differences(values, schema, path):
    known = schema["properties"]
    yield from (
        f"{path}{name}"
        for name in values.keys() ^ (known.keys() - {"global", "initialDelaySeconds", "successThreshold"})
    )
    for name in values.keys() & known.keys():
        if "properties" in known[name]:
            yield from _differences(values[name], known[name], f"{path}{name}.")
