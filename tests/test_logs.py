"""The log: one line a call, for machines and for people; and nothing in it, or anywhere else, that is not for them."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import faults
import pytest
import structlog
from gateway_under_test import SID, TO_A_FLOW, place_call_request, refusal_of, running_gateway
from planted_secrets import CALL, KEYS, NEW_KEY, NUMBERS, ODD_KEY, OLD_KEY, TEXTS, found_in, reprs_below
from raw_provider import ACCEPTED, Connection, http

from gateway.calls import attempt
from gateway.redaction import REDACTED
from gateway.telemetry import Secrets, configure_logs, log_unhandled

LIBRARIES = ("httpcore2", "httpx2", "grpc", "asyncio", "uvicorn", "hpack", "protovalidate", "a.library.nobody.knows")


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def stream(secrets: Secrets) -> Iterator[io.StringIO]:
    """Where a gateway logs to, at DEBUG and as JSON, with every library told to log all it can."""
    written = io.StringIO()
    configure_logs(secrets, form="json", level="DEBUG", stream=written)
    names = [name for name in (*LIBRARIES, *logging.root.manager.loggerDict) if not name.startswith("grpc._cython")]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield written
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def lines(stream: io.StringIO, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"] == event]


# One line a call


async def test_an_accepted_call_is_one_line(gateway, stream):
    """Ids, account, outcome, dispatch, the provider's code, and both durations."""
    answer = await gateway.place_call(requestId="reminder-8812")
    [line] = lines(stream, "call")

    assert 0 < line.pop("provider_ms") <= line.pop("duration_ms")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert {
        "event": "call",
        "level": "info",
        "method": "PlaceCall",
        "outcome": "OK",
        "request_id": "reminder-8812",
        "account": "default",
        "call_id": answer.call.call_id,
        "dispatch": "DISPATCH_ACCEPTED",
        "provider_code": "RBC3007",
    } == line


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        pytest.param(
            {"code": "RBC3119", "message": "Bridge number not found", "data": [], "error": {}},
            {"outcome": "ERROR_REASON_BRIDGE_NOT_FOUND", "dispatch": "DISPATCH_REJECTED", "provider_code": "RBC3119"},
            id="refused by the provider",
        ),
        pytest.param(
            {"code": "RBC9999", "message": "?"},
            {
                "outcome": "ERROR_REASON_OUTCOME_UNKNOWN",
                "dispatch": "DISPATCH_OUTCOME_UNKNOWN",
                "provider_code": "RBC9999",
            },
            id="of unknown outcome",
        ),
    ],
)
async def test_a_call_that_failed_is_one_line(gateway, provider, stream, reply, facts):
    """The reason and what happened to the phones, with the provider's code and the HTTP status."""
    provider.reply(reply)
    error = await gateway.place_call_error()
    [line] = lines(stream, "call")

    assert facts | {"http_status": "200", "account": "default"} == {
        name: line[name] for name in (*facts, "http_status", "account")
    }
    assert error.info.metadata["call_id"] == line["call_id"]
    assert line["provider_ms"] <= line["duration_ms"]


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        pytest.param(
            {"call": TO_A_FLOW | {"retryCount": 101}},
            {"outcome": "ERROR_REASON_INVALID_REQUEST", "violations": ["call.retry_count: INT32_GTE_LTE"]},
            id="broken rules",
        ),
        pytest.param({"dialBefore": "2020-01-01T00:00:00Z"}, {"outcome": "ERROR_REASON_EXPIRED"}, id="too late"),
        pytest.param({"validateOnly": True}, {"outcome": "OK", "validate_only": True}, id="a dry run"),
    ],
)
async def test_a_call_that_was_not_sent_is_one_line(gateway, stream, fields, facts):
    """What was refused before it became a call has no call id, and says why."""
    await asyncio.gather(gateway.stub.PlaceCall(place_call_request(**fields), timeout=30), return_exceptions=True)
    [line] = lines(stream, "call")

    assert facts | {"account": "default"} == {name: line[name] for name in (*facts, "account")}
    assert "call_id" not in line


@pytest.mark.parametrize(
    ("status", "reason", "level"),
    [
        pytest.param(401, "PROVIDER_CREDENTIALS_REJECTED", "error", id="the gateway's key is wrong"),
        pytest.param(404, "PROVIDER_MISCONFIGURED", "error", id="the base URL is wrong"),
        pytest.param(500, "OUTCOME_UNKNOWN", "warning", id="a person must look it up"),
        pytest.param(400, "PROVIDER_REFUSED", "info", id="the caller's request was refused"),
    ],
)
async def test_what_an_operator_must_act_on_stands_out(gateway, provider, stream, status, reason, level):
    """Operators are alerted by the level: what only they can mend is an error, what nobody knows a warning."""
    provider.reply({}, status)
    await gateway.place_call_error()
    [line] = lines(stream, "call")

    assert (f"ERROR_REASON_{reason}", level) == (line["outcome"], line["level"])


async def test_a_log_for_people_is_one_line_a_call_too(gateway, secrets):
    """At a terminal the same facts are written as words."""
    stream = io.StringIO()
    configure_logs(secrets, form="console", level="INFO", stream=stream)
    await gateway.place_call()
    [line] = stream.getvalue().splitlines()

    assert [] == [fact for fact in ("outcome=OK", "account=default", "provider_code=RBC3007") if fact not in line]
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("form", "terminal", "as_json"),
    [
        pytest.param("auto", False, True, id="into a pipe: JSON"),
        pytest.param("auto", True, False, id="at a terminal: words"),
        pytest.param("json", True, True, id="JSON by setting"),
        pytest.param("console", False, False, id="words by setting"),
    ],
)
def test_the_form_is_the_settings_or_the_streams(secrets, form, terminal, as_json):
    """`log.format` decides; `auto` looks at where the log goes."""
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    configure_logs(secrets, form=form, level="INFO", stream=stream)
    structlog.get_logger().info("event", fact=1)

    assert as_json == stream.getvalue().startswith("{")


@pytest.mark.parametrize(("level", "seen"), [("DEBUG", 3), ("INFO", 2), ("ERROR", 1)])
def test_the_level_is_the_settings(secrets, level, seen):
    """`log.level` leaves out what is less important."""
    stream = io.StringIO()
    configure_logs(secrets, form="json", level=level, stream=stream)
    log = structlog.get_logger()
    for write in (log.debug, log.info, log.error):
        write("event")

    assert seen == len(stream.getvalue().splitlines())


# What libraries say


def test_libraries_are_heard_from_warnings_on(stream):
    """Whatever their level is set to, they add no line below WARNING: those would hold URLs, headers and bodies."""
    for name in LIBRARIES:
        logging.getLogger(name).debug("request %s", OLD_KEY)
        logging.getLogger(name).info("request %s", OLD_KEY)

    assert "" == stream.getvalue()


def test_a_librarys_line_is_told_without_its_values(stream):
    """What was formatted into it is left out, digits that stand in it are masked, and so is an exception's text."""
    try:
        raise ValueError(f"{OLD_KEY} {NUMBERS[0]}")
    except ValueError:
        logging.getLogger("a.library").exception("cannot send %s to 3236550107", OLD_KEY)
    [line] = lines(stream, "cannot send %s to **********")

    assert ("error", "a.library") == (line["level"], line["logger"])
    assert line["exception"].startswith("ValueError\n")
    assert [] == found_in(stream.getvalue(), OLD_KEY, *NUMBERS)


async def test_what_asyncio_finds_unhandled_is_told_without_its_values(stream):
    """An exception that nobody awaited is logged by type and place; asyncio itself would print its text."""
    loop = asyncio.get_running_loop()
    log_unhandled(loop, {"message": f"Exception in callback {OLD_KEY}", "exception": KeyError(NUMBERS[0])})
    log_unhandled(loop, {"message": "Task was destroyed but it is pending!"})
    with_exception, without = lines(stream, "unhandled")

    assert "KeyError" == with_exception["exception"]
    assert "Task was destroyed but it is pending!" == without["problem"]
    assert [] == found_in(stream.getvalue(), OLD_KEY, *NUMBERS)


# Secrets


def test_a_secret_inside_of_another_is_hidden_with_it(secrets):
    """No rest of the longer one is left, in whatever order they became known."""
    for secret in ("Zq7", "Zq7-long", "a-Zq7-longer"):
        secrets.add(secret)

    assert REDACTED * 3 == secrets.hidden("Zq7-longa-Zq7-longerZq7")


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_reaches_the_log_is_hidden(secrets, form, key):
    """Even a mistake of ours shows no key, in any form that a renderer gives it."""
    stream = io.StringIO()
    secrets.add(key)
    configure_logs(secrets, form=form, level="INFO", stream=stream)
    structlog.get_logger().info(f"with {key}", text=key, listed=[key], nested={"key": {key}}, shown=repr(key))

    assert [] == found_in(stream.getvalue(), key)
    assert REDACTED in stream.getvalue()
    assert key not in repr(secrets)


def test_a_message_that_reaches_the_log_is_redacted(stream):
    """A request in an event shows its shape and nothing personal."""
    structlog.get_logger().info("event", request=place_call_request(CALL))
    [line] = lines(stream, "event")

    assert REDACTED == line["request"]["call"]["recipients"][0]["number"]
    assert [] == found_in(stream.getvalue(), *NUMBERS, *TEXTS)


# A whole run


def echoing(status: int, document: Any, headers: str = "") -> Any:
    """A provider that repeats the key and the form in its reply."""

    async def behavior(connection: Connection) -> None:
        while True:
            post = await connection.receive()
            echo = f"{post.headers['api-key']} {post.body.decode()} {' '.join(NUMBERS)}"
            body = json.dumps(document).replace("ECHO", json.dumps(echo)[1:-1])
            body = body.replace("KEY", json.dumps(post.headers["api-key"])[1:-1])
            await connection.send(http(body.encode(), status, headers.replace("KEY", post.headers["api-key"])))

    return behavior


async def breaking_the_protocol(connection: Connection) -> None:
    """Answers with what no parser reads: its error would show the line."""
    post = await connection.receive()
    await connection.send(f"{post.headers['api-key']} 3236550107 {post.body.decode()}\r\n\r\n".encode())


MISBEHAVIORS = [
    echoing(200, ACCEPTED | {"message": "ECHO"}),
    echoing(200, {"code": "ECHO", "message": "ECHO", "data": ["ECHO"], "error": {"ECHO": "ECHO"}}),
    echoing(200, {"code": "RBC3004", "message": "ECHO", "data": [], "error": {"to": "ECHO", "ECHO": ["ECHO"]}}),
    echoing(200, {"code": "RBC3109", "message": "ECHO", "data": {"to": "3236550107"}, "error": "ECHO"}),
    echoing(200, {"code": "RBC3119", "message": "ECHO", "data": "ECHO", "error": {}}),
    echoing(200, {"code": "RBC9999", "message": "ECHO"}),
    echoing(200, {"code": "KEY", "message": "KEY"}),
    echoing(429, "ECHO", "retry-after: KEY\r\n"),
    echoing(302, "ECHO", "location: http://127.0.0.1/?key=KEY\r\n"),
    echoing(500, "ECHO", "content-encoding: KEY\r\n"),
    breaking_the_protocol,
    faults.resets_after_reading,
    faults.closes_before_reading,
    faults.never_answers,
]


_RUNS = count()


async def place_all(gateway: Any, provider: Any, account: str) -> list[Any]:
    """Places a call for each of them; the first is accepted, the others' errors are collected."""
    errors = []
    for number, behavior in enumerate(MISBEHAVIORS):
        provider.behave(behavior)
        request = place_call_request(CALL, account=account, requestId=f"run-{next(_RUNS):06}")
        if number:
            errors.append(await refusal_of(gateway.stub.PlaceCall(request, timeout=30)))
        else:
            answer = await gateway.stub.PlaceCall(request, timeout=30)
            assert [] == found_in(str(answer.call.provider_reply), *KEYS, *NUMBERS)
    return errors


async def test_a_whole_run_shows_nothing(provider, secrets, stream, tmp_path, monkeypatch, capfd, database):
    """Keys, numbers, texts and tokens that were planted everywhere appear in no line, error, trailer or repr."""
    key_file = tmp_path / "key"
    key_file.write_text(OLD_KEY)
    other = {"base_url": provider.url, "sid": SID, "api_key": ODD_KEY, "bridge": "+13236550199", "only_numbers": ["+*"]}
    guarded = other | {"only_numbers": ["+12079460000"]}
    settings = {
        "provider": {"reply_timeout": 3.0, "keepalive_expiry": 0},
        "account": {"api_key": None, "api_key_file": key_file},
        "accounts": {"odd": other, "guarded": guarded},
        "ledger": {"url": database.replace("postgres@", "postgres:Zq7-url-token@")},
    }
    errors, reprs = [], []
    async with running_gateway(provider.url, settings, secrets) as gateway:
        errors += await place_all(gateway, provider, "default")
        key_file.write_text(NEW_KEY)
        errors += await place_all(gateway, provider, "odd")
        errors += await place_all(gateway, provider, "default")
        key_file.write_text(f"{NEW_KEY} {OLD_KEY}")
        errors.append(await gateway.place_call_error(CALL, account="guarded"))
        errors.append(await gateway.place_call_error(CALL | {"prefix": "Zq7-text", "delay": "2079460000s"}))
        errors.append(await gateway.place_call_error(CALL, requestId="+13236550107 Zq7-text", account="3236550107 x"))
        errors.append(await gateway.place_call_error(CALL, dialBefore="2020-01-01T00:00:00Z"))
        await gateway.place_call(CALL, validateOnly=True)
        provider.behave(faults.answers_when_released)
        running = asyncio.ensure_future(gateway.place_call(CALL))
        await provider.arrivals(len(provider.posts) + 1)
        reprs += [*reprs_below(gateway.gateway), repr(running)]
        provider.release.set()
        await running
        monkeypatch.setattr(attempt, "read_verdict", failing_with_secrets)
        errors.append(await gateway.place_call_error(CALL))
        reprs += reprs_below(gateway.gateway)
    written = stream.getvalue()
    told = "\n".join(f"{error.status} {error.message} {error.trailers} {readable(error)}" for error in errors)
    printed = "\n".join(capfd.readouterr())

    assert len(errors) > 30
    assert len(reprs) > 20
    assert [] == found_in(written, *KEYS, *NUMBERS, *TEXTS)
    assert [] == found_in(told, *KEYS, *NUMBERS)
    assert [] == found_in("\n".join(reprs), *KEYS, *NUMBERS, *TEXTS)
    assert [] == found_in(printed, *KEYS, *NUMBERS, *TEXTS)


def failing_with_secrets(*_arguments: Any) -> None:
    """A bug of ours, with everything in its text."""
    raise ValueError(" ".join((*KEYS, *NUMBERS, *TEXTS)))


def readable(error: Any) -> str:
    """The bytes of an error's trailers, as far as they are text."""
    return " ".join(value.decode("latin-1") for value in error.trailers.values() if isinstance(value, bytes))
