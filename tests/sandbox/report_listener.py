"""A server that notes what a sandbox fetches from it, on a raw socket."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

_NAMES = ("id", "status", "ringtime", "billsec", "callee", "caller", "bridge")
_MORE_NAMES = ("keypress", "credits", "flow_id", "call_type")
EVERYTHING = "&".join(f"{name}={{{{{name}}}}}" for name in (*_NAMES, *_MORE_NAMES))
"""Every variable of the provider, each under its own name."""


class ReportListener:
    """Answers every GET with `status`; while `holding`, answers nobody. `paths` are in order of arrival.

    `times` are when they arrived, by the loop's clock.
    """

    def __init__(self):
        self.url = ""
        self.status = "200 OK"
        self.paths = []
        self.times = []
        self.heads = []
        self.connections = 0
        self.at_once = 0
        self._now = 0
        self._open = asyncio.Event()
        self._open.set()
        self._arrival = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def listening(cls, ssl=None):
        listener = cls()
        server = await asyncio.start_server(listener._serve, "127.0.0.1", 0, ssl=ssl)
        scheme = "https" if ssl else "http"
        listener.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield listener
            listener.release()

    def hold(self):
        self._open.clear()

    def release(self):
        self._open.set()

    async def arrived(self, count):
        """Waits until so many requests have arrived."""
        async with asyncio.timeout(60):
            while len(self.paths) < count:
                self._arrival.clear()
                await self._arrival.wait()

    @property
    def reports(self):
        """What arrived: the path, and the query's values."""
        return [
            (urlsplit(path).path, dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))) for path in self.paths
        ]

    def first(self, **values):
        """When the first report with these values arrived."""
        told = zip(self.times, self.reports, strict=True)
        return next(time for time, (_, report) in told if values.items() <= report.items())

    @property
    def events(self):
        return [path.strip("/") for path, _ in self.reports]

    def callback(self, query="to={{callee}}"):
        """Returns a `callback` that tells this listener of every event, each at a path of its own name."""
        return {
            event: {"callback_profile": [], "url": [f"{self.url}/{event}?{query}"]}
            for event in ("call_start", "call_answer", "call_end")
        }

    def asking(self, query=EVERYTHING):
        """Returns the fields of a request that has everything told to this listener."""
        return {"callback": self.callback(query), "dlrurl": f"{self.url}/dlrurl?{query}"}

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                await self._answer(head, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head, writer):
        self.heads.append(head)
        self.paths.append(head.split(" ")[1])
        self.times.append(asyncio.get_running_loop().time())
        self._arrival.set()
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            await self._open.wait()
        finally:
            self._now -= 1
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 2\r\nlocation: {self.url}/moved\r\n\r\nok".encode())
        await writer.drain()
