"""One point: a fresh server, a warm-up, a measured time, and the proof that what was measured is true."""

from dataclasses import dataclass, replace

from contestants import Contestant
from load import Load, Report, Used, run
from machine import Cores
from processes import MeasurementError, Server
from stand import Stand


@dataclass(frozen=True)
class Point:
    """What was measured of one contestant in one round.

    Attributes:
        contestant: Its letter.
        in_flight: How many calls were in flight, or reports.
        calls: Replies a second.
        p50_ms: Half of the replies took at most this long.
        p99_ms: 99 of 100 replies took at most this long.
        cpu_us: CPU time of the server for a reply, in microseconds.
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


def measure(contestant: Contestant, load: Load, stand: Stand) -> Point:
    """Measures one point.

    Raises:
        MeasurementError: A call failed, or the upstream saw another number of POSTs than the replies cost.
    """
    posts_before = stand.upstream.posts()
    with stand.running(contestant) as under_test:
        report, used = run(replace(load, repeats=contestant.repeats).command(under_test), under_test)
        _must_be_valid(contestant, report, stand.upstream.posts() - posts_before, under_test)
        return point_of(contestant, load.in_flight, report, used, under_test, stand.where)


def point_of(
    contestant: Contestant, in_flight: int, report: Report, used: Used, under_test: Server, where: Cores
) -> Point:
    """Turns what was seen into figures."""
    return Point(
        contestant=contestant.key,
        in_flight=in_flight,
        calls=report.measured / report.seconds,
        p50_ms=report.p50_ms,
        p99_ms=report.p99_ms,
        cpu_us=used.server / report.measured * 1e6,
        peak_mb=under_test.peak_mb(),
        foreign=(used.by_core[where.server] - used.server) / report.seconds if where.apart else None,
        load_core=used.by_core[where.others] / report.seconds if where.apart else None,
    )


def _must_be_valid(contestant: Contestant, report: Report, posts: int, under_test: Server) -> None:
    """Refuses figures that are not about calls that were placed, each once."""
    report.must_be_valid(under_test)
    wanted = 1 if contestant.repeats else contestant.posts * report.replies
    if posts != wanted:
        raise MeasurementError(f"({contestant.key}): the upstream saw {posts} POSTs instead of {wanted}")
