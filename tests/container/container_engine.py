"""Builds and runs images without a daemon: buildah and podman, with a storage of the tests' own under `.tools`.

What this machine needs to reach Debian's archive and PyPI is lent to a build from outside, and stays out of the image.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from go_programs import ROOT

PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
STORAGE = ROOT / ".tools" / "containers"
_NAMES = count(1)
_CONFIGURATION = f"""
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[network]
network_config_dir = "{STORAGE}/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""

CAREFULLY = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges")
"""As docs/container.md runs it; podman by itself would add folders in memory, which docker does not."""


@dataclass(frozen=True)
class Container:
    """A container that runs in the foreground of a process, and its log."""

    name: str
    process: subprocess.Popen[str]

    def line(self, event: str) -> dict[str, Any]:
        """Waits for the first line about an event, and skips what comes before."""
        assert self.process.stderr is not None
        before = []
        for line in self.process.stderr:
            if line.startswith("{") and json.loads(line)["event"] == event:
                return dict(json.loads(line))
            before.append(line)
        raise AssertionError(f"it ended before it said {event!r}: {''.join(before)}")

    def printed(self, words: str) -> str:
        """Waits for a line on standard output."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                return line
        raise AssertionError(f"it ended before it printed {words!r}")

    def kill(self, number: signal.Signals = signal.SIGTERM) -> None:
        podman("kill", "--signal", number.name, self.name)

    def exit_status(self, within: float = 60) -> int:
        return self.process.wait(within)


def podman(*arguments: str, check: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
    """Runs podman to its end."""
    return _run([*podman_command(), *arguments], check=check, **more)


def podman_command() -> list[str]:
    """How podman is called, with the tests' own storage."""
    return ["podman", *_storage(), f"--tmpdir={STORAGE}/tmp"]


def run(
    image: str, *arguments: str, options: tuple[str, ...] = (), network: str = "none"
) -> subprocess.CompletedProcess[str]:
    """Runs a command in a new container to its end, carefully; without a network unless one is named."""
    careful = ("--rm", "--no-healthcheck", "--timeout=120", f"--network={network}", *CAREFULLY)
    return podman("run", *careful, *options, image, *arguments, check=False)


@contextmanager
def running(image: str, *arguments: str, options: tuple[str, ...] = ()) -> Iterator[Container]:
    """Runs a container, carefully, on this machine's network; it is gone at the end of the block."""
    name = f"test-{os.getpid()}-{next(_NAMES)}"
    careful = ("--rm", "--health-interval=disable", "--network=host", *CAREFULLY)
    command = [*podman_command(), "run", "--name", name, *careful, *options]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE}
    with subprocess.Popen([*command, image, *arguments], text=True, env=environment(), **pipes) as process:
        try:
            yield Container(name, process)
        finally:
            podman("rm", "--force", "--time=0", "--ignore", name)
            process.communicate()


@contextmanager
def volume() -> Iterator[str]:
    """A new volume; gives the option that mounts it for the ledger."""
    name = podman("volume", "create").stdout.strip()
    try:
        yield f"--volume={name}:/var/lib/kaleyra"
    finally:
        podman("volume", "rm", "--force", name)


@contextmanager
def volume_with_a_ledger(image: str) -> Iterator[str]:
    """A volume with its first ledger, made as docs/container.md says."""
    with volume() as mounted:
        made = run(image, "ledger", "create", options=(mounted,))
        assert made.returncode == 0, made.stderr
        yield mounted


def build(folder: Path, *tags: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Builds the Dockerfile of a folder; what was built before and is unchanged is taken from there."""
    lent = [f"--volume={inside}" for inside in _lent()]
    command = [
        "buildah",
        *_storage(),
        "bud",
        "--isolation=chroot",
        "--format=docker",
        "--layers",
        "--pull-never",
        "--force-rm",
    ]
    return _run([*command, *lent, *arguments, *(f"--tag={tag}" for tag in tags), str(folder)], check=False)


def prepare() -> None:
    """Makes the folders that podman and buildah work in."""
    for folder in ("networks", "lent", "tmp"):
        (STORAGE / folder).mkdir(parents=True, exist_ok=True)
    (STORAGE / "containers.conf").write_text(_CONFIGURATION)
    (STORAGE / "registries.conf").write_text("unqualified-search-registries = []\n")


def _lent() -> Iterator[str]:
    """Files of this machine for the time of a build: how apt and pip reach their archives, and whom they trust."""
    lent = STORAGE / "lent"
    (lent / "apt.conf").write_text(_run(["apt-config", "dump", "--no-empty", "Acquire"]).stdout)
    yield f"{lent}/apt.conf:/etc/apt/apt.conf.d/99-lent:ro"
    authorities = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    shutil.copy(authorities, lent / "authorities.crt")
    yield f"{lent}/authorities.crt:/run/lent/authorities.crt:ro"
    (lent / "pip.conf").write_text("[global]\ncert = /run/lent/authorities.crt\n" + "".join(_index()))
    yield f"{lent}/pip.conf:/etc/pip.conf:ro"


def _index() -> Iterator[str]:
    for name in ("index-url", "extra-index-url", "trusted-host", "timeout"):
        found = _run(["pip", "config", "get", f"global.{name}"], check=False).stdout.strip()
        found = os.environ.get(f"PIP_{name.upper().replace('-', '_')}") or found
        if found:
            yield f"{name} = {found}\n"


def _storage() -> list[str]:
    # An overlay cannot lie on another one, as where this itself runs in a container.
    on = _run(["stat", "--file-system", "--format=%T", str(STORAGE)]).stdout.strip()
    driver = "vfs" if on == "overlayfs" else "overlay"
    return [f"--root={STORAGE}/{driver}", f"--runroot={STORAGE}/{driver}-run", f"--storage-driver={driver}"]


def environment() -> dict[str, str]:
    """The environment that podman and buildah are called in."""
    named = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_REGISTRIES_CONF": "registries.conf"}
    return os.environ | {variable: str(STORAGE / file) for variable, file in named.items()}


def _run(command: list[str], *, check: bool = True, **more: Any) -> subprocess.CompletedProcess[str]:
    outcome = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, **more)
    if check and outcome.returncode:
        raise RuntimeError(f"{command[0]}: {outcome.stderr}")
    return outcome
