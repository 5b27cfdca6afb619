"""The Helm chart, rendered by helm itself, and its objects."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from go_programs import ROOT

CHART = ROOT / "deploy" / "helm" / "kaleyra-gateway"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
OLDEST, NEWEST = "1.30.0", "1.37.0"
"""The Kubernetes versions that the chart claims, and is checked for."""

MINIMAL = CHART / "ci" / "sqlite-values.yaml"
POSTGRESQL = CHART / "ci" / "postgresql-values.yaml"
EVERYTHING = CHART / "ci" / "everything-values.yaml"
REPORTS = CHART / "ci" / "reports-values.yaml"
TLS = CHART / "ci" / "tls-values.yaml"
STAGING = CHART / "ci" / "staging-values.yaml"
AUTOSCALING = CHART / "ci" / "autoscaling-values.yaml"


class RefusedError(Exception):
    """Helm renders nothing; its words say why."""


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML libraries keep one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"twice: {twice} at {node.start_mark}"
        return super().construct_mapping(node, deep)


def documents(text: str) -> list[dict[str, Any]]:
    """Reads the objects of a stream of YAML documents."""
    return [document for document in yaml.load_all(text, _StrictLoader) if document]


@dataclass(frozen=True)
class Rendered:
    """What helm would send to a cluster."""

    text: str
    objects: Sequence[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        [found] = self.of(kind)
        return found

    @property
    def deployment(self) -> dict[str, Any]:
        return self.one("Deployment")["spec"]

    @property
    def pod(self) -> dict[str, Any]:
        return self.deployment["template"]["spec"]

    @property
    def gateway(self) -> dict[str, Any]:
        [container] = self.pod["containers"]
        return container

    @property
    def settings_file(self) -> str:
        return self.one("ConfigMap")["data"]["gateway.toml"]

    def pod_templates(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """The metadata and the spec of every pod that may run."""
        template = self.deployment["template"]
        yield template["metadata"], template["spec"]
        for pod in self.of("Pod"):
            yield pod["metadata"], pod["spec"]


class Helm:
    """Helm, as a user types it."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self.template = lru_cache(maxsize=None)(self._template)

    def lint(self, file: Path) -> str:
        """Lints strictly; returns what it said.

        Raises:
            RefusedError: It found something.
        """
        return self._run("lint", "--strict", CHART, "--values", file, "--kube-version", OLDEST)

    def package(self, folder: Path) -> Path:
        """Packs the chart for a registry; returns the archive."""
        self._run("package", CHART, "--destination", folder)
        [archive] = folder.glob("*.tgz")
        return archive

    def _template(
        self,
        *files: Path,
        values: str = "",
        options: tuple[str, ...] = (),
        kubernetes: str = OLDEST,
        chart: Path = CHART,
    ) -> Rendered:
        """Renders a release named `calls` in the namespace `voice`.

        Args:
            files: Files of values, the later ones win.
            values: Further values as YAML, which win over the files.
            options: Further options.
            kubernetes: The cluster's version.
            chart: Another chart's folder.

        Raises:
            RefusedError: It refuses the values.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as further:
            further.write(values)
            further.flush()
            given = [word for file in (*files, Path(further.name)) for word in ("--values", file)]
            text = self._run(
                "template", "calls", chart, "--namespace", "voice", "--kube-version", kubernetes, *given, *options
            )
        return Rendered(text, documents(text))

    def _run(self, *words: str | Path) -> str:
        done = subprocess.run([self._program, *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RefusedError(done.stderr + done.stdout)
        return done.stdout
