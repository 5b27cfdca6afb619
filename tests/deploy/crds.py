"""Checks objects of Istio, the Gateway API and Linkerd against the schemas of their CustomResourceDefinitions."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from go_programs import ROOT, needs

FILES_BY_MODULE: Mapping[str, str] = {
    "istio.io/api": "kubernetes/customresourcedefinitions.gen.yaml",
    "sigs.k8s.io/gateway-api": "config/crd/experimental/*routes.yaml",
}
"""Where the modules that `tools/mesh-crds/go.mod` pins have their definitions."""

LINKERD = Path(__file__).with_name("linkerd_schemas.yaml")
"""No package registry has Linkerd's: here they are as its reference describes them, as far as the examples go."""


class InvalidObjectError(Exception):
    """An object that a cluster would refuse, or of which it would drop a field."""


def check(thing: Mapping[str, Any]) -> None:
    """Checks one object.

    Raises:
        InvalidObjectError: It is wrong, or of no known kind.
    """
    schema = schemas().get((thing["apiVersion"], thing["kind"]))
    if schema is None:
        raise InvalidObjectError(f"no schema of {thing['kind']} in {thing['apiVersion']}")
    mistakes = [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(thing)]
    if mistakes:
        raise InvalidObjectError("\n".join(mistakes))


@cache
def schemas() -> dict[tuple[str, str], Any]:
    """All schemas, by apiVersion and kind."""
    found = {}
    for file in _definition_files():
        for crd in yaml.load_all(file.read_text(), yaml.CSafeLoader):
            if crd and crd.get("kind") == "CustomResourceDefinition":
                spec = crd["spec"]
                for version in spec["versions"]:
                    if version["served"]:
                        key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                        found[key] = _closed(version["schema"]["openAPIV3Schema"], is_root=True)
    return found


def _definition_files() -> Iterator[Path]:
    needs("go")
    folder = ROOT / "tools" / "mesh-crds"
    done = subprocess.run(["go", "mod", "download", "-json"], cwd=folder, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    decoder, rest = json.JSONDecoder(), done.stdout.strip()
    while rest:
        module, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
        yield from Path(module["Dir"]).glob(FILES_BY_MODULE[module["Path"]])
    yield LINKERD


def _closed(schema: Any, *, is_root: bool = False) -> Any:
    """Refuses fields that are not in a schema, as kubectl's strict validation does; metadata is Kubernetes' own."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: value if name in {"enum", "default"} else _closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed["properties"] = {name: _closed(value) for name, value in schema["properties"].items()}
        if is_root:
            closed["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
        is_table = schema.get("type") == "object" and not schema.get("x-kubernetes-preserve-unknown-fields")
        if is_table and "additionalProperties" not in schema:
            closed["additionalProperties"] = False
    return closed


@cache
def _cached(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema))


def _validator(schema: Any) -> jsonschema.Draft202012Validator:
    return _cached(json.dumps(schema))
