"""What is in the image, and what is not."""

import json
import os
import re
import stat
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pytest
from container_engine import build, podman, run
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from go_programs import ROOT
from packaging.requirements import Requirement

from gateway import __version__

PACKAGES = "opt/kaleyra-gateway/lib/python3.13/site-packages"
SBOM = "usr/share/sbom/kaleyra-gateway.cdx.json"
MOST = 130_000_000
"""Bytes, unpacked."""


@pytest.fixture(scope="module")
def configuration(image):
    """What an engine reads of the image."""
    [found] = json.loads(podman("image", "inspect", image).stdout)
    return found


def files(root: Path) -> list[Path]:
    return [Path(folder) / name for folder, folders, names in os.walk(root) for name in [*folders, *names]]


def names(root: Path) -> set[str]:
    return {file.name for file in files(root) if file.is_symlink() or not file.is_dir()}


# What it says of itself


def test_its_labels_say_what_it_is(configuration):
    """Title, description and version in the terms that registries read; no home that it does not have."""
    assert {
        "org.opencontainers.image.title": "kaleyra-gateway",
        "org.opencontainers.image.description": "A gRPC gateway for Kaleyra's Outbound Calling API",
        "org.opencontainers.image.version": __version__,
    } == {name: text for name, text in configuration["Config"]["Labels"].items() if "buildah" not in name}


def test_an_engine_runs_the_gateway_and_nothing_around_it(configuration):
    """Words and no shell, so that signals reach it; a user by number, which an engine can check; one port."""
    config = configuration["Config"]

    assert (["kaleyra-gateway"], ["serve"]) == (config["Entrypoint"], config["Cmd"])
    assert ("65532:65532", "/var/lib/kaleyra") == (config["User"], config["WorkingDir"])
    assert {"50051/tcp": {}, "8081/tcp": {}} == config["ExposedPorts"]
    assert ["CMD", "kaleyra-gateway", "health"] == configuration["Healthcheck"]["Test"]
    assert {
        "GATEWAY_LEDGER_CREATE=false",
        "GATEWAY_LISTEN=0.0.0.0:50051",
        "PATH=/opt/kaleyra-gateway/bin:/usr/bin",
        "PYTHONDONTWRITEBYTECODE=1",
        "PYTHONUNBUFFERED=1",
    } == set(config["Env"])


@pytest.mark.usefixtures("image")
def test_another_version_than_the_gateways_is_not_built():
    """A label never lies about what is in it."""
    outcome = build(ROOT, arguments=("--build-arg=VERSION=9.9.9",))

    assert 0 != outcome.returncode
    assert "VERSION is 9.9.9, and not that of gateway/__init__.py" in outcome.stderr


# What is in it


def test_it_is_small(configuration):
    """A node pulls it in seconds."""
    assert configuration["Size"] < MOST


def test_there_is_nothing_to_type_commands_into(root):
    """No shell, no package manager, no pip, no compiler: of programs there are Python and the gateway."""
    executable = {
        str(file.relative_to(root))
        for file in files(root)
        if not file.is_symlink() and file.is_file() and file.stat().st_mode & 0o111
    }
    programs = {name for name in executable if not re.search(r"/python3\.13/.*\.py$|\.so(\.|$)|\.dist-info/", name)}

    assert {"usr/bin/python3.13", "opt/kaleyra-gateway/bin/kaleyra-gateway"} == programs
    assert set() == {"sh", "bash", "dash", "busybox", "perl", "apt", "dpkg", "pip", "ensurepip"} & names(root)


def test_nobody_becomes_somebody_else(root):
    """No program runs with another user's rights."""
    assert [] == [file for file in files(root) if file.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID)]


def test_only_the_ledgers_folder_and_tmp_are_not_roots(root):
    """Whoever takes the gateway over cannot change what is run; anybody may write to /tmp alone."""
    theirs = [file for file in files(root) if file.lstat().st_uid != 0 or file.lstat().st_gid != 0]
    anybodys = [file for file in files(root) if not file.is_symlink() and file.lstat().st_mode & stat.S_IWOTH]

    assert [root / "var/lib/kaleyra"] == theirs
    assert 0o700 == stat.S_IMODE((root / "var/lib/kaleyra").stat().st_mode)
    assert [root / "tmp"] == anybodys
    assert 0o1777 == stat.S_IMODE((root / "tmp").stat().st_mode)


def test_every_library_finds_those_that_it_needs(root):
    """The list of Debian packages in the Dockerfile is complete, for what is loaded late as well."""
    loader = "/lib64/ld-linux-x86-64.so.2"
    libraries = [f"/{file.relative_to(root)}" for file in files(root) if re.search(r"\.so(\.|$)", file.name)]
    missing = [
        line
        for library in libraries
        if not (root / library[1:]).is_symlink()
        for line in _printed("chroot", str(root), loader, "--list", library)
        if "not found" in line
    ]

    assert len(libraries) > 100
    assert [] == missing


def test_what_runs_was_compiled_before(root):
    """The file system is read-only, so what is not compiled here is compiled at every start."""
    sources = {file for file in files(root) if file.suffix == ".py"}
    compiled = {
        file.parent.parent / f"{file.name.partition('.')[0]}.py" for file in files(root) if file.suffix == ".pyc"
    }

    assert set() == sources - compiled
    assert len(sources) > 1000


def test_nothing_of_the_repository_is_in_it_but_the_gateway(root):
    """No test, no example, no key and no other build's remains."""
    assert set() == {"Makefile", "requirements.txt", "pyproject.toml", "Dockerfile", "conftest.py"} & names(root)
    assert (root / PACKAGES / "gateway" / "__init__.py").read_text() == (ROOT / "gateway" / "__init__.py").read_text()


def test_nothing_of_the_machine_that_built_it_is_in_it(root):
    """What was lent to the build was not kept, and its authorities are Debian's."""
    bundle = (root / "etc/ssl/certs/ca-certificates.crt").read_text()
    packaged = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))

    assert not (root / "run/lent").exists()
    assert not (root / "etc/pip.conf").exists()
    assert "".join(file.read_text() for file in packaged) == bundle
    assert len(packaged) > 100


# Which versions are in it


def pins() -> dict[str, str]:
    lines = re.findall(r"^([a-z][^\\\n]*?) ?\\?$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    required = [Requirement(line) for line in lines]
    return {each.name: str(each.specifier).removeprefix("==") for each in required}


def installed(root: Path) -> dict[str, str]:
    return {each.name.lower().replace("_", "-"): each.version for each in distributions(path=[str(root / PACKAGES)])}


def test_its_python_packages_are_the_locks(root):
    """Each has the version that the tests ran with, and what only builds the gateway is not there."""
    found = installed(root)
    own = found.pop("kaleyra-gateway")

    assert __version__ == own
    assert found == {name: version for name, version in pins().items() if name in found}
    assert {"grpcio", "protovalidate", "asyncpg", "uvloop", "truststore"} <= set(found)
    assert "hatchling" not in found


def test_the_sbom_lists_what_is_installed(root):
    """Each Python and each Debian package with its version, and nothing else, in valid CycloneDX."""
    text = (root / SBOM).read_text()
    listed = {each["purl"].partition("?")[0] for each in json.loads(text)["components"]}
    python = {f"pkg:pypi/{name}@{version}" for name, version in installed(root).items() if name != "kaleyra-gateway"}

    assert None is JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert python | set(debian(root)) == listed
    assert f"pkg:pypi/kaleyra-gateway@{__version__}" == json.loads(text)["metadata"]["component"]["purl"]


def debian(root: Path) -> dict[str, str]:
    """The Debian packages that the image says it is made of, by their SBOM names, and a file of each."""
    found = {}
    for control in (root / "var/lib/dpkg/status.d").iterdir():
        fields = dict(re.findall(r"^(Package|Version): (.*)$", control.read_text(), re.MULTILINE))
        version = fields["Version"].replace("+", "%2B")
        found[f"pkg:deb/debian/{fields['Package'].replace('+', '%2B')}@{version}"] = fields["Package"]
    return found


def test_a_scanner_finds_every_debian_package(root):
    """Each that was unpacked is in the place where scanners look in an image without dpkg."""
    unpacked = {folder.name for folder in (root / "usr/share/doc").iterdir() if (folder / "copyright").exists()}
    told = set(debian(root).values())

    assert unpacked <= told | {"gcc-14-base"}
    assert {"libc6", "libssl3t64", "python3.13-minimal", "ca-certificates", "libsqlite3-0"} <= told
    assert "ID=debian\n" in (root / "etc/os-release").read_text()


def test_the_interpreter_is_the_one_it_was_built_for(image):
    """Every package's compiled part is loaded."""
    modules = (
        "grpc, asyncpg, uvloop, pydantic, protovalidate, sqlite3, ssl, zlib, bz2, lzma, ctypes, uuid, xml.parsers.expat"
    )
    outcome = run(image, "-c", f"import {modules}", options=("--entrypoint=python3",))

    assert (0, "") == (outcome.returncode, outcome.stderr)


def _printed(*command: str) -> list[str]:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    return (outcome.stdout + outcome.stderr).splitlines()
