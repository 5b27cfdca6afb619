"""The command line: `kaleyra-gateway serve | check | health | call | watch | calls | pause | resume | ledger | ...`."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from gateway import __version__
from gateway.caller.command import EPILOG, call
from gateway.caller.typed import RememberingCommand
from gateway.caller.watch_command import WATCH_EPILOG, watch
from gateway.operator.calls_command import calls_app
from gateway.operator.exit_status import IN_WORDS
from gateway.operator.ledger_command import ledger_app
from gateway.operator.pause_command import pause, resume
from gateway.output import FAILED, OutputError, give_up, guard_output

INVALID_SETTINGS = 2
"""The exit status when the settings are wrong."""

NO_LEDGER = 3
"""The exit status of `serve` when the ledger cannot be opened."""

UNREACHABLE = 1
"""The exit status of `check --online` when a provider cannot be reached."""

READINESS: Final = "voicegateway.v1.OutboundCallService"
"""The name that is SERVING while calls are welcome."""

HEALTH_IN_WORDS: Final = """\b
Exit status: 0 SERVING, 1 not, 2 a wrong command line or setting, 3 no answer.
"""

if TYPE_CHECKING:
    from gateway.settings import Settings

ORDER: Final = ("serve", "check", "health", "call", "watch", "calls", "pause", "resume", "ledger", "sandbox", "demo")
"""How the help lists the commands: what serves, what calls, what an operator does, what tries it out."""


class _InOrder(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        """Lists groups among the commands."""
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    name="kaleyra-gateway",
    cls=_InOrder,
    help="Places voice calls through Kaleyra's API for gRPC callers, and says what happened to the phones.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,  # they would print values of local variables
    rich_markup_mode=None,
)

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The settings file (TOML). Without it, the environment alone.",
        metavar="FILE",
        envvar="GATEWAY_CONFIG",
    ),
]


def main() -> None:
    """Runs the command line."""
    if os.getpid() == 1:  # in a container, where the kernel drops a signal that nobody has asked for
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    guard_output()
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:  # it was closed before the start
                sys.stdout.flush()
    except OutputError as error:
        give_up(error)
        sys.exit(FAILED)


@app.callback(invoke_without_command=True)
def _root(*, version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"kaleyra-gateway {__version__}")
        raise typer.Exit


@app.command()
def serve(config: Config = None) -> None:
    """Serve gRPC until SIGTERM, then drain."""
    import uvloop

    from gateway.ledger.store import LedgerStartError
    from gateway.serve import serve as serve_until_drained
    from gateway.settings import InvalidSettingsError, load
    from gateway.telemetry import Secrets, configure_logs

    try:
        settings, secrets = load(config, os.environ), Secrets()
        configure_logs(secrets, form=settings.log.format, level=settings.log.level)
        status = uvloop.run(serve_until_drained(settings, secrets))
    except InvalidSettingsError as error:
        _refuse(error.placed)
    except LedgerStartError as error:
        typer.echo(f"kaleyra-gateway: the ledger cannot be opened: {error}", err=True)
        raise typer.Exit(NO_LEDGER) from None
    raise typer.Exit(status)


@app.command()
def check(
    config: Config = None,
    *,
    online: Annotated[bool, typer.Option("--online", help="Connect to each provider as well; place nothing.")] = False,
) -> None:
    """Show the settings in force, keys hidden.

    Says where each comes from; exits with 2 when one is wrong, and says its line.
    """
    from gateway.settings import InvalidSettingsError, effective, load

    try:
        settings = load(config, os.environ)
    except InvalidSettingsError as error:
        _refuse(error.placed)
    for name, value, source in effective(settings, config, os.environ):
        typer.echo(f"{name} = {value}" + (f"    # {source}" if source else ""))
    typer.echo("\nThe settings are good.")
    if online and not asyncio.run(_tell_who_is_online(settings)):
        raise typer.Exit(UNREACHABLE)


async def _tell_who_is_online(settings: "Settings") -> bool:
    from gateway.online import check_online

    all_online = True
    async for account, problem in check_online(settings):
        typer.echo(f"accounts.{account}: " + (f"the provider cannot be reached: {problem}" if problem else "reachable"))
        all_online = all_online and not problem
    return all_online


@app.command(epilog=HEALTH_IN_WORDS)
def health(
    config: Config = None,
    address: Annotated[
        str | None, typer.Option(help="Ask there; by default where the settings listen.", metavar="HOST:PORT")
    ] = None,
    service: Annotated[
        str, typer.Option(help="Whose health; an empty name asks whether the process is alive.", metavar="NAME")
    ] = READINESS,
    timeout: Annotated[
        float, typer.Option(help="Give up after so many seconds.", metavar="SECONDS", min=0.1, max=60)
    ] = 3.0,
    certificate: Annotated[
        Path | None, typer.Option(help="Show this one to a gateway with tls.client_ca_file.", metavar="FILE")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The key of --certificate, unless it is in the same file.", metavar="FILE")
    ] = None,
) -> None:
    """Ask a running gateway on this machine whether it takes calls, by gRPC's health service.

    With TLS the connection is encrypted, and the certificate is not judged: nothing is sent but the question.
    """
    from gateway.health import ask, listening
    from gateway.served_certificate import ClientCertificate
    from gateway.settings import InvalidSettingsError

    if certificate is None and key is not None:
        _refuse(["--key: belongs to a --certificate, and none is given"])
    shown = None if certificate is None else ClientCertificate(certificate, key or certificate)
    try:
        gateway = listening(config, os.environ, address, shown)
    except InvalidSettingsError as error:
        _refuse(error.placed)
    answer = ask(gateway, service, timeout)
    typer.echo(answer.words, err=answer.status != 0)
    raise typer.Exit(answer.status)


@app.command()
def sandbox(
    listen: Annotated[str, typer.Option(help="Where to listen.", metavar="HOST:PORT")] = "127.0.0.1:8090",
    account: Annotated[
        list[str] | None, typer.Option(help="An account that it has; again for more.", metavar="SID:KEY")
    ] = None,
    latency: Annotated[str, typer.Option(help="How long answers take: MS, or MS-MS at random.", metavar="MS")] = "0",
    seed: Annotated[int | None, typer.Option(help="Make what is random come again.", metavar="N")] = None,
    speed: Annotated[
        float,
        typer.Option(help="Ring, talk and wait N times as fast as real phones do.", metavar="N", min=0.01, max=1e6),
    ] = 1.0,
    placeholders: Annotated[
        str,
        typer.Option(help="How variables in URLs are written: {{x}}, {x}, or x alone.", metavar="double,single,bare"),
    ] = "double,single,bare",
    dlr_answered_only: Annotated[
        bool, typer.Option("--dlr-answered-only", help="Fetch dlrurl after answered calls only.")
    ] = False,
) -> None:
    """Run a strict stand-in for the provider, with a page that shows its phones; none rings."""
    import uvloop

    from gateway.sandbox import Account
    from gateway.sandbox.command import accounts_from, latency_from, placeholders_from, run

    host, _, port = listen.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:  # noqa: PLR2004 - the last port
        raise typer.BadParameter("must be HOST:PORT, such as 127.0.0.1:8090", param_hint="--listen")
    try:
        accounts = accounts_from(account or ()) or [Account()]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--account") from None
    try:
        wait = latency_from(latency)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--latency") from None
    try:
        syntaxes = placeholders_from(placeholders)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--placeholders") from None
    serving = run(
        host.strip("[]"),
        int(port),
        accounts,
        latency=wait,
        seed=seed,
        speed=speed,
        placeholders=syntaxes,
        dlr_answered_only=dlr_answered_only,
    )
    try:
        uvloop.run(serving)
    except OSError as error:
        typer.echo(f"kaleyra-gateway: cannot listen on {listen}: {error.strerror}", err=True)
        raise typer.Exit(1) from None


app.command(cls=RememberingCommand, epilog=EPILOG)(call)
app.command(cls=RememberingCommand, epilog=WATCH_EPILOG)(watch)
app.add_typer(calls_app, name="calls")
app.command(epilog=IN_WORDS)(pause)
app.command(epilog=IN_WORDS)(resume)
app.add_typer(ledger_app, name="ledger")


@app.command()
def demo() -> None:
    """Watch calls being placed, answered, redialed, lost and refused, in six scenes."""
    import logging

    import uvloop
    from rich.console import Console

    from gateway.demo import WIDTH
    from gateway.demo import demo as play
    from gateway.telemetry import Secrets, configure_logs

    configure_logs(Secrets(), form="auto", level=logging.getLevelName(logging.ERROR))
    console = Console()
    uvloop.run(play(console if console.is_terminal else Console(width=WIDTH)))


def _refuse(mistakes: list[str]) -> NoReturn:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    typer.echo(f"kaleyra-gateway: {count} in the settings:", err=True)
    for mistake in mistakes:
        typer.echo(f"  {mistake}", err=True)
    sys.exit(INVALID_SETTINGS)
