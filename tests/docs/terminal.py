"""Types what a page says into a terminal, from top to bottom, on a machine where nothing else listens."""

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from go_programs import needs
from snippets import ROOT, Snippet

SERVERS = {"kaleyra-gateway sandbox": 8090, "kaleyra-gateway serve": 50051, "envoy --config-path web.yaml": 8080}
"""Commands that go on until they are stopped, and the port on which each then listens."""

_NOT_HERE = ("make install", "make test", "make demo")
"""Commands that these tests are part of, or that have tests of their own: only their names are checked."""

_PRELUDE = """
set -euo pipefail
ip link set lo up
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
listens() { for _ in $(seq 600); do (: >/dev/tcp/127.0.0.1/$1) 2>/dev/null && return; sleep 0.1; done; return 1; }
"""


async def typed(blocks: Sequence[Snippet], folder: Path, words: Mapping[str, str]) -> str:
    """Types blocks into one terminal in a network of its own, in a folder that looks like this repository.

    Args:
        blocks: What to type. The exit status of each command must be 0, unless the next one is `echo $?`.
        folder: An empty folder; what the commands write, such as a ledger, is there.
        words: What stands for a word of the page that a reader replaces, as bash.

    Returns:
        What was printed.
    """
    needs("unshare", "ip")
    for entry in ROOT.iterdir():
        if entry.name not in {".git", "ledger.db"}:
            (folder / entry.name).symlink_to(entry)
    script = _PRELUDE + "\n".join(_typed(block.code, words) for block in blocks)
    path = f"{ROOT}/.tools/bin:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"]), "bash", "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if "Operation not permitted" in output.decode() and not os.environ.get("CI"):
        pytest.skip("this machine gives no network namespace of one's own")
    assert 0 == process.returncode, f"{output.decode()}\n--- typed:\n{script}"
    return output.decode()


def _typed(code: str, words: Mapping[str, str]) -> str:
    lines = code.replace("\\\n", " ").splitlines()
    return "\n".join(_line(line, after, words) for line, after in zip(lines, [*lines[1:], ""], strict=True))


def _line(line: str, after: str, words: Mapping[str, str]) -> str:
    for word, meaning in words.items():
        line = line.replace(word, meaning)
    if line.startswith(_NOT_HERE):
        return f"make -C {ROOT} --dry-run --no-print-directory {line.split()[1]} >/dev/null"
    for server, port in SERVERS.items():
        if server in line.split("#")[0]:
            return f"{line.split('#')[0]} >{server.split()[-1]}.log 2>&1 &\nlistens {port}"
    if after.startswith("echo $?"):
        return f"set +e; {line}"
    return f"{line}\nset -e" if line.startswith("echo $?") else line
