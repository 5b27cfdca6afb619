"""What those cost who watch while nothing happens."""

import json
from dataclasses import dataclass
from typing import Final

from contestants import TOOLS, Contestant
from load import Used, observe
from processes import Server
from stand import Stand

FEW: Final = 10
"""Streams of the gateway that is compared with: all that is needed for the first of them is there."""

CONNECTIONS: Final = 10


@dataclass(frozen=True)
class Idle:
    """What was measured of many idle streams, and of few.

    Attributes:
        streams: How many.
        seconds: For how long.
        heartbeats: How many they brought meanwhile.
        mb: How much more memory the gateway holds than with few; None where the system does not tell.
        cpu: The share of a core that the gateway uses.
        cpu_of_few: The same with few.
    """

    streams: int
    seconds: float
    heartbeats: int
    mb: float | None
    cpu: float
    cpu_of_few: float


def measure_idle(contestant: Contestant, streams: int, seconds: float, stand: Stand) -> Idle:
    """Measures a gateway that is watched by few, and then by many.

    Raises:
        MeasurementError: A stream ended, or told of something.
    """
    with stand.running(contestant) as under_test:
        few, _ = _watched(under_test, FEW, seconds)
        many, heartbeats = _watched(under_test, streams, seconds)
    known = few.resident_mb is not None and many.resident_mb is not None
    return Idle(
        streams=streams,
        seconds=seconds,
        heartbeats=heartbeats,
        mb=many.resident_mb - few.resident_mb if known else None,
        cpu=many.server / seconds,
        cpu_of_few=few.server / seconds,
    )


def _watched(server: Server, streams: int, seconds: float) -> tuple[Used, int]:
    command = [
        str(TOOLS / "watchers"),
        f"-target={server.address}",
        f"-streams={streams}",
        f"-connections={CONNECTIONS}",
        f"-length={seconds}s",
    ]
    said, used = observe(command, server)
    return used, json.loads(said)["heartbeats"]
