"""Logs: structured lines on standard error, as JSON for machines or coloured for people at a terminal.

Whatever logs, here or in a library, passes one chain that renders messages redacted, exceptions without values, and
hides every secret it was told of, last of all, in the finished line.
"""

import logging
import sys
import traceback
from collections.abc import Collection, MutableMapping
from typing import Any, Final, Literal, TextIO

import structlog
from google.protobuf.message import Message

from gateway.redaction import hide, mask_digits, redacted

LogFormat = Literal["auto", "json", "console"]
Logger = structlog.stdlib.BoundLogger

_CHATTY: Final = ("httpx2", "httpcore2", "asyncio", "grpc", "uvicorn", "hpack")
"""Libraries that would log URLs, headers (with the key) or bodies at INFO or DEBUG."""

_EXCEPTION_TEXT_LIMIT: Final = 200


class Secrets:
    """The secrets that no line may hold: API keys, as they are read. A key that was replaced stays hidden."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)} known)"

    def add(self, secret: str) -> None:
        """Hides a secret from now on."""
        self._known.add(secret)

    def known(self) -> Collection[str]:
        """All secrets, the longest first, so that one which contains another is hidden whole."""
        return sorted(self._known, key=len, reverse=True)


def configure_logs(secrets: Secrets, *, form: LogFormat, level: str, stream: TextIO = sys.stderr) -> None:
    """Sends all logs, the libraries' included, as one line an event to a stream."""
    json = form == "json" or (form == "auto" and not stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_values,
    ]
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[1:], _masked_foreign_text],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                render,
                lambda _logger, _method, line: hide(secrets.known(), str(line)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Renders messages redacted, and an exception as its stack without the values in its text."""
    for name, value in event.items():
        if isinstance(value, Message):
            event[name] = redacted(value)
    failure = event.pop("exc_info", None)
    if failure is not None:
        exception = failure if isinstance(failure, BaseException) else (failure if failure is True else failure[1])
        exception = sys.exc_info()[1] if exception is True else exception
        if exception is not None:
            event["exception"] = stack_of(exception)
    return event


def _masked_foreign_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Masks digits in a library's text: what it formats in is not ours to know."""
    event["event"] = mask_digits(str(event.get("event", "")))
    return event


def stack_of(exception: BaseException) -> str:
    """Renders an exception with its causes: frames, types, and texts with digits masked and cut to 200 characters."""
    lines: list[str] = []
    seen: BaseException | None = exception
    while seen is not None:
        lines += [f"{type(seen).__qualname__}: {mask_digits(str(seen))[:_EXCEPTION_TEXT_LIMIT]}"]
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)
