"""What the examples do about each error is the same in every language, and what the contract advises."""

import base64
import itertools
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
import statuses_of_the_gateway
from go_programs import needs
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details_pb2
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from next_steps import NEWER, NEXT_BY_ADVICE, NEXT_BY_REASON, OF_THE_GATEWAY
from snippets import ROOT
from test_examples import build, java  # noqa: F401 - a fixture, which is found by its name

from gateway.errors import GatewayError
from gateway.statuses import to_status
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway_client import CallError, Violation

EXAMPLES = ROOT / "examples"
SOURCES = {
    "Python": EXAMPLES / "python" / "what_next.py",
    "Go": EXAMPLES / "go" / "whatnext" / "what_next.go",
    "Java": EXAMPLES / "java" / "src" / "main" / "java" / "com" / "example" / "placecall" / "WhatNext.java",
}
NAMES = [name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()[1:]]
ADVICE = [name.removeprefix("RETRY_ADVICE_") for name in RetryAdvice.keys()]  # noqa: SIM118 - no dict


def usual(name: str) -> Status:
    """The gateway's status for a reason, with a violation."""
    violation = Violation("call.recipients[0].number", "STRING_PATTERN", "a pattern")
    return to_status(GatewayError(ErrorReason.Value(f"ERROR_REASON_{name}"), violations=[violation]))


def told(reason: str, advice: str, *further: Message, domain: str = "voicegateway.v1") -> Status:
    """A status with an ErrorInfo, a violation, and what else."""
    info = details_pb2.ErrorInfo(reason=reason, domain=domain, metadata={"retry": f"RETRY_ADVICE_{advice}"})
    bad_request = details_pb2.BadRequest()
    bad_request.field_violations.add(field="call.recipients[0].number", reason="STRING_PATTERN")
    status = Status(code=StatusCode.FAILED_PRECONDITION.value[0])
    for detail in (info, bad_request, *further):
        status.details.add().Pack(detail)
    return status


def after(seconds: float) -> details_pb2.RetryInfo:
    retry = details_pb2.RetryInfo()
    retry.retry_delay.FromTimedelta(timedelta(seconds=seconds))
    return retry


MADE: Mapping[str, Status] = (
    {f"usual {name}": usual(name) for name in NAMES}
    | {f"{name} {advice}": told(f"ERROR_REASON_{name}", advice) for name in NAMES for advice in ADVICE}
    | {f"newer {advice}": told(NEWER, advice) for advice in NEXT_BY_ADVICE}
    | {f"foreign {code.name}": Status(code=code.value[0]) for code in StatusCode if code is not StatusCode.OK}
    | {
        f"delay {seconds} {name}": told(f"ERROR_REASON_{name}", "REPEAT", after(seconds))
        for name, seconds in itertools.product(["PROVIDER_THROTTLED", "PAUSED", "OF_TOMORROW"], [-5, 0, 0.5, 45, 900])
    }
    | {
        "another's domain": told("ERROR_REASON_FLOW_NOT_FOUND", "LOOK_UP", domain="example.com"),
        "two of it": told("ERROR_REASON_FLOW_NOT_FOUND", "LOOK_UP", details_pb2.ErrorInfo(domain="voicegateway.v1")),
    }
)
"""Errors as they should be, and as they should not."""

Answers = Mapping[str, Mapping[str, str]]


def outcome(line: str) -> str:
    """A line of a program, in the tables' words."""
    words = re.fullmatch(r"([A-Z_]+) wait=(\d+s) request_id=(same|new) fields=(\S*)", line)
    assert words, line
    return " ".join([*words.groups()[:3], words[4] or "-"])


def ask(program: Iterable[str], statuses: Mapping[str, Status]) -> dict[str, str]:
    """Asks a program what to do about each status."""
    lines = "".join(base64.b64encode(status.SerializeToString()).decode() + "\n" for status in statuses.values())
    run = subprocess.run([*program], input=lines, capture_output=True, text=True, check=False)
    assert 0 == run.returncode, run.stderr
    return dict(zip(statuses, map(outcome, run.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    needs("go")
    program = tmp_path_factory.mktemp("go") / "whatnext"
    build(["go", "build", "-o", str(program), "./whatnext"], EXAMPLES / "go")
    return [str(program)]


@pytest.fixture(scope="module")
async def real() -> Mapping[str, Status]:
    """The errors of a gateway, by their reasons."""
    return await statuses_of_the_gateway.statuses()


@pytest.fixture(scope="module")
def python() -> list[str]:
    return [sys.executable, str(SOURCES["Python"])]


@pytest.fixture(scope="module", params=["python", "go", "java"])
def answers(request: pytest.FixtureRequest, real: Mapping[str, Status]) -> Mapping[str, str]:
    """What the program of a language does about each error; it is started once."""
    program = request.getfixturevalue(request.param)
    if request.param == "java":
        program = ["java", "-cp", program[-1], "com.example.placecall.WhatNext"]
    return ask(program, MADE | {f"real {name}": status for name, status in real.items()})


def of(kind: str, answers: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(f"{kind} "): told for name, told in answers.items() if name.startswith(f"{kind} ")}


def test_every_published_reason_has_an_outcome(answers):
    """A new reason is missing in this table, and says so."""
    assert NEXT_BY_REASON == of("usual", answers)
    assert set(NAMES) == set(NEXT_BY_REASON)


@pytest.mark.parametrize("language", SOURCES)
def test_a_program_names_every_reason(language):
    """No reason is left to chance: each stands in one case of the one function."""
    named = re.findall(r"\b(?:ErrorReason_)?ERROR_REASON_(\w+)", SOURCES[language].read_text())

    assert sorted(NAMES) == sorted(set(named) - {"UNSPECIFIED"})
    assert len(set(named)) == len(named)


def test_what_a_gateway_answers_is_known(answers, real):
    """The errors of a real gateway, with all that it tells."""
    assert {name: OF_THE_GATEWAY[name] for name in real} == of("real", answers)
    assert len(real) > 20


def test_the_advice_says_whether_the_id_is_spent(answers):
    """Whatever the reason, NEW_REQUEST_ID takes a new id, nothing else does, and LOOK_UP sends nothing."""
    for name in NAMES:
        for advice in ADVICE:
            action, _, request_id, _ = answers[f"{name} {advice}"].split()

            assert (request_id == "new") == (advice == "NEW_REQUEST_ID")
            assert advice != "LOOK_UP" or action == "ASK_A_PERSON"


def test_a_program_repeats_what_may_be_repeated_and_nothing_else(answers):
    """The same request goes out again exactly where the client package says that it may."""
    for name in NAMES:
        action, *_ = answers[f"usual {name}"].split()
        status = usual(name)

        assert CallError(_code(status), status=status).may_repeat == (action in {"REPEAT", "TELL_OPERATORS"})


def test_a_reason_that_is_newer_than_the_program_is_left_to_its_advice(answers):
    """And an advice that is newer, too, to a person."""
    assert NEXT_BY_ADVICE == of("newer", answers)


def test_a_status_of_somebody_else_is_repeated(answers):
    """The gateway may know more; what never reached it is not sent again."""
    never = {"RESOURCE_EXHAUSTED": "CORRECT 0s same -", "UNIMPLEMENTED": "CORRECT 0s same -"}
    expected = {code.name: "REPEAT 1s same -" for code in StatusCode if code is not StatusCode.OK} | never

    assert expected == of("foreign", answers)
    assert "REPEAT 1s same -" == answers["another's domain"] == answers["two of it"]


@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("PROVIDER_THROTTLED", 1, id="seconds"),
        pytest.param("PAUSED", 300, id="minutes"),
        pytest.param("OF_TOMORROW", 1, id="a newer reason"),
    ],
)
def test_a_program_waits_as_long_as_it_is_asked_to(answers, name, least):
    """RetryInfo counts where it is longer than what the program waits anyway."""
    asked = {seconds: answers[f"delay {seconds} {name}"].split()[1] for seconds in (-5, 0, 0.5, 45, 900)}

    assert {seconds: f"{max(seconds, least)}s" for seconds in asked} == asked


def _code(status: Status) -> StatusCode:
    return next(code for code in StatusCode if code.value[0] == status.code)
