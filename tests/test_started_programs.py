"""What the tests of other things take for granted: a program that is started while gRPC is busy, runs."""

import subprocess
import sys
from pathlib import Path


def test_programs_start_while_calls_are_made():
    """None is killed between fork and exec."""
    program = Path(__file__).parent / "busy_starter.py"

    run = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=300, check=True)

    assert "300 of 300\n" == run.stdout
