"""Builds the load generator and the upstream, which are in Go so that neither is what limits a measurement."""

import subprocess
import sys

from contestants import HERE, ROOT, TOOLS
from machine import go


def build() -> None:
    """Builds what `benchmarks/go` holds into `.tools/bench`; takes a moment the first time only."""
    command = go()
    if command is None:
        sys.exit("benchmarks: Go is missing; install Go 1.26 or newer (https://go.dev/dl) for the load generator.")
    TOOLS.mkdir(parents=True, exist_ok=True)
    built = subprocess.run([command, "build", "-C", str(HERE / "go"), "-o", f"{TOOLS}/", "./..."], check=False)
    if built.returncode:
        sys.exit(f"benchmarks: the load generator in {(HERE / 'go').relative_to(ROOT)} does not build; see above.")
