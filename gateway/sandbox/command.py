"""The sandbox as a process of its own: says how to use it, and a line for every request that arrives."""

import asyncio
import re
import signal
from collections.abc import Collection, Sequence

from gateway.sandbox.app import DEFAULT_KEY, DEFAULT_SID, Account, Sandbox
from gateway.sandbox.placeholders import Placeholder
from gateway.sandbox.record import Record


async def run(
    host: str,
    port: int,
    accounts: Sequence[Account],
    *,
    latency: tuple[float, float],
    seed: int | None,
    speed: float,
    placeholders: Collection[Placeholder],
    dlr_answered_only: bool,
) -> None:
    """Serves a sandbox until SIGTERM or SIGINT; the settings are those of `Sandbox`.

    Raises:
        OSError: The address cannot be listened on.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    sandbox = Sandbox(
        accounts=accounts,
        on_record=_tell,
        latency=latency,
        seed=seed,
        speed=speed,
        placeholders=placeholders,
        dlr_answered_only=dlr_answered_only,
    )
    async with sandbox.serve(host, port) as url:
        _introduce(url, accounts)
        await stopped.wait()


def accounts_from(texts: Sequence[str]) -> list[Account]:
    """Reads accounts from SID:KEY; two keys of one SID are both good.

    Raises:
        ValueError: A text is no SID and key.
    """
    keys_by_sid: dict[str, set[str]] = {}
    for text in texts:
        sid, _, key = text.partition(":")
        if not sid or not key:
            raise ValueError(f"must be SID:KEY, such as {DEFAULT_SID}:{DEFAULT_KEY}")
        keys_by_sid.setdefault(sid, set()).add(key)
    return [Account(sid, frozenset(keys)) for sid, keys in keys_by_sid.items()]


def latency_from(text: str) -> tuple[float, float]:
    """Reads a time or a range of times in milliseconds, such as 200 or 50-300; returns seconds.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text)
    shortest, longest = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if shortest > longest:
        raise ValueError("must be milliseconds or a range of them, such as 200 or 50-300")
    return shortest / 1000, longest / 1000


def placeholders_from(text: str) -> frozenset[Placeholder]:
    """Reads syntaxes of variables, such as double,bare; `none` is none of them.

    Raises:
        ValueError: One is unknown.
    """
    try:
        return frozenset() if text == "none" else frozenset(map(Placeholder, text.split(",")))
    except ValueError:
        raise ValueError(f"must be some of {','.join(Placeholder)}, or none") from None


def _introduce(url: str, accounts: Sequence[Account]) -> None:
    _say(f"Sandbox provider on {url}: it answers as the provider does, and rings no phone.")
    _say(f"  watch the phones  open {url}/ in a browser")
    _say(f"  what arrived      curl {url}/requests")
    _say(f"  who would ring    curl {url}/rings")
    _say(f"  forget it         curl -X DELETE {url}/requests")
    for account in accounts:
        key = min(account.keys)
        settings = f"KALEYRA_BASE_URL={url} KALEYRA_SID={account.sid} KALEYRA_API_KEY={key}"
        _say(f"  a gateway to it   {settings} kaleyra-gateway serve")


def _tell(record: Record) -> None:
    """Prints a line without numbers or texts: somebody might send real ones."""
    custom = record.fields.get("custom", "-")
    wrapped = "".join(f"  {each.field} {each.given} used as {each.used}" for each in record.wrapped)
    errors = "".join(f"  {name}: {text}" for name, text in record.errors.items())
    rang = f"{len(record.rang)} phones would ring"
    _say(f"{record.arrived:%H:%M:%S}  {record.verdict:<12}  {rang}  custom={custom}{wrapped}{errors}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is a command, and that its output
