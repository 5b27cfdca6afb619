"""The Java client, put where Maven finds it, and the example that depends on it: each once a session."""

import functools
import subprocess
from pathlib import Path

from go_programs import needs

ROOT = Path(__file__).parent.parent
CLIENT = ROOT / "clients" / "java"
EXAMPLE = ROOT / "examples" / "java"


@functools.cache
def java_client() -> Path:
    """Builds the client, runs its unit tests, checks its Javadoc, and installs it; returns its folder."""
    needs("java", "mvn")
    _maven("install", folder=CLIENT)
    return CLIENT


@functools.cache
def java_example() -> list[str]:
    """Builds the example from the installed client; returns the command that runs it."""
    java_client()
    _maven("-DskipTests", "package", folder=EXAMPLE)
    return ["java", "-jar", str(EXAMPLE / "target" / "place_call.jar")]


def _maven(*arguments: str, folder: Path) -> None:
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--file", str(folder), *arguments]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
