"""Runs the Python of a page as a program of its own, as a reader does."""

import asyncio
import subprocess
import sys


async def python(code: str) -> str:
    """Runs it to its end, which must be a good one; returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert 0 == process.returncode, errors.decode()
    return output.decode()
