"""The machine that measures: its cores, who runs on which, and the facts that a reader needs beside the figures."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "kaleyra-gateway",
    "grpcio",
    "protobuf",
    "uvloop",
    "protovalidate",
    "httpx",
    "httpx2",
    "httpcore2",
    "h11",
    "asyncpg",
)


@dataclass(frozen=True)
class Cores:
    """Where the server under test runs, and where everything else does; None where nothing can be pinned."""

    server: int | None
    others: int | None

    @property
    def apart(self) -> bool:
        """Whether the server under test has a core that the load does not use."""
        return self.server != self.others

    def __str__(self) -> str:
        if self.server is None:
            return "NOT PINNED: this system cannot; servers and load share all cores, so trust no figure too far"
        if not self.apart:
            return f"ONE CORE: the server under test and the load share core {self.server}; the ratios are too flat"
        return f"the server under test on core {self.server}, load and upstream on core {self.others}"


def cores() -> Cores:
    """Takes the first two cores that this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[min(1, len(usable) - 1)])


@contextmanager
def running_on(core: int | None) -> Iterator[None]:
    """Runs on one core; a process that is started meanwhile inherits it, with all its threads."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def facts(where: Cores) -> dict[str, str]:
    """Describes the machine and the versions."""
    return {
        "machine": f"{os.cpu_count()} cores, {_processor()}, {platform.system()}",
        "pinning": str(where),
        "python": f"{platform.python_version()} {_build()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "go": _go_version(),
    }


def go() -> str | None:
    """Finds the go command, also where its installer leaves it off the PATH."""
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def _go_version() -> str:
    command = [go() or "go", "env", "GOVERSION"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _build() -> str:
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    flags = [name for flag, name in (("--enable-optimizations", "PGO"), ("--with-lto", "LTO")) if flag in arguments]
    return f"({' and '.join(flags) or 'built without PGO and LTO'}, {sys.implementation.name})"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
