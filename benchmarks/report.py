"""What people see of a run: the figures, the ratios, and whether the targets are reached."""

from collections.abc import Mapping, Sequence

from contestants import TARGETS, Contestant
from rich.console import Console
from rich.table import Table
from summary import Outcome, Ratio, Round, calls, cpu, middle, outcomes, ratio


def show(
    console: Console,
    rounds: Sequence[Round],
    contestants: Sequence[Contestant],
    concurrencies: Sequence[int],
    facts: Mapping[str, str],
) -> None:
    """Prints everything about a run."""
    about = {f"({each.key}) {each.name}": each.about for each in contestants}
    for name, fact in {**facts, **about}.items():
        console.print(f"{name + ':':<13} {fact}", highlight=False, soft_wrap=True)
    console.print(_figures(rounds, contestants, concurrencies))
    console.print("others: how much of the server's core was used by anyone but the server.", style="dim")
    console.print("load: how busy the other core was; near 100 %, the load may be what was measured.", style="dim")
    console.print(_ratios(rounds, contestants, concurrencies))
    for outcome in outcomes(rounds, TARGETS):
        console.print(_verdict(outcome), highlight=False)


def _figures(rounds: Sequence[Round], contestants: Sequence[Contestant], concurrencies: Sequence[int]) -> Table:
    table = _table(f"Medians of {len(rounds)} rounds", "server")
    for heading in ("in flight", "calls/s", "p50 ms", "p99 ms", "CPU µs", "peak MB", "others", "load"):
        table.add_column(heading, justify="right")
    for contestant in contestants:
        for in_flight in concurrencies:
            point = middle(rounds, contestant.key, in_flight)
            table.add_row(
                f"({contestant.key}) {contestant.name}" if in_flight == concurrencies[0] else "",
                str(in_flight),
                f"{point.calls:,.0f}",
                f"{point.p50_ms:.1f}",
                f"{point.p99_ms:.1f}",
                f"{point.cpu_us:,.0f}",
                "-" if point.peak_mb is None else f"{point.peak_mb:.0f}",
                _percent(point.foreign),
                _percent(point.load_core),
                end_section=in_flight == concurrencies[-1],
            )
    return table


def _ratios(rounds: Sequence[Round], contestants: Sequence[Contestant], concurrencies: Sequence[int]) -> Table:
    table = _table("Ratios: median of the rounds \\[least-most]", "in flight")
    for in_flight in concurrencies:
        table.add_column(str(in_flight), justify="right")
    *others, subject = [each.key for each in contestants]
    for title, figure in (("calls/s", calls), ("CPU a call", cpu)):
        for other in others:
            each = [ratio(rounds, subject, other, in_flight, figure) for in_flight in concurrencies]
            table.add_row(f"{subject} / {other}, {title}", *map(_shown, each), end_section=other == others[-1])
    return table


def _table(title: str, first: str) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold")
    table.add_column(first, no_wrap=True)
    return table


def _verdict(outcome: Outcome) -> str:
    target, word = outcome.target, "[green]reached[/]" if outcome.reached else "[red]not reached[/]"
    wanted = f"{target.contestant} >= {target.ratio:g} x {target.of} in calls/s at {target.in_flight} in flight"
    return f"target {wanted}: {word}, {_shown(outcome.ratio)}"


def _shown(ratio: Ratio) -> str:
    return rf"{ratio.median:.2f} \[{ratio.low:.2f}-{ratio.high:.2f}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{max(share, 0):.0%}"
