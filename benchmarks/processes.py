"""Processes that a measurement needs: started on their core, watched, and ended."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
from machine import running_on

START_LIMIT: Final = 30.0
STOP_LIMIT: Final = 10.0


class MeasurementError(Exception):
    """Says why a measurement is not valid."""


class Server:
    """A server that listens.

    Attributes:
        address: Where.
        places: What its command and environment were filled with.
        began: When its process was started, by the monotonic clock.
    """

    def __init__(self, address: str, process: subprocess.Popen[bytes], log: Path, began: float) -> None:
        self.address = address
        self.places: Mapping[str, str] = {}
        self.began = began
        self._process = process
        self._log = log

    def cpu_seconds(self) -> float:
        """User and system time that the server and its children have used so far."""
        root = psutil.Process(self._process.pid)
        times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def peak_mb(self) -> float | None:
        """The most memory that the server ever held; None where the system does not tell."""
        return self._status_mb("VmHWM:")

    def resident_mb(self) -> float | None:
        """The memory that the server holds; None where the system does not tell."""
        return self._status_mb("VmRSS:")

    def _status_mb(self, name: str) -> float | None:
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        found = [int(line.split()[1]) / 1024 for line in lines if line.startswith(name)]
        return found[0] if found else None

    def last_words(self) -> str:
        """The end of what it logged."""
        return self._log.read_text(errors="replace")[-2000:]

    def wait_until_it_listens(self) -> None:
        host, _, port = self.address.rpartition(":")
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise MeasurementError(f"{self._process.args} does not listen:\n{self.last_words()}")


@contextmanager
def server(address: str, command: Sequence[str], environment: Mapping[str, str], core: int | None) -> Iterator[Server]:
    """Runs a server until the block ends; what it logs goes to a file, as under a supervisor."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as stream, running_on(core):
            began = time.monotonic()
            process = subprocess.Popen(
                command, env=clean_environment() | environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
        try:
            started = Server(address, process, log, began)
            started.wait_until_it_listens()
            yield started
        finally:
            _end(process)


def free_address() -> str:
    """Finds an address on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def clean_environment() -> dict[str, str]:
    """The environment without what would send loopback through a proxy, or set up the gateway."""
    foreign = ("GATEWAY_", "KALEYRA_")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(foreign)
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
