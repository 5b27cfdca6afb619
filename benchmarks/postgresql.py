"""A PostgreSQL server of the benchmarks' own, as durable as its defaults; gone at the end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from processes import MeasurementError, free_address


class Postgresql:
    """A running server."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._log = folder / "log"
        self._host, _, self._port = free_address().rpartition(":")
        self._numbers = count(1)

    def start(self) -> None:
        """Makes an empty cluster, and serves it; every commit that is answered is on the disk."""
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "--encoding=UTF8")
        options = {
            "port": self._port,
            "listen_addresses": self._host,
            "unix_socket_directories": "''",
            "fsync": "on",
            "synchronous_commit": "on",
        }
        settings = " ".join(f"-c {name}={value}" for name, value in options.items())
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self._log, "-o", settings)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", "fast")

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database, dropped at the end of the block; its URL."""
        name = f"ledger_{next(self._numbers)}"
        self._sql(f"CREATE DATABASE {name}")
        try:
            yield self._url(name)
        finally:
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def answer(self, statement: str, url: str) -> str:
        """What a statement answers in a database."""
        return self._run("psql", "-XAtq", "-c", statement, url).strip()

    def _sql(self, statement: str) -> None:
        self.answer(statement, self._url("postgres"))

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@{self._host}:{self._port}/{database}"

    def _run(self, program: str, *arguments: str | Path) -> str:
        command = [*_as_postgres(), str(self._programs / program), *map(str, arguments)]
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open as long as the server runs
            code = subprocess.run(command, cwd="/", stdout=output, stderr=output, check=False).returncode
            output.seek(0)
            said = output.read()
        if code:
            raise MeasurementError(f"{program}: {said.strip()}")
        return said


@contextmanager
def postgresql() -> Iterator[Postgresql | None]:
    """Runs a server, on the core of this process, until the block ends; None where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        if _as_postgres():
            shutil.chown(folder, "postgres")
        server = Postgresql(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def installed() -> str:
    """Names the version that is installed."""
    programs = _programs()
    if programs is None:
        return "no PostgreSQL"
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return f"PostgreSQL {said.split()[2]}"


def _programs() -> Path | None:
    """The newest server's folder of programs: where Debian keeps them, or wherever they are on the PATH."""
    found = [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    newest = max(found, key=lambda folder: float(folder.parent.name), default=None)
    return newest or (Path(on_path).parent if on_path else None)


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
