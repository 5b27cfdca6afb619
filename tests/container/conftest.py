"""The image, really built and run; once a session."""

import fcntl
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from container_engine import PROGRAMS, STORAGE, build, podman, prepare, running
from debian_base import make_base
from go_programs import ROOT, needs

from gateway import __version__

sys.path.append(str(ROOT / "tests" / "clients" / "python"))  # the runner of the cases


@pytest.fixture(scope="session")
def image() -> str:
    """The name of the image of this working tree."""
    needs(*PROGRAMS)
    if os.getuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("images are built and run as root here")
    prepare()
    name = f"kaleyra-gateway:{__version__}"
    with (STORAGE / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another session may be building, too
        make_base(base())
        build_unless_built(name)
    return name


def build_unless_built(name: str) -> None:
    """Builds the image; even a build of nothing new takes buildah seconds, so it is spared one."""
    built = STORAGE / "built"
    found = podman("image", "inspect", "--format", "{{.Id}}", name, check=False).stdout.strip()
    if built.exists() and built.read_text() == f"{digest(ROOT)} {found}":
        return
    outcome = build(ROOT, name)
    assert outcome.returncode == 0, outcome.stdout[-2000:] + outcome.stderr[-4000:]
    built.write_text(f"{digest(ROOT)} {outcome.stdout.split()[-1]}")
    podman("image", "prune", "--force", "--filter", "until=24h")


def digest(folder: Path) -> str:
    """Sums up what an image is built from: the Dockerfile, and what .dockerignore lets in."""
    lines = (folder / ".dockerignore").read_text().splitlines()
    let_in = [folder / line[1:] for line in lines if line.startswith("!")]
    files = [folder / "Dockerfile", *let_in, *(file for each in let_in for file in each.rglob("*"))]
    summed = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts):
        summed.update(f"{file} {file.stat().st_mode:o}\n".encode() + file.read_bytes())
    return summed.hexdigest()


@pytest.fixture(scope="session")
def sandbox(image: str) -> Iterator[str]:
    """The URL of a sandbox that runs from the image."""
    with running(image, "sandbox", "--listen", "127.0.0.1:0") as container:
        found = re.search(r"http://\S+\d", container.printed("http://"))
        assert found
        yield found[0]


@pytest.fixture(scope="session")
def root(image: str) -> Iterator[Path]:
    """The image's files, as a folder."""
    yield Path(podman("image", "mount", image).stdout.strip())
    podman("image", "unmount", image)


def base() -> str:
    """The image that the Dockerfile begins with."""
    [name] = re.findall(r"^FROM (debian:\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return str(name)
