"""The test stand: what stands around a server under test, and how one is started in it."""

import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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

    def posts(self) -> int:
        with self._opener.open(f"{self.url}/count") as reply:
            return int(reply.read())


@dataclass(frozen=True)
class Stand:
    """Cores, upstream and PostgreSQL, which all points share; no PostgreSQL where none is needed or installed."""

    where: Cores
    upstream: Upstream
    postgresql: Postgresql | None

    @contextmanager
    def running(self, contestant: Contestant, folder: str | None = None) -> Iterator[Server]:
        """Runs a contestant on the core of servers until the block ends.

        Args:
            contestant: Who is started.
            folder: Its folder; one of its own, which is removed at the end, unless given.
        """
        with ExitStack() as stack:
            places = {"address": free_address(), "upstream": self.upstream.url}
            places["folder"] = folder or stack.enter_context(tempfile.TemporaryDirectory())
            if contestant.needs_postgresql and self.postgresql is not None:
                places["database"] = stack.enter_context(self.postgresql.database())
            command = [part.format_map(places) for part in contestant.command]
            environment = {name: value.format_map(places) for name, value in contestant.environment.items()}
            yield stack.enter_context(server(places["address"], command, environment, self.where.server))


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
