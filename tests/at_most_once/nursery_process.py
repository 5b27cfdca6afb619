"""A process that has everything imported, and forks a gateway for each line that it reads: each is there at once.

A line is a plan as JSON. What becomes of a gateway is told as lines of JSON, too: its address, that it has stopped, how
it ended. Between this process and each gateway stands one that waits for it.
"""

import asyncio
import json
import os
import signal
import sys
import time
from typing import Any

import structlog
import uvloop
from gateway_under_test import settings_for
from watched_store import Act, watched

from gateway import serve
from gateway.app import Gateway
from gateway.settings import Settings
from gateway.telemetry import Secrets

BREATH = 0.1
"""Seconds after each signal, in which the event loop hears of it."""

CUT_OFF = 30.0
"""Seconds after a second signal, which cuts them short."""


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        plan = json.loads(line)
        if os.fork() == 0:
            watch(plan)
            os._exit(0)
    os.killpg(0, signal.SIGKILL)


def watch(plan: dict[str, Any]) -> None:
    """Forks a gateway, and tells what becomes of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        live(plan)
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            tell(plan, stopped=True)
        else:
            tell(plan, status=os.waitstatus_to_exitcode(status))
            return


def live(plan: dict[str, Any]) -> None:
    """Serves as `kaleyra-gateway serve` does, with a watched store."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())

    class WatchedGateway(Gateway):
        def __init__(self, settings: Settings, secrets: Secrets) -> None:
            super().__init__(settings, secrets, store=watched(plan["settings"]["ledger"], acts_of(plan)))

        async def start(self) -> str:
            address = await super().start()
            tell(plan, address=address, pid=os.getpid())
            return address

    serve.Gateway = WatchedGateway  # type: ignore[misc] # the composition root takes a store, the command does not
    try:
        status = uvloop.run(serve.serve(settings_for(plan["provider"], plan["settings"]), Secrets()))
    except BaseException:  # noqa: BLE001 - nothing goes back into the process that was forked from
        sys.excepthook(*sys.exc_info())
        os._exit(70)
    os._exit(status)


def acts_of(plan: dict[str, Any]) -> dict[str, Act]:
    """Sends this very process signals at a step, once."""
    step, left = plan["step"], [plan["signals"]]

    async def act() -> None:
        for number, name in enumerate(left.pop() if left else []):
            send(name)
            await asyncio.sleep(CUT_OFF if number else BREATH)

    def act_inside() -> None:
        for name in left.pop() if left else []:
            send(name)

    return {step: act_inside if step.startswith("inside") else act} if step else {}


def send(name: str) -> None:
    os.kill(os.getpid(), signal.Signals[name])
    if name == "SIGSTOP":
        time.sleep(BREATH)  # another thread may have been given it: this one goes no further meanwhile


def tell(plan: dict[str, Any], **news: Any) -> None:
    os.write(1, json.dumps({"number": plan["number"]} | news).encode() + b"\n")


main()
