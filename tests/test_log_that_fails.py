"""A log that cannot be written, as on a full disk or with a reader that is gone: no call fails for it."""

import asyncio
import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc.aio
import pytest
import structlog
from free_ports import free_port
from gateway_under_test import KEY, SID, place_call_request
from served_process import served_process

from gateway.telemetry import Secrets, configure_logs
from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub


async def test_calls_are_answered_when_nobody_reads_the_log_any_more(provider, tmp_path):
    """The first and the repeat, and the drain ends as ever: what is lost is the log alone."""
    async with served_process(provider.url, tmp_path) as served:
        served.process._transport.get_pipe_transport(2).close()
        request = place_call_request(requestId="reminder-8812")
        answers = [await served.stub.PlaceCall(request, timeout=30) for _ in range(3)]
        served.process.terminate()
        status = await served.exit_status()

    assert ([DISPATCH_ACCEPTED] * 3, 0) == ([answer.call.dispatch for answer in answers], status)
    assert [False, True, True] == [answer.replayed for answer in answers]
    assert 1 == len(provider.posts)


async def test_a_gateway_serves_whose_log_was_never_writable(provider, tmp_path):
    """A full disk keeps no call from being placed."""
    environment = {
        "PATH": os.environ["PATH"],
        "KALEYRA_BASE_URL": provider.url,
        "KALEYRA_SID": SID,
        "KALEYRA_API_KEY": KEY,
        "GATEWAY_LISTEN": f"127.0.0.1:{free_port()}",
        "GATEWAY_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
    }
    full = os.open("/dev/full", os.O_WRONLY)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "serve", env=environment, stderr=full
    )
    os.close(full)
    try:
        async with grpc.aio.insecure_channel(environment["GATEWAY_LISTEN"]) as channel:
            stub = OutboundCallServiceStub(channel)
            answer = await stub.PlaceCall(place_call_request(), timeout=60, wait_for_ready=True)
        process.terminate()
        status = await asyncio.wait_for(process.wait(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert (DISPATCH_ACCEPTED, 0) == (answer.call.dispatch, status)


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[Path]:
    """A pipe with a name, to which a log is written."""
    os.mkfifo(path := tmp_path / "log")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with path.open("w") as stream:
        configure_logs(Secrets(), form="json", level="INFO", stream=stream)
        os.close(reader)
        yield path


class Flickering(io.StringIO):
    """A disk that has room for some lines and not for others."""

    def __init__(self, *room: bool) -> None:
        super().__init__()
        self._room = list(room)

    def write(self, text: str) -> int:
        if not self._room.pop(0):
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_the_count_goes_on_where_it_cannot_be_told(level):
    """Three lines are lost, the next is written, and what would tell of them is not."""
    disk = Flickering(False, False, False, True, False, True, True)
    configure_logs(Secrets(), form="json", level=level, stream=disk)
    for number in range(5):
        structlog.get_logger().error(f"line {number}")
    written = [json.loads(line) for line in disk.getvalue().splitlines()]

    assert ["line 3", "line 4", "lines of this log were lost"] == [line["event"] for line in written]
    assert 4 == written[-1]["lines"]


def test_a_log_that_can_be_written_again_says_how_much_is_missing(fifo):
    """So that nobody takes the gap for silence."""
    log = structlog.get_logger()
    for _ in range(3):
        log.info("lost")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    log.info("first")
    log.info("second")
    written = [json.loads(line) for line in os.read(reader, 1 << 16).splitlines()]
    os.close(reader)

    assert ["first", "lines of this log were lost", "second"] == [line["event"] for line in written]
    assert (3, "error") == (written[1]["lines"], written[1]["level"])
