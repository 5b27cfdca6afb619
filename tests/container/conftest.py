"""The image, really built and run; once a session."""

import fcntl
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
    with (STORAGE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another session may be building, too
        make_base(base())
        built = build(ROOT, name)
        podman("image", "prune", "--force", "--filter", "until=24h")
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-4000:]
    return name


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
