"""Pins all dependencies, with hashes and without a registry's name: the gateway's, the tests', the image's SBOM tool's.

With --check it changes nothing and fails when pyproject.toml asks for what they do not pin.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UV = Path(sys.executable).with_name("uv")
COMPILE = [
    str(UV), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11",
    "--custom-compile-command", "make lock",
]  # fmt: skip
NAMES = ("requirements-dev.txt", "requirements.txt", "deploy/container/requirements-sbom.txt")


def lock(folder: Path, *options: str) -> None:
    dev, runtime, sbom = (str(folder / name) for name in NAMES)
    alike = ["--constraint", dev]
    subprocess.run([*COMPILE, "pyproject.toml", "--group", "dev", "--group", "bench", "-o", dev, *options], check=True)
    subprocess.run([*COMPILE, "pyproject.toml", "--group", "build", *alike, "-o", runtime, *options], check=True)
    subprocess.run([*COMPILE, "deploy/container/sbom.in", *alike, "-o", sbom, *options], check=True)


def pins(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.lstrip().startswith("#")]


def check() -> None:
    """Resolves again from what is pinned: the result differs only when pyproject.toml does."""
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, Path(folder, name))
        lock(Path(folder))
        stale = [name for name in NAMES if pins(Path(name)) != pins(Path(folder, name))]
    if stale:
        sys.exit(f"{' and '.join(stale)} do not match pyproject.toml: run `make lock` and commit the result")


if __name__ == "__main__":
    check() if "--check" in sys.argv[1:] else lock(Path(), "--upgrade")
