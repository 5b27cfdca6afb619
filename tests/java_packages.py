"""The Java client, put where Maven finds it: once a session, for all tests that build upon it."""

import functools
import subprocess
from pathlib import Path

from go_programs import needs

ROOT = Path(__file__).parent.parent
CLIENT = ROOT / "clients" / "java"


@functools.cache
def java_client() -> Path:
    """Builds the client, runs its unit tests, checks its Javadoc, and installs it; returns its folder."""
    needs("java", "mvn")
    built = subprocess.run(
        ["mvn", "--batch-mode", "--no-transfer-progress", "install"],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == built.returncode, built.stdout + built.stderr
    return CLIENT
