"""Which gateway a person means, and how to reach it. Imports little: every command of the program pays for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

LOCAL: Final = "127.0.0.1:50051"
"""Where a gateway listens unless its settings say otherwise."""

Address = Annotated[str, typer.Option("--server", help="The gateway.", metavar="HOST:PORT", envvar="GATEWAY_SERVER")]
Tls = Annotated[bool, typer.Option("--tls", help="Connect with TLS.")]
Authority = Annotated[Path | None, typer.Option("--ca", help="Trust this authority; implies --tls.", metavar="FILE")]

OPTIONS: Final = frozenset({"--server", "--tls", "--ca"})


@dataclass(frozen=True, slots=True)
class Server:
    """A gateway, as options name it.

    Attributes:
        authority: The file with the authority to trust; None for the system's.
    """

    address: str = LOCAL
    tls: bool = False
    authority: Path | None = None
