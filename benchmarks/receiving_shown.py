"""What people see of what was measured about reports."""

from collections.abc import Sequence

from idle import Idle
from lag import Lag
from receiving import Received
from report import figures, plain_table, ratios, word
from rich.console import Console
from rich.table import Table
from targets import COMPARED_RECEIVERS, WATCHERS_WITHIN_MB


def show_receiving(console: Console, received: Received) -> None:
    """Prints everything about reports."""
    if received.rounds:
        connections = [received.rounds[0][0].in_flight]
        title = f"Reports, durable before they are answered: medians of {len(received.rounds)} rounds"
        console.print(figures(title, "receiver", "report", received.rounds, received.contestants, connections))
        keys = {each.key for each in received.contestants}
        pairs = [pair for pair in COMPARED_RECEIVERS if set(pair.split("/")) <= keys]
        if pairs:
            console.print(ratios("report", received.rounds, pairs, connections))
    if received.lags:
        console.print(_lags(received.lags))
    if received.idle:
        _show_idle(console, received.idle, reached=received.is_within_memory)


def _lags(lags: Sequence[Lag]) -> Table:
    table = plain_table("From a report's request to its event at a watcher: medians of the rounds", "gateway")
    for heading in ("watched at", "reports/s", "of", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right")
    for lag in lags:
        where = "another replica" if lag.elsewhere else "the same"
        table.add_row(
            f"({lag.contestant})", where, _pace(lag), f"{lag.rate:.0f}", f"{lag.p50_ms:.1f}", f"{lag.p99_ms:.1f}"
        )
    return table


def _pace(lag: Lag) -> str:
    return f"{lag.reports:.0f}" if lag.kept_pace else f"[red]{lag.reports:.0f}[/]"


def _show_idle(console: Console, idle: Idle, *, reached: bool) -> None:
    cost = "unknown" if idle.mb is None else f"{idle.mb:.1f} MB"
    console.print(
        f"\n{idle.streams:,} idle watchers for {idle.seconds:g} s, with {idle.heartbeats:,} heartbeats: {cost}, "
        f"{idle.cpu:.2%} of a core; with few of them {idle.cpu_of_few:.2%}",
        highlight=False,
    )
    if idle.mb is not None:
        wanted = f"idle watchers within {WATCHERS_WITHIN_MB:g} MB"
        console.print(f"target {wanted}: {word(reached=reached)}", highlight=False)
