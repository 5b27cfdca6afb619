"""The test stand: what stands around a server under test, and how one is started in it."""

import json
import sqlite3
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from contestants import TOOLS, Contestant
from machine import Cores
from postgresql import Postgresql, postgresql
from processes import Server, free_address, server


class Upstream:
    """The provider's stand-in, and how many POSTs it saw."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def keeping_url(self) -> str:
        """Below here, what is posted is kept."""
        return f"{self.url}/kept"

    def posts(self) -> int:
        with self._opener.open(f"{self.url}/count") as reply:
            return int(reply.read())

    def take(self) -> list[str]:
        """The forms that were kept since the last time."""
        with self._opener.open(self.keeping_url) as reply:
            return json.loads(reply.read())


@dataclass(frozen=True)
class Stand:
    """Cores, upstream and PostgreSQL, which all points share; no PostgreSQL where none is needed or installed."""

    where: Cores
    upstream: Upstream
    postgresql: Postgresql | None

    @contextmanager
    def running(self, contestant: Contestant, **given: str) -> Iterator[Server]:
        """Runs a contestant on the core of servers until the block ends.

        Args:
            contestant: Who is started.
            given: What some places are filled with. Unless given, its folder and its database are its own, and are
                removed at the end.
        """
        with ExitStack() as stack:
            places = {"address": free_address(), "receiver": free_address(), "upstream": self.upstream.url} | given
            if "folder" not in places:
                places["folder"] = stack.enter_context(tempfile.TemporaryDirectory())
            if "database" not in places and contestant.needs_postgresql and self.postgresql is not None:
                places["database"] = stack.enter_context(self.postgresql.database())
            command = [part.format_map(places) for part in contestant.command]
            environment = {name: value.format_map(places) for name, value in contestant.environment.items()}
            started = stack.enter_context(server(places["address"], command, environment, self.where.server))
            started.places = places
            yield started

    def count(self, contestant: Contestant, sql: str, places: Mapping[str, str]) -> int:
        """Counts something in the ledger of a contestant that runs."""
        if contestant.needs_postgresql and self.postgresql is not None:
            return int(self.postgresql.answer(sql, places["database"]))
        with closing(sqlite3.connect(f"{places['folder']}/ledger.db")) as connection:
            [count] = connection.execute(sql).fetchone()
            return int(count)


@contextmanager
def stand(where: Cores, *, with_postgresql: bool) -> Iterator[Stand]:
    """Builds a stand on the core of this process, until the block ends."""
    address = free_address()
    upstream = [str(TOOLS / "upstream"), "-listen", address]
    with server(address, upstream, {"GOMAXPROCS": "1"}, where.others):
        if not with_postgresql:
            yield Stand(where, Upstream(f"http://{address}"), None)
            return
        with postgresql() as database_server:
            yield Stand(where, Upstream(f"http://{address}"), database_server)
