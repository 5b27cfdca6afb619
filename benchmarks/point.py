"""One point: a fresh server, a warm-up, a measured time, and the proof that what was measured is true."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from contestants import TOOLS, Contestant
from load import Load, Report, run
from machine import Cores
from processes import MeasurementError, Server, free_address, server


@dataclass(frozen=True)
class Point:
    """What was measured of one contestant in one round.

    Attributes:
        contestant: Its letter.
        in_flight: How many calls were in flight.
        calls: Replies a second.
        p50_ms: Half of the calls took at most this long.
        p99_ms: 99 of 100 calls took at most this long.
        cpu_us: CPU time of the server for a call, in microseconds.
        peak_mb: The most memory that the server ever held; None where the system does not tell.
        foreign: The share of the server's core that others used, the kernel included; None where nothing is pinned.
        load_core: How busy the other core was, with load, upstream and all else; None as above.
    """

    contestant: str
    in_flight: int
    calls: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    peak_mb: float | None
    foreign: float | None
    load_core: float | None


class Upstream:
    """The provider's stand-in, and how many POSTs it saw."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def posts(self) -> int:
        with self._opener.open(f"{self.url}/count") as reply:
            return int(reply.read())


@contextmanager
def upstream(where: Cores) -> Iterator[Upstream]:
    """Runs the upstream until the block ends."""
    address = free_address()
    with server(address, [str(TOOLS / "upstream"), "-listen", address], {"GOMAXPROCS": "1"}, where.others):
        yield Upstream(f"http://{address}")


def measure(contestant: Contestant, load: Load, provider: Upstream, where: Cores) -> Point:
    """Measures one point.

    Raises:
        MeasurementError: A call failed, or the upstream saw another number of POSTs than there were replies.
    """
    places = {"address": free_address(), "upstream": provider.url}
    command = [part.format_map(places) for part in contestant.command]
    environment = {name: value.format_map(places) for name, value in contestant.environment.items()}
    posts_before = provider.posts()
    with server(places["address"], command, environment, where.server) as under_test:
        report, used = run(load, under_test)
        peak = under_test.peak_mb()
        _must_be_valid(contestant, report, provider.posts() - posts_before, under_test)
    return Point(
        contestant=contestant.key,
        in_flight=load.in_flight,
        calls=report.measured / report.seconds,
        p50_ms=report.p50_ms,
        p99_ms=report.p99_ms,
        cpu_us=used.server / report.measured * 1e6,
        peak_mb=peak,
        foreign=(used.by_core[where.server] - used.server) / report.seconds if where.apart else None,
        load_core=used.by_core[where.others] / report.seconds if where.apart else None,
    )


def _must_be_valid(contestant: Contestant, report: Report, posts: int, under_test: Server) -> None:
    """Refuses figures that are not about calls that were placed, each once."""
    if report.errors:
        count, [example, *_] = sum(report.errors.values()), report.errors
        raise MeasurementError(
            f"{count} calls failed, such as: {example}\nThe server's log:\n{under_test.last_words()}"
        )
    if not report.measured:
        raise MeasurementError("no reply came in the measured time")
    if posts != contestant.posts * report.replies:
        raise MeasurementError(f"the upstream saw {posts} POSTs for {report.replies} replies")
