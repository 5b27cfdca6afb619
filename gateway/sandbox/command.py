"""The sandbox as a process of its own: says how to use it, and a line for every request that arrives."""

import asyncio
import signal

from gateway.sandbox.app import DEFAULT_KEY, DEFAULT_SID, Sandbox
from gateway.sandbox.record import Record


async def run(host: str, port: int) -> None:
    """Serves a sandbox until SIGTERM or SIGINT.

    Raises:
        OSError: The address cannot be listened on.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Sandbox(on_record=_tell).serve(host, port) as url:
        _introduce(url)
        await stopped.wait()


def _introduce(url: str) -> None:
    _say(f"Sandbox provider on {url}: it answers as the provider does, and rings no phone.")
    _say(f"  what arrived      curl {url}/requests")
    _say(f"  forget it         curl -X DELETE {url}/requests")
    settings = f"KALEYRA_BASE_URL={url} KALEYRA_SID={DEFAULT_SID} KALEYRA_API_KEY={DEFAULT_KEY}"
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
