"""Who is measured: a contestant is a name, how to start it, and whether its replies cost a POST."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
TOOLS: Final = ROOT / ".tools" / "bench"


@dataclass(frozen=True)
class Contestant:
    """One server under test.

    Attributes:
        key: Its letter, by which options and ratios name it.
        name: What it is, in a word or two.
        about: What that means.
        command: How to start it; `{address}` is where it must listen, `{upstream}` the provider's URL.
        environment: What it finds in its environment, with the same places to fill.
        posts: How many POSTs the upstream must see for each reply.
    """

    key: str
    name: str
    about: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    posts: int = 1


def _script(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(HERE / "servers" / name), *arguments)


NULL: Final = Contestant(
    "a",
    "null",
    "grpc.aio on uvloop, answers a constant",
    _script("null.py", "{address}"),
    posts=0,
)
NAIVE: Final = Contestant(
    "b",
    "naive",
    "grpc.aio on asyncio, one httpx client with its default limits, no validation, no log",
    _script("naive.py", "{address}", "{upstream}"),
)
GATEWAY: Final = Contestant(
    "c",
    "gateway",
    "this gateway with all it has, logging JSON to a file",
    (sys.executable, "-m", "gateway", "serve"),
    {
        "GATEWAY_LISTEN": "{address}",
        "KALEYRA_BASE_URL": "{upstream}",
        "KALEYRA_SID": "HXXXXXXX071US",
        "KALEYRA_API_KEY": "Abenchmarkskey00000000000000000003",
    },
)

CONTESTANTS: Final = (NULL, NAIVE, GATEWAY)


@dataclass(frozen=True)
class Target:
    """What one contestant must reach of another's calls a second."""

    contestant: str
    of: str
    in_flight: int
    ratio: float


TARGETS: Final = (
    Target(contestant="c", of="b", in_flight=32, ratio=1.3),
    Target(contestant="c", of="a", in_flight=32, ratio=0.17),
)
