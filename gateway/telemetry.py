"""Logs: structured lines on standard error, as JSON for machines or coloured for people at a terminal.

Whatever logs, here or in a library, passes one chain: messages are rendered redacted, exceptions as types and places
without their texts, libraries' lines without what was formatted into them; and in the finished line every secret that
the gateway was told of is hidden.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, Final, Literal, TextIO
from urllib.parse import quote

import structlog
from google.protobuf.message import Message
from stamina.instrumentation import set_on_retry_hooks

from gateway.log_lines import LogLines
from gateway.redaction import hide, mask_digits, redacted

LogFormat = Literal["auto", "json", "console"]

_CAUSES_SHOWN: Final = 10

_CLIENT_GONE: Final = "ExecuteBatchError"
"""What grpc logs, with its stack, when it cannot write to a client that has gone; our own line tells of that."""

log = structlog.stdlib.get_logger(__name__)


class Secrets:
    """The secrets that no line may hold: API keys, as they are read. A key that was replaced stays hidden."""

    def __init__(self) -> None:
        self._forms: list[str] = []

    def __repr__(self) -> str:
        return f"Secrets({len(self._forms)} forms)"

    def add(self, secret: str) -> None:
        """Hides a secret from now on, also as JSON, Python and URLs write it."""
        forms = {*self._forms, secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")}
        # The longest first, so that one which contains another is hidden whole.
        self._forms = sorted(forms, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """Hides all secrets in a text."""
        return hide(self._forms, text)


def configure_logs(secrets: Secrets, *, form: LogFormat, level: str, stream: TextIO = sys.stderr) -> None:
    """Sends all logs to a stream, one line an event: ours from `level` on, the libraries' from WARNING on."""
    lines = LogLines(stream)
    as_json = form == "json" or (form == "auto" and not stream.isatty())
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            renderer,
            lambda _logger, _method, line: secrets.hidden(str(line)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    set_on_retry_hooks(())  # each try again of a write that must not be lost would be a line
    root = logging.getLogger()
    root.handlers = [_FromLibraries(level=logging.WARNING)]
    root.setLevel(logging.WARNING)


def log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Logs what asyncio found unhandled; asyncio's own text would show the exception's."""
    failure = context.get("exception")
    problem = {} if failure else {"problem": context.get("message")}
    log.error("unhandled", exc_info=failure, **problem)


class _FromLibraries(logging.Handler):
    """Passes on what a library logs, without the values that it formats in: they are not ours to know."""

    def emit(self, record: logging.LogRecord) -> None:
        failure = _exception(record.exc_info)
        if type(failure).__name__ == _CLIENT_GONE and record.name.startswith("grpc."):
            return
        write = log.error if record.levelno >= logging.ERROR else log.warning
        write(mask_digits(str(record.msg)), logger=record.name, exc_info=record.exc_info)


def _without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, Message):
            event[name] = redacted(value)
    exception = _exception(event.pop("exc_info", None))
    if exception is not None:
        event["exception"] = stack_of(exception)
    return event


def _exception(exc_info: Any) -> BaseException | None:
    """Finds the exception in any form that `logging` and structlog allow."""
    found = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(found, BaseException):
        return found
    return sys.exc_info()[1] if found else None


def stack_of(exception: BaseException) -> str:
    """Renders an exception and its causes as types and places.

    Their texts are left out: they may hold what a request or a reply held. An error of the operating system tells its
    number in words.
    """
    return "\n".join(line for each in _with_causes(exception) for line in _lines(each))


def _with_causes(exception: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = exception
    for _ in range(_CAUSES_SHOWN):
        if seen is None:
            return
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            yield from seen.exceptions[:_CAUSES_SHOWN]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _lines(exception: BaseException) -> Iterator[str]:
    number = exception.errno if isinstance(exception, OSError) else None
    yield type(exception).__qualname__ + (f": {os.strerror(number)}" if number else "")
    for frame in traceback.extract_tb(exception.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
