"""The Dockerfile as a text: what a build will do, without doing it."""

import re
import subprocess
import sys
from pathlib import Path

from go_programs import ROOT

from gateway import __version__

DOCKERFILE = (ROOT / "Dockerfile").read_text()
HADOLINT = Path(sys.executable).with_name("hadolint")
SBOM_LOCK = ROOT / "deploy" / "container" / "requirements-sbom.txt"


def pins(file: Path) -> dict[str, list[str]]:
    """The hashes of each pinned version."""
    found = re.findall(r"^([a-z0-9-]+==[^ \\]+).*\\\n((?: +--hash=\S+.*\n)+)", file.read_text(), re.MULTILINE)
    return {pin: re.findall(r"--hash=(\S+)", hashes) for pin, hashes in found}


def test_a_linter_finds_nothing():
    """Best practice holds, and the one exception says why in the line before."""
    outcome = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)

    assert (0, "") == (outcome.returncode, outcome.stdout)
    assert ["DL3008"] == re.findall(r"hadolint ignore=(\S+)", DOCKERFILE)


def test_what_it_begins_with_is_named_by_an_exact_release():
    """One base, by a release and its short name, whatever registry an engine takes it from."""
    begun = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    [base] = begun - {"scratch"} - set(re.findall(r" AS (\w+)$", DOCKERFILE, re.MULTILINE))

    assert re.fullmatch(r"debian:\d+\.\d+-slim", base)
    assert not re.search(r"https?://|[\w-]+\.(io|com|org|net)/", DOCKERFILE)


def test_the_label_is_the_gateways_version():
    """Whoever builds without an argument gets the right one."""
    assert [__version__] == re.findall(r"^ARG VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)


def test_the_bill_of_materials_is_written_by_the_tool_that_the_tests_know():
    """Its lock agrees with that of the development tools, hash by hash."""
    known = pins(ROOT / "requirements-dev.txt")
    locked = pins(SBOM_LOCK)

    assert any(pin.startswith("cyclonedx-bom==") for pin in locked)
    assert {} == {pin: hashes for pin, hashes in locked.items() if known.get(pin) != hashes}
