"""A terminal with a gateway and the sandbox behind it, and what a command says and how it exits there."""

import asyncio
import json
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gateway_under_test import GatewayUnderTest
from typer.testing import CliRunner
from waiting import until

from gateway.cli import app
from gateway.sandbox import Sandbox


@dataclass
class Outcome:
    status: int
    output: str
    errors: str

    @property
    def json(self):
        return json.loads(self.output)


@dataclass
class Live:
    """A command that runs on, and what it has printed so far."""

    process: asyncio.subprocess.Process
    reading: asyncio.Task[None]
    printed: list[str]

    @classmethod
    async def started(cls, *arguments: str, folder: Path) -> "Live":
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "gateway", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
        )
        printed: list[str] = []

        async def read(stdout: asyncio.StreamReader) -> None:
            async for line in stdout:
                printed.append(line.decode())  # noqa: PERF401 - it is read meanwhile

        assert process.stdout is not None
        return cls(process, asyncio.create_task(read(process.stdout)), printed)

    async def shows(self, words: str, times: int = 1) -> None:
        """Waits for it."""
        await until(lambda: times <= "".join(self.printed).count(words), within=60)

    async def interrupted(self) -> Outcome:
        """Presses Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return await self.end()

    async def end(self) -> Outcome:
        """Waits for its end."""
        assert self.process.stderr is not None
        errors = await self.process.stderr.read()
        await self.reading
        return Outcome(await self.process.wait(), "".join(self.printed), errors.decode())


@dataclass
class Terminal:
    """A terminal with a gateway and the sandbox behind it."""

    gateway: GatewayUnderTest
    sandbox: Sandbox
    folder: Path

    @property
    def server(self) -> str:
        return self.gateway.address

    async def call(self, *arguments: str, typed: str = "") -> Outcome:
        """Runs the command in this process, which spares its start."""
        return await self.run(["call", *arguments, "--server", self.server], typed)

    async def run(self, arguments: list[str], typed: str = "") -> Outcome:
        """Runs any command in this process."""
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, input=typed)
        return Outcome(result.exit_code, result.stdout, result.stderr)

    async def watch(self, *arguments: str) -> Outcome:
        """Follows calls that have an end, in this process."""
        return await self.run(["watch", *arguments, "--server", self.server])

    async def process(self, *arguments: str) -> Outcome:
        """Runs the command as a process of its own."""
        return await (await self.live("call", *arguments)).end()

    async def live(self, *arguments: str) -> "Live":
        """Starts a command as a process of its own, and leaves it running."""
        return await Live.started(*arguments, "--server", self.server, folder=self.folder)

    def offered(self, outcome: Outcome, what: str = "Go on from here: ") -> list[str]:
        """The command that goes on watching, without the program's own name."""
        [line] = [line for line in (outcome.output + outcome.errors).splitlines() if what in line]
        return shlex.split(line.partition(what)[2])[1:]

    async def is_watched(self) -> None:
        """Waits until somebody follows what happens at the gateway."""
        await until(lambda: bool(self.gateway.gateway._feed._counts), within=60)

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the one form that arrived."""
        [record] = self.sandbox.records
        return dict(record.fields)
