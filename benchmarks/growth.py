"""What a ledger that has grown costs: the start of a gateway on it, a GetCall, and the gateway's memory."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import grpc
from contestants import Contestant
from filled_ledger import fill
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from load import Load, run
from processes import START_LIMIT, MeasurementError, Server
from stand import Stand
from targets import START_WITHIN

FEW: Final = 100
"""Calls of the ledger that is compared with: as good as empty, and there is something to read."""

SERVICE: Final = "voicegateway.v1.OutboundCallService"


@dataclass(frozen=True)
class Grown:
    """A gateway on a ledger that holds calls already.

    Attributes:
        recorded: How many.
        start_s: Seconds from the start of its process until it was ready to dial.
        get_p50_ms: Half of the GetCalls, one at a time, took at most this long.
        get_p99_ms: 99 of 100 took at most this long.
        peak_mb: The most memory that it held; None where the system does not tell.
    """

    recorded: int
    start_s: float
    get_p50_ms: float
    get_p99_ms: float
    peak_mb: float | None

    @property
    def starts_in_time(self) -> bool:
        """Whether the target is reached."""
        return self.start_s < START_WITHIN


@contextmanager
def ledgers(sizes: Sequence[int]) -> Iterator[dict[int, str]]:
    """Makes ledgers of these sizes, each in a folder, until the block ends."""
    with tempfile.TemporaryDirectory() as parent:
        folders = {size: Path(parent) / str(size) for size in sizes}
        for size, folder in folders.items():
            folder.mkdir()
            fill(folder / "ledger.db", size)
        yield {size: str(folder) for size, folder in folders.items()}


def measure_growth(contestant: Contestant, folder: str, load: Load, stand: Stand) -> Grown:
    """Measures one gateway on a filled ledger; the load must read.

    Raises:
        MeasurementError: It was never ready, or a call could not be read.
    """
    with stand.running(contestant, folder=folder) as under_test:
        start = _seconds_until_ready(under_test)
        report, _ = run(load.command(under_test), under_test)
        report.must_be_valid(under_test)
        return Grown(load.recorded, start, report.p50_ms, report.p99_ms, under_test.peak_mb())


def middle_of_grown(points: Sequence[Grown]) -> Grown:
    """Takes the median of each figure."""
    peaks = [point.peak_mb for point in points if point.peak_mb is not None]
    return Grown(
        points[0].recorded,
        median(point.start_s for point in points),
        median(point.get_p50_ms for point in points),
        median(point.get_p99_ms for point in points),
        median(peaks) if peaks else None,
    )


def _seconds_until_ready(under_test: Server) -> float:
    with grpc.insecure_channel(under_test.address, [("grpc.enable_http_proxy", 0)]) as channel:
        health = HealthStub(channel)
        while time.monotonic() < under_test.began + START_LIMIT:
            answer = health.Check(HealthCheckRequest(service=SERVICE), timeout=START_LIMIT, wait_for_ready=True)
            if answer.status == HealthCheckResponse.SERVING:
                return time.monotonic() - under_test.began
            time.sleep(0.005)
    raise MeasurementError(f"the gateway was never ready to dial:\n{under_test.last_words()}")
