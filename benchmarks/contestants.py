"""Who is measured: a contestant is a name, how to start it, and what its replies cost.

Commands and environments have places that are filled in for each point: `{address}`, where it must listen;
`{receiver}`, where a gateway takes reports; `{upstream}`, the provider's URL; `{folder}`, a folder of its own, made for
this point and removed after it; and `{database}`, the URL of an empty PostgreSQL database.
"""

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
        command: How to start it, with places to fill.
        environment: What it finds in its environment, with places to fill.
        posts: How many POSTs the upstream must see for each reply.
        repeats: Whether one call is placed, and then only its request repeated: the upstream must see that call alone.
        reports_held: The SQL that counts the reports in its ledger; empty where it has none.
    """

    key: str
    name: str
    about: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    posts: int = 1
    repeats: bool = False
    reports_held: str = ""

    @property
    def needs_postgresql(self) -> bool:
        """Whether it cannot run without a PostgreSQL database."""
        return any("{database}" in text for text in (*self.command, *self.environment.values()))


def _script(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(HERE / "servers" / name), *arguments)


SERVE: Final = (sys.executable, "-m", "gateway", "serve")
SETTINGS: Final = {
    "GATEWAY_LISTEN": "{address}",
    "KALEYRA_BASE_URL": "{upstream}",
    "KALEYRA_SID": "HXXXXXXX071US",
    "KALEYRA_API_KEY": "Abenchmarkskey00000000000000000003",
}
ON_SQLITE: Final = {**SETTINGS, "GATEWAY_LEDGER_URL": "sqlite:///{folder}/ledger.db"}
ON_POSTGRESQL: Final = {**SETTINGS, "GATEWAY_LEDGER_URL": "{database}"}

PUBLIC_URL: Final = "https://reports.example.com"
RECEIVING: Final = {"GATEWAY_RECEIVER_LISTEN": "{receiver}", "GATEWAY_RECEIVER_PUBLIC_URL": PUBLIC_URL}

CONTESTANTS: Final = (
    Contestant("a", "null", "grpc.aio on uvloop, answers a constant", _script("null.py", "{address}"), posts=0),
    Contestant(
        "b",
        "naive",
        "grpc.aio on asyncio, one httpx client with its default limits, no validation, no record, no log",
        _script("naive.py", "{address}", "{upstream}"),
    ),
    Contestant(
        "c",
        "unrecorded",
        "this gateway with all it has but a durable record: its ledger is a dict in memory",
        _script("unrecorded.py"),
        SETTINGS,
    ),
    Contestant("d", "SQLite", "this gateway as it is, its ledger in an SQLite file", SERVE, ON_SQLITE),
    Contestant(
        "r",
        "replays",
        "(d) again, but every request repeats one that is recorded; nothing may be posted",
        SERVE,
        ON_SQLITE,
        repeats=True,
    ),
    Contestant("e", "PostgreSQL", "this gateway, its ledger in PostgreSQL beside the load", SERVE, ON_POSTGRESQL),
    Contestant(
        "f",
        "Go",
        "the same work in Go as one would first write it: grpc-go, net/http, SQLite, a transaction a statement",
        (str(TOOLS / "gateway"), "-listen", "{address}", "-upstream", "{upstream}", "-ledger", "{folder}/ledger.db"),
    ),
    Contestant(
        "g",
        "receiving",
        "(d) with a receiver: it asks for reports of each call, and takes them",
        SERVE,
        ON_SQLITE | RECEIVING,
        reports_held="SELECT count(*) FROM events WHERE type = 3",
    ),
    Contestant(
        "h",
        "receiving, PG",
        "(e) with a receiver, as (g)",
        SERVE,
        ON_POSTGRESQL | RECEIVING,
        reports_held="SELECT (SELECT count(*) FROM events WHERE type = 3) + "
        "(SELECT count(*) FROM unnumbered_events WHERE type = 3)",
    ),
)

RECEIVERS: Final = (
    Contestant("i", "null", "uvicorn on uvloop, answers 200 to anything", _script("null_receiver.py", "{address}")),
    Contestant(
        "j",
        "naive",
        "starlette and uvicorn, writes each report to SQLite as it came, a transaction each",
        _script("naive_receiver.py", "{address}", "{folder}/ledger.db"),
        reports_held="SELECT count(*) FROM reports",
    ),
)
"""Who takes reports and nothing else, beside (g) and (h)."""
