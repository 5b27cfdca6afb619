"""Programs in Go that tests run, built once into `.tools/bin` from the modules under `tools/` that pin them."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def needs(*programs: str) -> None:
    """Skips the test without these programs; under CI, where nothing is skipped, fails it."""
    missing = ", ".join(program for program in programs if shutil.which(program) is None)
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {missing}")
    if missing:
        pytest.skip(f"not installed: {missing}")


def go_program(name: str, package: str) -> Path:
    """Builds the package of `tools/<name>/go.mod`; in a moment, when Go has built it before."""
    needs("go")
    program = ROOT / ".tools" / "bin" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    command = ["go", "build", "-C", str(ROOT / "tools" / name), "-o", str(program), package]
    with program.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may want it, too
        built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stderr
    return program


def grpcurl() -> Path:
    """A gRPC client that knows nothing of ours; about a minute to build the first time."""
    return go_program("grpcurl", "github.com/fullstorydev/grpcurl/cmd/grpcurl")


def helm() -> Path:
    """Kubernetes' package manager; about four minutes to build the first time."""
    return go_program("helm", "helm.sh/helm/v3/cmd/helm")
