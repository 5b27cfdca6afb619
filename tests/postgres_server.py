"""A real PostgreSQL server of the tests' own, from Debian's packages: a free port on loopback, gone at the end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from free_ports import free_port

_DATABASES = count(1)


def programs() -> Path | None:
    """The newest server's folder of programs, where one is installed."""
    found = [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


class PostgresServer:
    """A server that a test may stop and start."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin = bin_folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._port = free_port()

    def make(self) -> None:
        """Makes an empty cluster."""
        self._run("initdb", "-D", self._data, "--no-sync", "-A", "trust", "-U", "postgres", "--encoding=UTF8")

    def start(self) -> None:
        """Starts the server, and makes sure that it is the one that answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self._log, "-o", options)
        if self.sql("SHOW data_directory") != str(self._data):
            raise RuntimeError("another server answers on the port")

    def stop(self) -> None:
        """Stops the server as a crash would: nobody is asked to finish."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", "immediate")

    def new_database(self) -> str:
        """Makes an empty database, and returns its URL."""
        name = f"ledger_{next(_DATABASES)}"
        self.sql(f"CREATE DATABASE {name}")
        return self._url(name)

    def sql(self, statement: str, url: str | None = None) -> str:
        """Runs a statement, and returns what it printed."""
        return self._run("psql", "-XAtq", "-c", statement, url or self._url("postgres"))

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def _run(self, program: str, *arguments: str | Path) -> str:
        command = [*_as_postgres(), str(self._bin / program), *map(str, arguments)]
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open as long as the server runs
            code = subprocess.run(command, cwd="/", stdout=output, stderr=output, check=False).returncode
            output.seek(0)
            printed = output.read().strip()
        if code != 0:
            raise RuntimeError(f"{program}: {printed}")
        return printed


@contextmanager
def running_server(bin_folder: Path) -> Iterator[PostgresServer]:
    """A new server, running until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        if _as_postgres():
            shutil.chown(folder, "postgres")
        server = PostgresServer(bin_folder, Path(folder))
        server.make()
        server.start()
        yield server
        server.stop()


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
