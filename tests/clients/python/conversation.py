"""Runs a case of `tests/cases` through the client package, and lists what is not as it says."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio
import httpx2
from comparison import unlike
from google.protobuf.json_format import MessageToDict, ParseDict
from told_events import watched

from voicegateway.v1 import outbound_call_service_pb2 as messages
from voicegateway.v1.error_reason_pb2 import ErrorReason, RetryAdvice
from voicegateway.v1.outbound_call_pb2 import Dispatch
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub
from voicegateway_client import CallError, error_from

WORD = re.compile(r"\$(ID2|ID|CALL_ID|FIRST_SEQUENCE|LAST_SEQUENCE|REPORTS|(?P<time>NOW|TIME)(?P<seconds>[+-]\d+))")
CASE, STEP, SANDBOX = (
    {"about", "steps", "sandbox"},
    {"rpc", "request", "deadline", "expect"},
    {"requests", "rings", "form"},
)
EXPECT = {"code", "reason", "dispatch", "retry", "violations", "metadata", "retry_delay"}
ANSWERS = {"PlaceCall": {"reply"}, "GetCall": {"reply"}, "ListCalls": {"reply"}, "WatchCalls": {"events", "recipients"}}
"""What else is expected of each RPC."""


class UnknownKeyError(Exception):
    """A case says what this runner does not understand."""


@dataclass
class Words:
    """What the words of one run of a case stand for."""

    began: float = field(default_factory=lambda: float(int(time.time())))
    told: dict[str, str] = field(
        default_factory=lambda: {"ID": f"id-{uuid4().hex[:20]}", "ID2": f"id-{uuid4().hex[:20]}"}
    )

    def spoken(self, value: Any) -> Any:
        """The value with words put in place; `$ANY` stays."""
        if isinstance(value, Mapping):
            return {name: self.spoken(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.spoken(each) for each in value]
        return WORD.sub(self._word, value) if isinstance(value, str) else value

    def _word(self, word: re.Match[str]) -> str:
        if not word["time"]:
            return self.told.get(word[1], word[0])
        moment = datetime.fromtimestamp(self.began + int(word["seconds"]), UTC).isoformat()
        return moment.replace("+00:00", "Z") if word["time"] == "NOW" else moment


@dataclass
class Conversation:
    """One run of a case; `reports` is where the gateway's receiver listens, if it has one."""

    case: Mapping[str, Any]
    channel: grpc.aio.Channel
    sandbox: httpx2.AsyncClient
    reports: str = ""
    words: Words = field(default_factory=Words)

    async def differences(self) -> list[str]:
        """Speaks every step, and tells what was answered otherwise than the case says."""
        known("the case", self.case, CASE)
        self.words.told["REPORTS"] = self.reports
        (await self.sandbox.delete("/requests")).raise_for_status()
        found: list[str] = []
        for index, step in enumerate(self.case["steps"]):
            found += [f"step {index + 1}: {text}" for text in await self._step(step)]
        return found + [f"sandbox: {text}" for text in await self._at_the_sandbox()]

    async def _step(self, step: Mapping[str, Any]) -> list[str]:
        known("a step", step, STEP)
        rpc = step.get("rpc", "PlaceCall")
        known("an expectation", step["expect"], EXPECT | ANSWERS[rpc])
        request = ParseDict(self.words.spoken(step["request"]), getattr(messages, f"{rpc}Request")())
        answered = self._watch if rpc == "WatchCalls" else self._call
        return await answered(request, step.get("deadline", 30), step["expect"])

    async def _call(self, request: Any, deadline: float, expect: Mapping[str, Any]) -> list[str]:
        rpc = request.DESCRIPTOR.name.removesuffix("Request")
        try:
            reply = await getattr(OutboundCallServiceStub(self.channel), rpc)(request, timeout=deadline)
        except grpc.RpcError as failure:
            error = error_from(failure)
            self.words.told.setdefault("CALL_ID", error.call_id)
            return list(unlike(self.words.spoken(of_an_error(expect)), as_expected(error), "the error"))
        shown = MessageToDict(reply, preserving_proto_field_name=True)
        if rpc == "PlaceCall":
            self.words.told.setdefault("CALL_ID", reply.call.call_id)
        return list(unlike(self.words.spoken(expect), {"code": "OK", "reply": shown}, "the answer"))

    async def _watch(
        self, request: messages.WatchCallsRequest, deadline: float, expect: Mapping[str, Any]
    ) -> list[str]:
        told = await watched(self.channel, request, deadline)
        for word, sequence in zip(
            ("FIRST_SEQUENCE", "LAST_SEQUENCE"), told.sequences[:1] + told.sequences[-1:], strict=False
        ):
            self.words.told.setdefault(word, sequence)
        expect = self.words.spoken(expect)
        found = list(told.differences(expect))
        if told.error is None:
            return found + list(unlike(expect["code"], "OK", "the code"))
        error = {name: each for name, each in expect.items() if name not in ANSWERS["WatchCalls"]}
        return found + list(unlike(of_an_error(error), as_expected(told.error), "the error"))

    async def _at_the_sandbox(self) -> list[str]:
        expected = self.words.spoken(self.case["sandbox"])
        known("the sandbox", expected, SANDBOX)
        counted = (await self.sandbox.get("/rings")).json()
        found = [] if counted["rings"] == expected["rings"] else [f"rang {counted['rings']}"]
        found += [] if counted["requests"] == expected["requests"] else [f"got {counted['requests']} requests"]
        if "form" in expected:
            forms = [record["fields"] for record in (await self.sandbox.get("/requests")).json()]
            found += unlike_form(expected["form"], forms[-1] if forms else {})
        return found


def unlike_form(expected: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    """Tells where the fields are not as expected, all of them."""
    others = [f"the form has {name}" for name in sent.keys() - expected.keys()]
    return others + list(unlike(expected, sent, "the form"))


def known(what: str, given: Mapping[str, Any], keys: set[str]) -> None:
    """Refuses keys that nobody would look at."""
    if given.keys() - keys:
        raise UnknownKeyError(f"{what} has {sorted(given.keys() - keys)}")


def of_an_error(expect: Mapping[str, Any]) -> dict[str, Any]:
    """An expectation of an error with what is absent put in words."""
    absent = {
        "reason": "ERROR_REASON_UNSPECIFIED",
        "dispatch": "DISPATCH_UNSPECIFIED",
        "retry": "RETRY_ADVICE_UNSPECIFIED",
    }
    return absent | dict(expect) | {"violations": sorted(expect.get("violations", []))}


def as_expected(error: CallError) -> dict[str, Any]:
    """An error in the form of an expectation."""
    shown = {
        "code": error.code.name,
        "reason": ErrorReason.Name(error.reason),
        "dispatch": Dispatch.Name(error.dispatch),
        "retry": RetryAdvice.Name(error.advice),
        "violations": sorted([each.field, each.reason] for each in error.violations),
        "metadata": dict(error.metadata),
    }
    return shown if error.retry_delay is None else shown | {"retry_delay": error.retry_delay.total_seconds()}
