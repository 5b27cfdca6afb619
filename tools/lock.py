"""Pins all dependencies in requirements.txt and requirements-dev.txt, with hashes and without a registry's name.

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
    "--custom-compile-command", "make lock", "pyproject.toml",
]  # fmt: skip


def lock(folder: Path, *options: str) -> None:
    dev, runtime = folder / "requirements-dev.txt", folder / "requirements.txt"
    subprocess.run([*COMPILE, "--group", "dev", "--group", "bench", "-o", str(dev), *options], check=True)
    subprocess.run([*COMPILE, "--group", "build", "--constraint", str(dev), "-o", str(runtime), *options], check=True)


def pins(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.lstrip().startswith("#")]


def check() -> None:
    """Resolves again from what is pinned: the result differs only when pyproject.toml does."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("requirements-dev.txt", "requirements.txt"):
            shutil.copy(name, folder)
        lock(Path(folder))
        stale = [
            name
            for name in ("requirements-dev.txt", "requirements.txt")
            if pins(Path(name)) != pins(Path(folder, name))
        ]
    if stale:
        sys.exit(f"{' and '.join(stale)} do not match pyproject.toml: run `make lock` and commit the result")


if __name__ == "__main__":
    check() if "--check" in sys.argv[1:] else lock(Path(), "--upgrade")
