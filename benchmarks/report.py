"""What people see of a run: the figures, the ratios, and whether the targets are reached."""

from collections.abc import Sequence

from contestants import Contestant
from growth import Grown
from rich.console import Console
from rich.table import Table
from summary import Outcome, Ratio, Round, calls, cpu, middle, outcomes, ratio
from targets import COMPARED, START_WITHIN, TARGETS


def show(
    console: Console,
    rounds: Sequence[Round],
    contestants: Sequence[Contestant],
    concurrencies: Sequence[int],
) -> None:
    """Prints everything about the calls."""
    title = f"Medians of {len(rounds)} rounds"
    if not concurrencies or not contestants:
        return
    console.print(figures(title, "server", "call", rounds, contestants, concurrencies))
    console.print("others: how much of the server's core was used by anyone but the server.", style="dim")
    console.print("load: how busy the other core was; near 100 %, the load may be what was measured.", style="dim")
    pairs = [pair for pair in COMPARED if set(pair.split("/")) <= {each.key for each in contestants}]
    if pairs:
        console.print(ratios("call", rounds, pairs, concurrencies))
    for outcome in outcomes(rounds, TARGETS):
        console.print(_verdict(outcome), highlight=False)


def show_growth(console: Console, few: Grown, many: Grown) -> None:
    """Prints what a ledger that has grown costs."""
    table = plain_table("(d) on a ledger that has grown: medians", "")
    columns = [f"{few.recorded:,} calls", f"{many.recorded:,} calls", "ratio"]
    for heading in columns:
        table.add_column(heading, justify="right")
    rows = (
        ("start until ready, s", few.start_s, many.start_s),
        ("GetCall p50, ms", few.get_p50_ms, many.get_p50_ms),
        ("GetCall p99, ms", few.get_p99_ms, many.get_p99_ms),
        ("peak MB", few.peak_mb, many.peak_mb),
    )
    for name, one, other in rows:
        if one is not None and other is not None:
            table.add_row(name, f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f}")
    console.print(table)
    verdict = word(reached=many.starts_in_time)
    wanted = f"ready within {START_WITHIN:g} s on a ledger of {many.recorded:,} calls"
    console.print(f"target {wanted}: {verdict}, {many.start_s:.2f} s", highlight=False)


def figures(
    title: str,
    first: str,
    unit: str,
    rounds: Sequence[Round],
    contestants: Sequence[Contestant],
    concurrencies: Sequence[int],
) -> Table:
    """Lists the medians of every point of these contestants; the unit is what they answer."""
    table = plain_table(title, first)
    for heading in ("in flight", f"{unit}s/s", "p50 ms", "p99 ms", "CPU µs", "peak MB", "others", "load"):
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


def ratios(unit: str, rounds: Sequence[Round], pairs: Sequence[str], concurrencies: Sequence[int]) -> Table:
    """Lists how contestants compare."""
    table = plain_table("Ratios: median of the rounds \\[least-most]", "in flight")
    for in_flight in concurrencies:
        table.add_column(str(in_flight), justify="right")
    for title, figure in ((f"{unit}s/s", calls), (f"CPU a {unit}", cpu)):
        for pair in pairs:
            one, other = pair.split("/")
            each = [ratio(rounds, one, other, in_flight, figure) for in_flight in concurrencies]
            table.add_row(f"{one} / {other}, {title}", *map(_shown, each), end_section=pair == pairs[-1])
    return table


def plain_table(title: str, first: str) -> Table:
    """Begins a table."""
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold")
    table.add_column(first, no_wrap=True)
    return table


def _verdict(outcome: Outcome) -> str:
    target, verdict = outcome.target, word(reached=outcome.reached)
    wanted = f"{target.contestant} >= {target.ratio:g} x {target.of} in calls/s at {target.in_flight} in flight"
    return f"target {wanted}: {verdict}, {_shown(outcome.ratio)}"


def word(*, reached: bool) -> str:
    """Says whether a target is reached."""
    return "[green]reached[/]" if reached else "[red]not reached[/]"


def _shown(ratio: Ratio) -> str:
    return rf"{ratio.median:.2f} \[{ratio.low:.2f}-{ratio.high:.2f}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{max(share, 0):.0%}"
